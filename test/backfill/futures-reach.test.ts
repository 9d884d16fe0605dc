/** What is served for 30 days only, while time goes on: series that wait for their turn lose what was no longer served. */

import { expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import { parseJob } from '../../src/job/parse.ts'
import { status } from '../../src/query/status.ts'
import type { FaultRule } from '../../src/simulator/fault.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { memFiles } from '../support/mem-files.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'

const HOUR = 3_600_000_000n
const DAY = 24n * HOUR
const START = parseMicros('2026-06-01')
const OLDEST = START - 30n * DAY
const TO = parseMicros('2026-05-20')
const PATH = '/futures/data/openInterestHist'
const SYMBOLS = ['ADAUSDT', 'BNBUSDT', 'BTCUSDT', 'ETHUSDT']
const JOB = `
version: 1
market: um
symbols: [${SYMBOLS.join(', ')}]
from: 2026-04-25
to: 2026-05-20
datasets: [{kind: openInterestHist, intervals: [5m]}]
`
const SLOT = 300_000_000n

/** A run of which one request is answered with a ban of some hours. */
async function banned(hours: number, rule: Partial<FaultRule>) {
  const fault = { kind: 'banned', seconds: hours * 3_600 } as const
  const exchange = new Exchange({
    symbols: [],
    um: { symbols: SYMBOLS.map((symbol) => ({ symbol })) },
    faults: { rules: [{ path: PATH, fault, ...rule }] },
  })
  const world = virtualWorld(exchange, { start: START, latencyMs: 20 })
  const ended = await attempt(JOB, { world, maxWaitMs: 100 * 3_600_000 })
  const { series } = await status([parseJob(JOB, 'x.yaml')], { world })
  return { exchange, ended, series }
}

test('a series that waited for hours begins where rows are served by then', async () => {
  const { exchange, ended, series } = await banned(3, {})
  expect(ended).toMatchObject({ exit: 3, error: undefined })
  for (const { rows, gaps } of series) {
    expect(gaps).toMatchObject([{ reason: 'unavailable-from-rest' }])
    const begin = parseMicros(gaps[0]!.to)
    expect(begin).toBeLessThanOrEqual(OLDEST + 5n * HOUR)
    expect(begin).toBeGreaterThanOrEqual(OLDEST + 1n * HOUR)
    expect(rows).toBe(Number((TO - begin) / SLOT))
  }
  expect(series.some(({ gaps }) => parseMicros(gaps[0]!.to) > OLDEST + 3n * HOUR)).toBe(true)
  const refused = exchange.futuresLog.entries.filter(({ status }) => status === 400)
  expect(refused.length).toBeLessThanOrEqual(SYMBOLS.length)
})

test('what passes out of reach in the midst of a walk is a gap, and rows after it are stored', async () => {
  const { ended, series } = await banned(60, { query: 'symbol=ETHUSDT', nth: 2 })
  expect(ended).toMatchObject({ exit: 3, error: undefined })
  const { gaps, rows } = series.find(({ symbol }) => symbol === 'ETHUSDT')!
  const reasons = ['unavailable-from-rest', 'unavailable-from-rest']
  expect(gaps.map(({ reason }) => reason)).toEqual(reasons)
  const [first, second] = gaps.map(({ from, to }) => [parseMicros(from), parseMicros(to)] as const)
  expect(second![1]).toBeGreaterThan(OLDEST + 60n * HOUR)
  expect(second![1]).toBeLessThanOrEqual(OLDEST + 62n * HOUR)
  expect(rows).toBe(Number((second![0] - first![1] + TO - second![1]) / SLOT))
})

test('rows that were young and are not served any more are final as they are stored', async () => {
  const exchange = new Exchange({ symbols: [], um: { symbols: [{ symbol: 'BTCUSDT' }] } })
  const files = memFiles()
  const text = `{version: 1, market: um, symbols: [BTCUSDT], from: 2026-05-30, to: 2026-06-01, datasets: [{kind: openInterestHist, intervals: [5m]}]}`
  const runAt = (day: bigint) => {
    const world = virtualWorld(exchange, { start: micros(START + day * DAY + SLOT), files })
    return attempt(text, { world })
  }
  expect(await runAt(0n)).toMatchObject({ exit: 0, summary: { rows: 2 * 288 } })
  const before = await lakeOf(files, 'um')
  const late = await runAt(40n)
  expect(late).toMatchObject({ exit: 0, summary: { rows: 0 } })
  expect(late.events).toContainEqual(
    expect.objectContaining({ kind: 'gap', reason: 'unavailable-from-rest' }),
  )
  const [then, now] = [await lakeOf(files, 'um'), await runAt(41n)]
  expect(Object.keys(then)).toEqual(Object.keys(before))
  expect(now).toMatchObject({ exit: 0, summary: { rows: 0 } })
  expect(now.events.map(({ kind }) => kind)).not.toContain('gap')
  expect(await lakeOf(files, 'um')).toEqual(then)
})
