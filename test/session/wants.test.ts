/** What jobs want by the exchange's clock and its list of symbols: nothing wanted is never told as complete by a slip. */

import { describe, expect, it } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { Exchange, type SymbolOptions } from '../../src/simulator/index.ts'
import { simClock } from '../support/sim-clock.ts'
import { attempt, virtualWorld, type Ended } from '../support/virtual.ts'

const LISTED = { listedAt: parseMicros('2026-01-01') }
const SYMBOLS: readonly SymbolOptions[] = [
  { symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', ...LISTED },
  { symbol: 'ETHUSDT', baseAsset: 'ETH', quoteAsset: 'USDT', status: 'BREAK', ...LISTED },
]

function runOf(range: string, symbols = '[BTCUSDT]', listed = SYMBOLS): Promise<Ended> {
  const clock = simClock({ start: parseMicros('2026-06-15T00:00:30') })
  const world = virtualWorld(new Exchange({ symbols: listed }), { clock })
  const yaml = `{version: 1, source: rest, symbols: ${symbols}, ${range}, datasets: [{kind: klines, intervals: [1h]}]}`
  return attempt(yaml, { world })
}

const DAY = 'from: 2026-06-01, to: 2026-06-02'

describe('a filter', () => {
  it.each(['{quote: USTD}', '{base: BTCUSDT}', '{base: BTC, exclude: [BTCUSDT]}'])(
    '%s that can mean no symbol is mended by its writer',
    async (filter) => {
      const ended = await runOf(DAY, filter)
      expect(ended).toMatchObject({ exit: 2, error: { code: 'E_USAGE' }, summary: undefined })
      expect(String(ended.error)).toContain('none of the 2 symbols')
    },
  )

  it.each([
    ['of which no symbol has the status now', '{quote: USDT, status: HALT}', SYMBOLS],
    ['of an exchange that lists none', '{quote: USDT}', []],
  ])('%s is not complete, and to be run again', async (_, filter, listed) => {
    const ended = await runOf(DAY, filter, listed)
    const summary = { complete: false, exit: 3 }
    expect(ended).toMatchObject({ exit: 3, error: { code: 'E_UNAVAILABLE' }, summary })
  })
})

describe('a range', () => {
  it.each([
    ['begins in the future', 'from: 2026-06-16', /from, 2026-06-16T00:00:00Z, lies in the future/],
    ['lies in the future', 'from: 2027-01-01, to: 2027-02-01', /lies in the future/],
    [
      'ended before it begins',
      'from: 30d, to: 2020-01-01',
      /to, 2020-01-01T00:00:00Z, is not after/,
    ],
  ])('that %s is refused', async (_, range, message) => {
    const ended = await runOf(range)
    expect(ended).toMatchObject({ exit: 2, error: { code: 'E_USAGE' }, summary: undefined })
    expect(String(ended.error)).toMatch(message)
  })

  it.each([
    ['begins today, right after midnight', 'from: 2026-06-15'],
    ['begins when a clock a little ahead says it is now', 'from: 2026-06-15T00:01:00'],
    ['ends some time ago, before the day it begins', 'from: 2026-06-15, to: 1d'],
    ['ended before the listing', 'from: listing, to: 2025-12-01'],
  ])('that %s has nothing to do yet', async (_, range) => {
    expect(await runOf(range)).toMatchObject({ exit: 0, summary: { complete: true, rows: 0 } })
  })
})

describe('two jobs of one series, one of them from its listing', () => {
  const jobOf = (from: string, symbol: string) =>
    `{version: 1, source: rest, symbols: [${symbol}], from: ${from}, to: 2026-06-02, datasets: [{kind: klines, intervals: [1h]}]}`
  const orders = [
    ['2026-06-01', 'listing'],
    ['listing', '2026-06-01'],
  ] as const

  it.each(orders)('of a symbol that is not known, %s then %s, are refused', async (...froms) => {
    const clock = simClock({ start: parseMicros('2026-06-15T00:00:30') })
    const world = virtualWorld(new Exchange({ symbols: SYMBOLS }), { clock })
    const ended = await attempt(
      froms.map((from) => jobOf(from, 'GONEUSDT')),
      { world },
    )
    expect(ended).toMatchObject({ exit: 2, error: { code: 'E_UNKNOWN_SYMBOL' } })
  })

  it.each(orders)(
    '%s then %s: what can be fetched is, the listing is known, and nothing is asked twice',
    async (...froms) => {
      const exchange = new Exchange({ symbols: SYMBOLS })
      const world = virtualWorld(exchange, {
        clock: simClock({ start: parseMicros('2026-06-15T00:00:30') }),
      })
      const yaml = froms.map((from) => jobOf(from, 'BTCUSDT'))
      const first = await attempt(yaml, { world })
      expect(first).toMatchObject({ exit: 0, summary: { complete: true, rows: 152 * 24 } })
      const before = exchange.log.entries.length
      expect(await attempt(yaml, { world })).toMatchObject({ exit: 0, summary: { rows: 0 } })
      const paths = exchange.log.entries.slice(before).map(({ path }) => path)
      expect(paths.filter((path) => path.includes('klines'))).toEqual([])
    },
  )

  it.each(orders)(
    '%s then %s, where the listing alone cannot be told: the other is fetched, and the run is not complete',
    async (...froms) => {
      const exchange = new Exchange({ symbols: SYMBOLS })
      const world = virtualWorld(exchange, {
        clock: simClock({ start: parseMicros('2026-06-15T00:00:30') }),
      })
      const handle = exchange.handle.bind(exchange)
      exchange.handle = (request, now) => {
        const isListing = request.path === '/api/v3/klines' && !request.query.includes('endTime')
        return handle(
          isListing ? { ...request, query: request.query.replace('BTCUSDT', '%00') } : request,
          now,
        )
      }
      const ended = await attempt(
        froms.map((from) => jobOf(from, 'BTCUSDT')),
        { world },
      )
      expect(ended).toMatchObject({ exit: 3, summary: { complete: false, rows: 24 } })
    },
  )

  it('a listing learnt when all else is there is kept too', async () => {
    const exchange = new Exchange({ symbols: SYMBOLS })
    const world = virtualWorld(exchange, {
      clock: simClock({ start: parseMicros('2026-06-15T00:00:30') }),
    })
    await attempt(jobOf('2025-01-01', 'BTCUSDT'), { world })
    await attempt(jobOf('listing', 'BTCUSDT'), { world })
    const before = exchange.log.entries.length
    await attempt(jobOf('listing', 'BTCUSDT'), { world })
    const paths = exchange.log.entries.slice(before).map(({ path }) => path)
    expect(paths.filter((path) => path.includes('klines'))).toEqual([])
  })
})
