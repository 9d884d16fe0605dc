/** The public contract, sections 1 to 4: hosts, moments, the fresh tail, gaps and revisions, as a run meets them. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import { query } from '../support/duck.ts'
import {
  bench,
  dataRequests,
  KLINES,
  klines,
  NOW,
  serve,
  SYMBOLS,
  type Bench,
} from './contract-support.ts'
import { jsonLines } from './support.ts'

const MINUTE = 60_000_000n
const MINUTES = ['--dataset', 'klines', '--symbol', 'BTCUSDT', '--interval', '1m']

/** A clock that a test moves. */
function movable(): { now: Micros; readonly read: () => Micros } {
  const clock = { now: NOW, read: () => clock.now }
  return clock
}

async function summaryOf(
  lake: Bench,
  ...args: readonly string[]
): Promise<Record<string, unknown>> {
  const result = await lake.call(['run', ...args, '--json'])
  expect(result.exit, result.stderr).toBe(0)
  return jsonLines(result).at(-1) ?? {}
}

type SeriesStatus = {
  readonly covered: readonly { readonly from: string; readonly to: string }[]
  readonly missing: readonly unknown[]
  readonly gaps: readonly unknown[]
  readonly rows: number
  readonly revisions?: readonly Record<string, unknown>[]
}

async function statusOf(lake: Bench): Promise<SeriesStatus> {
  const { stdout } = await lake.call(['status', '--json', '--revisions'])
  return (JSON.parse(stdout) as { series: SeriesStatus[] }).series[0]!
}

describe('hosts', () => {
  test.each(['refuses', 'answers 502'])('the second takes over where the first %s', async (how) => {
    const sick = await serve({
      faults: { rules: [{ fault: { kind: 'status', status: 502 }, times: Infinity }] },
    })
    const well = await serve()
    const lake = await bench(how === 'refuses' ? 'http://127.0.0.1:9' : sick.url, well.url)
    expect(await summaryOf(lake, ...KLINES)).toMatchObject({ complete: true, rows: 48 })
    expect(dataRequests(well)).toBe(1)
  })

  test('the second is not asked where the first limits', async () => {
    const sick = await serve({
      faults: {
        rules: [
          { fault: { kind: 'limited', seconds: 60 }, path: '/api/v3/klines', times: Infinity },
        ],
      },
    })
    const well = await serve()
    const { exit } = await (
      await bench(sick.url, well.url)
    ).call(['run', ...KLINES, '--max-wait', '1'])
    expect([exit, well.log.count]).toEqual([5, 0])
  })

  test('asked for SBE, one that speaks JSON only is read too', async () => {
    const lake = await bench((await serve({ sbe: 'off' })).url)
    expect(await summaryOf(lake, ...KLINES, '--wire', 'sbe')).toMatchObject({ rows: 48 })
  })
})

describe('moments', () => {
  test('klines end with the last one that is final; the end may lie in the future', async () => {
    const lake = await bench((await serve()).url)
    await summaryOf(lake, ...MINUTES, '--from', '2024-06-15T11:50:00Z', '--to', '2030-01-01')
    // 12:00:30 by the exchange's clock: 11:59 closed 30 s ago, less than the minute of settle.
    expect(await statusOf(lake)).toMatchObject({
      covered: [{ from: '2024-06-15T11:50:00.000000Z', to: '2024-06-15T11:59:00.000000Z' }],
      missing: [],
      rows: 9,
    })
    const { rows } = await summaryOf(
      lake,
      ...MINUTES,
      '--from',
      '2024-06-15T11:50',
      '--settle',
      '10s',
    )
    // 11:59 is new; 11:58 was asked once more and is the same.
    expect(rows).toBe(1)
    expect(await statusOf(lake)).toMatchObject({ rows: 10 })
  })

  test('durations are from now, listing is the first row', async () => {
    const lake = await bench((await serve()).url)
    const hours = ['--dataset', 'klines', '--symbol', 'ETHUSDT', '--interval', '1h']
    await summaryOf(lake, ...hours, '--from', '30d')
    expect((await statusOf(lake)).covered[0]).toEqual({
      from: expect.stringMatching(/^2024-05-16T12:00:3/) as string,
      to: '2024-06-15T11:00:00.000000Z',
    })
    const days = [
      '--dataset',
      'klines',
      '--symbol',
      'BTCUSDT',
      '--interval',
      '1d',
      '--from',
      'listing',
    ]
    const other = await bench((await serve()).url)
    await summaryOf(other, ...days, '--to', '2023-02-01')
    const { rows, gaps, missing } = await statusOf(other)
    expect([rows, missing]).toEqual([31, []])
    expect(gaps).toEqual([
      {
        from: '1970-01-01T00:00:00.000000Z',
        to: '2023-01-01T00:00:00.000000Z',
        reason: 'before-listing',
      },
    ])
  })

  test('a time before the listing is covered, as a known gap', async () => {
    const lake = await bench((await serve()).url)
    await summaryOf(lake, ...klines('BTCUSDT', '2022-12-31', '2023-01-02'))
    expect(await statusOf(lake)).toMatchObject({
      rows: 24,
      missing: [],
      gaps: [{ from: '2022-12-31T00:00:00.000000Z', reason: 'before-listing' }],
    })
  })

  test('symbols by filter are those of the exchange', async () => {
    const lake = await bench((await serve()).url)
    const job = join(lake.dataDir, '..', 'job.yaml')
    await writeFile(
      job,
      `version: 1
name: filter
symbols: {quote: USDT, status: TRADING, exclude: [ETHUSDT]}
from: 2024-01-01
to: 2024-01-02
datasets:
  - {kind: klines, intervals: [1h]}
`,
    )
    const { series } = (await summaryOf(lake, job)) as { series: { symbol: string }[] }
    expect(series.map(({ symbol }) => symbol)).toEqual(['BTCUSDT', '币安人生USDT'])
  })
})

