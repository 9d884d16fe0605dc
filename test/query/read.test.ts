/** The lake read back through the library: what comes out equals the exchange's truth and what a foreign reader sees. */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecordBatch } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import type { Files, StoredFile } from '../../src/base/ports.ts'
import { formatMicros, formatWindow, micros, parseMicros } from '../../src/base/time.ts'
import { coverage, gaps, readSeries, readTable, type SeriesQuery } from '../../src/index.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { quickstartExchange } from '../../src/simulator/index.ts'
import { cover, emptyManifest } from '../../src/store/ledger.ts'
import { writeManifest } from '../../src/store/manifest-file.ts'
import { parquet, query } from '../support/duck.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { sharedLake } from '../support/shared-lake.ts'

const JOB = `
version: 1
datasets:
  - { kind: klines, symbols: [BTCUSDT], intervals: [1m], from: 2026-01-01, to: 2026-05-01, partition: year }
  - { kind: klines, symbols: [ETHUSDT], intervals: [1h], from: 2026-11-02, to: 2026-11-09, numbers: decimal }
  - { kind: aggTrades, symbols: [BTCUSDT], from: 2026-11-03, to: 2026-11-05 }
`
const MINUTES: SeriesQuery = { dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' }
const HOURS: SeriesQuery = { dataset: 'klines', symbol: 'ETHUSDT', interval: '1h' }
const TRADES: SeriesQuery = { dataset: 'aggTrades', symbol: 'BTCUSDT' }

const lake = sharedLake(JOB)

async function batches(asked: SeriesQuery): Promise<RecordBatch[]> {
  const list: RecordBatch[] = []
  for await (const batch of readSeries({ dataDir: lake.dataDir, ...asked })) list.push(batch)
  return list
}

/** Files that count the bytes and remember the names of what is read. */
function counting(files: Files): { files: Files; opened: Set<string>; bytes: () => number } {
  const opened = new Set<string>()
  let bytes = 0
  const watch = (file: StoredFile): StoredFile => ({
    ...file,
    read: (from, to) => {
      bytes += to - from
      return file.read(from, to)
    },
  })
  const open: Files['open'] = async (path) => {
    opened.add(path)
    const file = await files.open(path)
    return file === undefined ? undefined : watch(file)
  }
  return { files: { ...files, open }, opened, bytes: () => bytes }
}

describe('rows', () => {
  test('a whole series is what DuckDB reads, in order, a batch for each row group', async () => {
    const list = await batches(MINUTES)
    expect(list.map(({ numRows }) => numRows)).toEqual([122_880, 49_920])
    const table = await readTable({
      dataDir: lake.dataDir,
      ...MINUTES,
      columns: ['close', 'open_time'],
    })
    expect(table.schema.names).toEqual(['close', 'open_time'])
    const stored = await query(
      `SELECT epoch_us(open_time) AS time, close FROM ${parquet(lake.dataDir, 'spot/klines/interval=1m/symbol=BTCUSDT')} ORDER BY open_time`,
    )
    const times = table.getChild('open_time')!.toArray() as BigInt64Array
    const closes = table.getChild('close')!.toArray() as Float64Array
    expect(table.numRows).toBe(stored.length)
    expect(Array.from(times, String)).toEqual(stored.map(({ time }) => time))
    expect(Array.from(closes)).toEqual(stored.map(({ close }) => Number(close)))
  })

  test.each([
    ['2026-02-01', '2026-02-02', 1440],
    ['2026-03-27T07:58', '2026-03-27T08:02', 4],
    ['2026-01-01T00:00:00.000001', '2026-01-01T00:02', 1],
    ['2025-01-01', '2026-01-01T00:01', 1],
    ['2026-04-30T23:59', '2030-01-01', 1],
    ['2027-01-01', '2028-01-01', 0],
  ])('of [%s, %s) are exactly those that open in it: %i', async (from, to, count) => {
    const table = await readTable({
      dataDir: lake.dataDir,
      ...MINUTES,
      from,
      to,
      columns: ['open_time', 'open'],
    })
    const times = Array.from((table.getChild('open_time')?.toArray() ?? []) as BigInt64Array)
    expect(times).toHaveLength(count)
    expect(table.schema.names).toEqual(['open_time', 'open'])
    for (const time of times) {
      expect(time >= parseMicros(from) && time < parseMicros(to)).toBe(true)
    }
  })

  test('are clipped by a column that was not asked for', async () => {
    const [batch, ...more] = await batches({
      ...MINUTES,
      from: '2026-02-01',
      to: '2026-02-02',
      columns: ['open'],
    })
    expect(more).toEqual([])
    expect(batch?.numRows).toBe(1440)
    expect(batch?.schema.names).toEqual(['open'])
  })

  test('of trades in one microsecond come out whole', async () => {
    const at = parseMicros('2026-11-04T14:30:00.123456')
    const table = await readTable({
      dataDir: lake.dataDir,
      ...TRADES,
      from: at,
      to: micros(at + 1n),
    })
    expect(table.numRows).toBeGreaterThanOrEqual(3_000)
    expect(new Set(table.getChild('time')!.toArray() as BigInt64Array)).toEqual(new Set([at]))
  })

  test('keep decimals exact', async () => {
    const table = await readTable({ dataDir: lake.dataDir, ...HOURS, columns: ['open'] })
    const [first] = await query(
      `SELECT open FROM ${parquet(lake.dataDir, 'spot/klines/interval=1h/symbol=ETHUSDT')} ORDER BY open_time LIMIT 1`,
    )
    const words = table.getChild('open')!.get(0) as Uint32Array
    const scaled = (BigInt(words[1] ?? 0) << 32n) | BigInt(words[0] ?? 0)
    expect(scaled).toBe(BigInt(first!['open']!.replace('.', '')))
  })

  test('only files and row groups that reach into the window are read', async () => {
    const whole = counting(nodeFiles(lake.dataDir))
    await readTable({ ...MINUTES, world: whole })
    const part = counting(nodeFiles(lake.dataDir))
    await readTable({ ...MINUTES, from: '2026-04-01', columns: ['close'], world: part })
    expect(part.bytes()).toBeLessThan(whole.bytes() / 5)
    const day = counting(nodeFiles(lake.dataDir))
    await readTable({ ...TRADES, from: '2026-11-04', world: day })
    expect([...day.opened]).toEqual([
      'spot/aggTrades/symbol=BTCUSDT/period=2026-11-04/data.parquet',
    ])
  })
})

describe('coverage and gaps', () => {
  test('are clipped to what was asked', async () => {
    const asked = { dataDir: lake.dataDir, ...HOURS, from: '2026-11-05', to: '2026-11-06' }
    expect((await coverage(asked)).map(formatWindow)).toEqual([
      { from: '2026-11-05T00:00:00.000000Z', to: '2026-11-06T00:00:00.000000Z' },
    ])
    expect(
      (await gaps(asked)).map(({ from, to, reason }) => [
        formatMicros(from),
        formatMicros(to),
        reason,
      ]),
    ).toEqual([['2026-11-05T02:00:00.000000Z', '2026-11-05T06:00:00.000000Z', 'outage']])
    expect(await gaps({ dataDir: lake.dataDir, ...HOURS, to: '2026-11-05' })).toEqual([])
    expect((await coverage({ dataDir: lake.dataDir, ...HOURS })).length).toBe(1)
  })
})

test('an account is the same in every form of Unicode', async () => {
  const files = memFiles()
  const key = { market: 'spot', dataset: 'myTrades', symbol: 'BTCUSDT', account: 'Müller' } as const
  const window = { from: micros(0n), to: micros(86_400_000_000n) }
  const manifest = cover(emptyManifest(key, 'float64', 'month'), { window, gaps: [], fresh: [] })
  await writeManifest({ files, assertHeld: () => Promise.resolve() }, manifest, 'absent')
  for (const form of ['NFC', 'NFD'])
    expect(
      await coverage({ ...key, account: key.account.normalize(form), world: { files } }),
    ).toEqual([window])
})

describe('what is not there', () => {
  test.each<[string, Partial<SeriesQuery>, RegExp, RegExp | undefined]>([
    ['symbol', { symbol: 'DOGEUSDT' }, /no klines DOGEUSDT 1m/, /It has .*klines BTCUSDT 1m/],
    ['interval', { interval: '1h' }, /no klines BTCUSDT 1h/, undefined],
    ['interval name', { interval: '1Min' }, /no such interval: 1Min/, undefined],
    ['dataset', { dataset: 'candles' as 'klines' }, /no such dataset: candles/, /klines, uiKlines/],
    ['column', { columns: ['price'] }, /no column price/, /open_time, open/],
    ['no column', { columns: [] }, /no column/, undefined],
    ['moment', { from: 'yesterday' }, /not an ISO 8601/, undefined],
    ['window', { from: '2026-02-01', to: '2026-02-01' }, /not before/, undefined],
    ['symbol text', { symbol: '' }, /empty/, undefined],
  ])('an unknown %s is told', async (_, part, message, hint) => {
    const error = await readTable({ dataDir: lake.dataDir, ...MINUTES, ...part }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ name: 'UsageError', exit: 2 })
    expect(String(error)).toMatch(message)
    if (hint !== undefined)
      expect(error).toMatchObject({ hint: expect.stringMatching(hint) as string })
  })

  test('an interval is needed where there is one, and refused where there is none', async () => {
    await expect(
      readTable({ dataDir: lake.dataDir, dataset: 'klines', symbol: 'BTCUSDT' }),
    ).rejects.toThrow('klines need interval')
    await expect(readTable({ dataDir: lake.dataDir, ...TRADES, interval: '1m' })).rejects.toThrow(
      'have no interval',
    )
  })

  test('an empty or absent lake is told', async () => {
    const nowhere = join(await tempDir(), 'nowhere')
    await expect(readTable({ dataDir: nowhere, ...TRADES })).rejects.toThrow(
      'the lake holds no series',
    )
  })

  test('a file that is gone is damage', async () => {
    const lost = await tempDir()
    const simulator = await serve({ exchange: quickstartExchange() })
    await run(
      JOB.split('\n')
        .filter((line) => !line.includes('klines'))
        .join('\n'),
      { dataDir: lost, baseUrls: [simulator.url] },
    )
    await rm(join(lost, 'spot/aggTrades/symbol=BTCUSDT/period=2026-11-03'), { recursive: true })
    await expect(readTable({ ...TRADES, dataDir: lost })).rejects.toMatchObject({ exit: 4 })
  })

  test('a reader that was told to stop stops', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(readTable({ dataDir: lake.dataDir, ...MINUTES, signal })).rejects.toThrow('enough')
  })
})
