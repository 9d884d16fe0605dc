/** Walks against the stand-in without sockets: the model's answers, decoded by the room that decodes them in earnest. */

import { parseMicros, type Micros } from '../../src/base/time.ts'
import { datasetOf, MARKETS } from '../../src/binance/market.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import type { Sign } from '../../src/pull/gateway.ts'
import type { OtherEvidence } from '../../src/walk/kline-evidence.ts'
import type { AskPage } from '../../src/walk/walk.ts'
import { inOrder } from '../../src/rows/order.ts'
import { decodePage } from '../../src/rows/scan.ts'
import type { Exchange } from '../../src/simulator/index.ts'
import type { Step } from '../../src/rows/step.ts'

/** Long after everything, of a symbol that does not trade any more: whatever is empty is so for good. */
export const SETTLED: OtherEvidence = {
  now: parseMicros('2100-01-01'),
  unconfirmed: [],
  lacking: [],
  between: [],
  isTrading: () => Promise.resolve(false),
}

/** A way to ask `exchange` for pages of one series, at a fixed moment; counts the requests. */
export function asker(
  exchange: Exchange,
  key: SeriesKey,
  now: Micros,
  sign: Sign = (query) => ({ query, headers: {} }),
): { ask: AskPage; requests: () => number } {
  const dataset = datasetOf(key)
  const { unit } = MARKETS[key.market].rest
  let requests = 0
  const ask: AskPage = async (params, check, signal) => {
    signal?.throwIfAborted()
    requests += 1
    const given = Object.entries(params).map(([name, value]) => `${name}=${String(value)}`)
    const interval = key.interval === undefined ? [] : [`interval=${key.interval}`]
    const signed = sign(
      [
        `${dataset.subject ?? 'symbol'}=${encodeURIComponent(key.symbol)}`,
        ...interval,
        ...given,
      ].join('&'),
      now,
    )
    const { query } = signed
    const headers = { 'x-mbx-time-unit': 'MICROSECOND', ...signed.headers }
    const { status, body } = exchange.handle(
      { path: dataset.path, query, headers, ip: '127.0.0.1' },
      now,
    )
    if (status !== 200) throw new Error(`${status}: ${new TextDecoder().decode(body)} for ${query}`)
    const page = inOrder(dataset, decodePage(dataset, 'string', body, unit))
    check(page)
    return page
  }
  return { ask, requests: () => requests }
}

/** Asks replicas in turn. None is empty twice in a row for one question that `whole` has rows for. */
export function inTurn(
  whole: AskPage,
  replicas: readonly AskPage[],
): { ask: AskPage; requests: () => number } {
  const empty = new Set<string>()
  let requests = 0
  const ask: AskPage = async (params, check, signal) => {
    const question = Object.entries(params).join('&')
    const page = await (replicas[requests++ % replicas.length] ?? whole)(params, check, signal)
    if (page.rowCount === 0 && !empty.has(question)) {
      empty.add(question)
      return page
    }
    empty.delete(question)
    return page.rowCount > 0 ? page : whole(params, check, signal)
  }
  return { ask, requests: () => requests }
}

/** All keys that a walk yields, in its order. */
export async function keysOf(
  steps: AsyncIterable<Step>,
): Promise<{ keys: bigint[]; steps: Step[] }> {
  const keys: bigint[] = []
  const all: Step[] = []
  for await (const step of steps) {
    all.push(step)
    for (let row = step.first; row < step.end; row++) keys.push(step.page?.keys[row] ?? -1n)
  }
  return { keys, steps: all }
}
