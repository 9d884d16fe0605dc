/** Answers that Binance really served, replayed through a whole run and read by DuckDB, value for value. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { replayOptions } from '../../src/simulator/index.ts'
import { parquet, query } from '../support/duck.ts'
import { run, serve, tempDir } from '../support/lake.ts'

const RECORDED = join(import.meta.dirname, '../../../shared/recorded')
const isThere = existsSync(RECORDED)
if (!isThere) console.warn(`recorded answers are not there (${RECORDED}): their tests cannot run`)

function pages(prefix: string): unknown[] {
  const directory = join(RECORDED, 'rest')
  const files = readdirSync(directory).filter((name) => name.startsWith(prefix))
  expect(files.length, prefix).toBeGreaterThan(0)
  return files
    .sort()
    .flatMap((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as unknown[])
}

async function replay(): Promise<{ dataDir: string; baseUrls: string[] }> {
  const simulator = await serve({ exchange: await replayOptions(RECORDED) })
  return { dataDir: await tempDir(), baseUrls: [simulator.url] }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

test.runIf(isThere)('recorded klines, with the outage of 2020-06-28 inside', async () => {
  const options = await replay()
  const rows = pages('klines-BTCUSDT-1h-') as [number, ...string[]][]
  const { summary, events } = await run(
    `
version: 1
datasets:
  - kind: klines
    symbols: [BTCUSDT]
    intervals: [1h]
    from: ${iso(rows[0]![0])}
    to: ${iso(rows.at(-1)![0] + 3_600_000)}
    numbers: string
`,
    options,
  )
  expect(summary).toMatchObject({ complete: true, exit: 0, rows: 1_468 })
  expect(events.filter(({ kind }) => kind === 'gap')).toMatchObject([
    {
      window: { from: '2020-06-28T02:00:00.000000Z', to: '2020-06-28T05:00:00.000000Z' },
      reason: 'outage',
    },
  ])
  const stored = await query(
    `SELECT epoch_ms(open_time) AS t, open, high, low, close, volume, epoch_us(close_time) AS u, quote_volume,
      trade_count, taker_buy_volume, taker_buy_quote_volume
     FROM ${parquet(options.dataDir, 'spot/klines/interval=1h/symbol=BTCUSDT')} ORDER BY open_time`,
  )
  expect(stored.map((row) => Object.values(row))).toEqual(
    rows.map((row) => {
      const texts = row.slice(0, 11).map(String)
      texts[6] = `${texts[6]}999`
      return texts
    }),
  )
})

// The ids around the pages are not among the recorded ones: rows of their first moment and their last may be missing.
test.runIf(isThere).each(['aggTrades-BTCUSDT-2020-05-06', 'aggTrades-BTCUSDT-fromId-202790190'])(
  'recorded %s',
  async (name) => {
    const options = await replay()
    const rows = pages(name) as Record<string, string | number | boolean>[]
    const { summary } = await run(
      `
version: 1
datasets:
  - kind: aggTrades
    symbols: [BTCUSDT]
    from: ${iso(Number(rows[0]!['T']))}
    to: ${iso(Number(rows.at(-1)!['T']) + 1)}
    numbers: string
`,
      options,
    )
    expect(summary).toMatchObject({ complete: false, exit: 3, rows: rows.length })
    const stored = await query(
      `SELECT agg_trade_id AS a, price AS p, quantity AS q, first_trade_id AS f, last_trade_id AS l,
        epoch_us(time) AS T, is_buyer_maker AS m, is_best_match AS M_
       FROM ${parquet(options.dataDir, 'spot/aggTrades/symbol=BTCUSDT')} ORDER BY a`,
    )
    expect(stored.map((row) => Object.values(row))).toEqual(
      rows.map((row) => [
        ...['a', 'p', 'q', 'f', 'l'].map((key) => String(row[key])),
        `${String(row['T'])}000`,
        String(row['m']),
        String(row['M']),
      ]),
    )
  },
)

test.runIf(isThere)(
  'the unfinished kline at the end of a recorded page is not stored',
  async () => {
    const simulator = await serve({
      exchange: await replayOptions(RECORDED),
      // Fetched at 2025-10-26T15:45:00Z: the kline of 15:30 was open then.
      clock: {
        now: () => 1_761_493_500_000_000n as never,
        sleep: () => Promise.resolve(),
      },
    })
    const rows = pages('klines-BTCUSDT-30m-') as [number, ...string[]][]
    const dataDir = await tempDir()
    const { summary } = await run(
      `
version: 1
datasets:
  - kind: klines
    symbols: [BTCUSDT]
    intervals: [30m]
    from: ${iso(rows[0]![0])}
`,
      { dataDir, baseUrls: [simulator.url] },
    )
    expect(summary).toMatchObject({ complete: true, rows: rows.length - 1 })
  },
)

test.runIf(isThere).each([
  ['1m', '2020-01-01', '2020-01-04', 3 * 1_440],
  ['1h', '2026-05-08', '2026-05-10', 48],
])(
  'recorded archives of %s klines from %s, with no exchange to ask',
  async (interval, from, to, count) => {
    const simulator = await serve({ exchange: await replayOptions(RECORDED) })
    const dataDir = await tempDir()
    const { summary } = await run(
      `
version: 1
datasets:
  - kind: klines
    symbols: [BTCUSDT]
    intervals: [${interval}]
    from: ${from}
    to: ${to}
    source: archive
    numbers: string
`,
      { dataDir, archiveUrl: simulator.url, baseUrls: ['http://127.0.0.1:9'] },
    )
    expect(summary).toMatchObject({ complete: true, exit: 0, rows: count })
    const stored = await query(
      `SELECT epoch_us(open_time), open, high, low, close, volume, epoch_us(close_time), quote_volume, trade_count,
      taker_buy_volume, taker_buy_quote_volume
     FROM ${parquet(dataDir, `spot/klines/interval=${interval}/symbol=BTCUSDT`)} ORDER BY open_time`,
    )
    expect(stored.map((row) => Object.values(row))).toEqual(csvRows(interval, from.slice(0, 7)))
  },
)

/** The rows of the recorded archives of a month, in microseconds; read without anything of ours. */
function csvRows(interval: string, month: string): string[][] {
  const folder = join(RECORDED, `archive/data/spot/daily/klines/BTCUSDT/${interval}`)
  const zips = readdirSync(folder).filter((name) => name.endsWith('.zip') && name.includes(month))
  return zips.sort().flatMap((zip) => {
    const lines = unzipFirst(readFileSync(join(folder, zip)))
      .trimEnd()
      .split('\n')
    return lines.map((line) => {
      const cells = line.split(',').slice(0, 11)
      if (cells[0]!.length !== 13) return cells
      return cells.map((cell, index) =>
        index === 0 ? `${cell}000` : index === 6 ? `${cell}999` : cell,
      )
    })
  })
}

/** The first entry of a zip, by its central directory (APPNOTE.TXT 4.3.12). */
function unzipFirst(zip: Buffer): string {
  const directory = zip.readUInt32LE(zip.lastIndexOf('PK\x05\x06', undefined, 'latin1') + 16)
  const size = zip.readUInt32LE(directory + 20)
  const local = zip.readUInt32LE(directory + 42)
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
  return inflateRawSync(zip.subarray(start, start + size)).toString('utf8')
}
