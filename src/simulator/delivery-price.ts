/** At which prices the contracts of a pair were delivered: all of them in one answer, the newest first. */

import { toMillis } from '../base/time.ts'
import type { Context, Endpoint } from './context.ts'
import { pairOf } from './futures-info.ts'
import type { Delivery, FuturesOptions } from './options.ts'
import { Refusal } from './query.ts'

const DATED = /_\d{6}$/

/** The endpoint of a market. */
export function deliveryEndpoint(options: FuturesOptions): Endpoint {
  return {
    mandatory: ['pair'],
    optional: [],
    isMarketData: true,
    answer: (context) => {
      const pair = context.parameters.get('pair') ?? ''
      if (!options.symbols.some((own) => pairOf(own) === pair))
        throw new Refusal(-4144, 'Invalid pair.')
      const rows = deliveriesOf(options, pair, context).map(
        // Numbers, with the zeros that they end with.
        ({ time, price }) => `{"deliveryTime":${toMillis(time)},"deliveryPrice":${price}}`,
      )
      return { json: `[${rows.reverse().join(',')}]`, isSettled: false }
    },
  }
}

/** The deliveries up to now, oldest first: given ones, or those of the contracts that have ended. */
export function deliveriesOf(
  { symbols, deliveries }: FuturesOptions,
  pair: string,
  { now, find }: Pick<Context, 'now' | 'find'>,
): readonly Delivery[] {
  const own = symbols.filter(
    ({ symbol, ...one }) => DATED.test(symbol) && pairOf({ symbol, ...one }) === pair,
  )
  const ended = own.flatMap(({ symbol, delistedAt: time }): Delivery[] => {
    if (time === undefined) return []
    const ask = { from: 0, to: Number(time) - 1, now: Number(time), limit: 1, newest: true }
    const [last] = find(symbol)?.history.klines.ask('1m', { ...ask, without: [] }) ?? []
    return last === undefined ? [] : [{ time, price: last.close }]
  })
  return (deliveries?.[pair] ?? ended)
    .filter(({ time }) => Number(time) <= now)
    .sort((a, b) => (a.time < b.time ? -1 : 1))
}