describe('what changes', () => {
  test('the fresh tail is asked for again, and a difference is a revision, once', async () => {
    const clock = movable()
    const openTime = parseMicros('2024-06-15T11:58')
    const at = micros(NOW + MINUTE)
    const symbols = [{ ...SYMBOLS[0]!, revisions: [{ interval: '1m' as const, openTime, at }] }]
    const simulator = await serve({ symbols }, { now: clock.read })
    const lake = await bench(simulator.url)
    const args = [...MINUTES, '--from', '2024-06-15T11:00']
    expect(await summaryOf(lake, ...args)).toMatchObject({ rows: 59 })
    clock.now = micros(NOW + 2n * MINUTE)
    const { series } = (await summaryOf(lake, ...args)) as { series: object[] }
    expect(series).toMatchObject([{ complete: true, revisions: 1 }])
    const [revision, ...others] = (await statusOf(lake)).revisions ?? []
    expect(others).toEqual([])
    expect(revision).toMatchObject({ time: '2024-06-15T11:58:00.000000Z' })
    const { old, new: now } = revision as Record<'old' | 'new', Record<string, string>>
    expect(old['volume']).not.toBe(now['volume'])
    const files = `${lake.dataDir}/spot/klines/**/data.parquet`
    const [row] = await query(
      `SELECT volume FROM read_parquet('${files}') WHERE open_time = '2024-06-15 11:58:00+00'`,
    )
    expect(Number(row?.['volume'])).toBe(Number(now['volume']))
    const manifest = join(lake.dataDir, 'spot/klines/interval=1m/symbol=BTCUSDT/_series.json')
    expect(JSON.parse(await readFile(manifest, 'utf8'))).toMatchObject({ revisions: [revision] })
    // An hour later nothing of it is fresh any more.
    clock.now = micros(NOW + 60n * MINUTE)
    await summaryOf(lake, ...args, '--to', '2024-06-15T12:00')
    const asked = dataRequests(simulator)
    await summaryOf(lake, ...args, '--to', '2024-06-15T12:00')
    expect(dataRequests(simulator)).toBe(asked)
  })

  test('an outage is a gap after it was asked for twice, and no row is made up', async () => {
    const outages = [{ from: parseMicros('2024-01-01T05:00'), to: parseMicros('2024-01-01T09:00') }]
    const simulator = await serve({ symbols: [{ ...SYMBOLS[0]!, outages }] })
    const lake = await bench(simulator.url)
    expect(await summaryOf(lake, ...KLINES)).toMatchObject({ complete: true, rows: 44 })
    expect(dataRequests(simulator)).toBeGreaterThan(1)
    expect((await statusOf(lake)).gaps).toEqual([
      { from: '2024-01-01T05:00:00.000000Z', to: '2024-01-01T09:00:00.000000Z', reason: 'outage' },
    ])
    expect((await lake.call(['verify'])).exit).toBe(0)
    const asked = dataRequests(simulator)
    await summaryOf(lake, ...KLINES)
    expect(dataRequests(simulator)).toBe(asked)
  })
})
