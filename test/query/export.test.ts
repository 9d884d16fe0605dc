/** Rows for other programs: the same in every format, in a stream, whole or not at all, and honest about what is missing. */

import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { run } from '../../src/cli/dispatch.ts'
import {
  exportSeries,
  IncompleteError,
  readSeries,
  readTable,
  writeExport,
  type ExportFormat,
} from '../../src/index.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { command } from '../support/command.ts'
import { query } from '../support/duck.ts'
import { tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'
import { fakeIo } from '../support/terminal.ts'

const lake = sharedLake(`
version: 1
datasets:
  - { kind: klines, symbols: [BTCUSDT], intervals: [1h], from: 2026-06-01, to: 2026-06-04, partition: day }
  - { kind: klines, symbols: [ETHUSDT], intervals: [1h], from: 2026-06-01, to: 2026-06-04, numbers: decimal }
  - { kind: klines, symbols: [ETHUSDT], intervals: [1M], from: 2026-06-01, to: 2026-08-01 }
  - { kind: aggTrades, symbols: [BTCUSDT], from: 2026-11-03, to: 2026-11-04, numbers: string }
`)

async function cli(
  argv: readonly string[],
  options?: Parameters<typeof command>[1],
): ReturnType<typeof command> {
  return command(['export', ...argv, '--data-dir', lake.dataDir], options)
}

async function bytesOf(
  series: string,
  options: Parameters<typeof exportSeries>[1] = {},
): Promise<Buffer> {
  const { pieces } = await exportSeries(series, { dataDir: lake.dataDir, ...options })
  const all: Uint8Array[] = []
  for await (const piece of pieces()) all.push(piece)
  return Buffer.concat(all)
}

describe('formats', () => {
  test('CSV has a head, times in ISO 8601 with microseconds, and every row', async () => {
    const { exit, stdout, stderr } = await cli(['klines/BTCUSDT/1h'])
    const [head, first, ...rest] = stdout.trimEnd().split('\n')
    expect({ exit, stderr, rows: rest.length + 1 }).toEqual({ exit: 0, stderr: '', rows: 72 })
    expect(head).toMatch(/^open_time,open,high,low,close,volume,close_time,/)
    expect(first).toMatch(/^2026-06-01T00:00:00\.000000Z,[\d.]+,.*,2026-06-01T00:59:59\.999999Z,/)
  })

  test('decimals are exact text, integers are numbers, in JSON Lines', async () => {
    const { stdout } = await cli(['klines/ETHUSDT/1h', '--json', '--to', '2026-06-01T01:00'])
    const row = JSON.parse(stdout) as Record<string, unknown>
    expect(row['open']).toMatch(/^\d+\.\d{8}$/)
    expect(row['trade_count']).toEqual(expect.any(Number))
    const { stdout: floats } = await cli(['klines/BTCUSDT/1h', '--format', 'jsonl'])
    expect(typeof (JSON.parse(floats.split('\n')[0]!) as Record<string, unknown>)['open']).toBe(
      'number',
    )
  })

  test.each(['klines/BTCUSDT/1h', 'klines/ETHUSDT/1h', 'aggTrades/BTCUSDT'])(
    'all hold the same rows of %s, cut at any moment',
    async (series) => {
      const directory = await tempDir()
      const range = series.startsWith('klines')
        ? { from: '2026-06-01T05:00', to: '2026-06-03T07:30' }
        : { from: '2026-11-03T05:00', to: '2026-11-03T06:30' }
      const paths = { csv: '', parquet: '', arrow: '', jsonl: '' }
      for (const format of Object.keys(paths) as ExportFormat[]) {
        paths[format] = join(directory, `rows.${format}`)
        await writeFile(paths[format], await bytesOf(series, { format, ...range }))
      }
      const read = (from: string): Promise<unknown> =>
        query(`SELECT * REPLACE (${casts(series)}) FROM ${from}`)
      const parquet = await read(`read_parquet('${paths.parquet}')`)
      expect(parquet).not.toEqual([])
      expect(await read(`read_csv('${paths.csv}', all_varchar = true)`)).toEqual(parquet)
      expect(await read(`read_json('${paths.jsonl}')`)).toEqual(parquet)
      const arrow = tableFromIPC(await readFile(paths.arrow))
      const parts = series.split('/')
      const table = await readTable({
        ...{ dataDir: lake.dataDir, dataset: parts[0] as 'klines', symbol: parts[1]! },
        ...(parts[2] === undefined ? {} : { interval: parts[2] }),
        ...range,
      })
      expect(arrow.toString()).toBe(table.toString())
      expect(arrow.numRows).toBe((parquet as unknown[]).length)
    },
  )

  test('binary ones are not for a terminal', async () => {
    const { exit, stderr } = await cli(['klines/BTCUSDT/1h', '--format', 'parquet'], {
      isTerminal: true,
    })
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringContaining('not for a terminal') as string,
    })
  })
})

/** Every column as DuckDB reads it from whatever form. */
function casts(series: string): string {
  const numbers = series.includes('ETH') ? 'DECIMAL(38, 8)' : 'DOUBLE'
  const times = series.startsWith('klines') ? ['open_time', 'close_time'] : ['time']
  const counts = series.startsWith('klines')
    ? ['trade_count']
    : ['agg_trade_id', 'first_trade_id', 'last_trade_id']
  const values = series.startsWith('klines') ? ['open', 'volume'] : ['price', 'quantity']
  return [
    ...times.map((name) => `${name}::TIMESTAMPTZ AS ${name}`),
    ...counts.map((name) => `${name}::BIGINT AS ${name}`),
    ...values.map((name) => `${name}::${numbers} AS ${name}`),
    ...(series.startsWith('klines')
      ? ['high', 'low', 'close', 'quote_volume', 'taker_buy_volume', 'taker_buy_quote_volume'].map(
          (name) => `${name}::${numbers} AS ${name}`,
        )
      : ['is_buyer_maker::BOOLEAN AS is_buyer_maker', 'is_best_match::BOOLEAN AS is_best_match']),
  ].join(', ')
}

describe('a range that is not covered', () => {
  const beyond = ['klines/BTCUSDT/1h', '--from', '2026-06-03T22:00', '--to', '2026-06-05']

  test('is named on stderr, and ends with 3; the rows come all the same', async () => {
    const { exit, stdout, stderr } = await cli(beyond)
    expect(exit).toBe(3)
    expect(stdout.trimEnd().split('\n')).toHaveLength(3)
    expect(stderr).toMatch(/not covered: 2026-06-04 to 2026-06-05/)
    const allowed = await cli([...beyond, '--allow-incomplete'])
    expect({ ...allowed, stderr: '' }).toEqual({ exit: 0, stdout, stderr: '' })
    expect(allowed.stderr).toMatch(/incomplete/)
  })

  test('is refused by who requires all, and told with a table', async () => {
    const series = { dataDir: lake.dataDir, dataset: 'klines', symbol: 'BTCUSDT' } as const
    const asked = { ...series, interval: '1h', from: '2026-06-03T22:00', to: '2026-06-05' }
    const required = readTable({ ...asked, requireComplete: true })
    await expect(required).rejects.toThrow(IncompleteError)
    await expect(readSeries({ ...asked, requireComplete: true }).next()).rejects.toThrow(
      /klines BTCUSDT 1h is incomplete: missing 2026-06-04T00:00:00.000000Z/,
    )
    const { schema } = await readTable(asked)
    expect(JSON.parse(schema.metadata.get('incomplete') ?? '')).toEqual([
      { from: '2026-06-04T00:00:00.000000Z', to: '2026-06-05T00:00:00.000000Z' },
    ])
    const whole = await readTable({ ...asked, to: '2026-06-04', requireComplete: true })
    expect([whole.numRows, whole.schema.metadata.get('incomplete')]).toEqual([2, undefined])
  })
})

describe('klines put together', () => {
  const days = ['klines/BTCUSDT/1h', '--resample', '1d', '--from', '2026-06-02']

  test('are complete only where the last one is covered to its end', async () => {
    const { exit, stdout, stderr } = await cli([...days, '--to', '2026-06-03T12:00'])
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout.match(/,false$/gm)).toHaveLength(2)
    const week = ['klines/BTCUSDT/1h', '--resample', '1w', '--from', '2026-06-01']
    const beyond = await cli([...week, '--to', '2026-06-04'])
    expect(beyond.exit).toBe(3)
    expect(beyond.stdout.match(/,true$/gm)).toHaveLength(1)
    expect(beyond.stderr).toMatch(/not covered: 2026-06-04 to 2026-06-08/)
  })

  test('need nothing before the first one, nor of a slot that opens before the range', async () => {
    const { exit, stdout, stderr } = await cli([
      ...['klines/BTCUSDT/1h', '--resample', '1d'],
      ...['--from', '2026-05-31T12:00', '--to', '2026-06-02'],
    ])
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout.match(/^2026/gm)).toHaveLength(1)
  })

  test('have the columns that are asked for, in their order', async () => {
    const asked = {
      dataset: 'klines',
      ...{ dataDir: lake.dataDir, symbol: 'BTCUSDT', interval: '1h', resample: '1d' },
    } as const
    const all = await readTable(asked)
    const some = await readTable({ ...asked, columns: ['partial', 'close', 'open_time'] })
    expect(some.schema.names).toEqual(['partial', 'close', 'open_time'])
    for (const name of ['partial', 'close', 'open_time'])
      expect([...some.getChild(name)!]).toEqual([...all.getChild(name)!])
  })

  test('are refused by who requires all, as a table and as a stream', async () => {
    const asked = {
      dataset: 'klines',
      ...{ dataDir: lake.dataDir, symbol: 'BTCUSDT', interval: '1h' },
      ...{ from: '2026-06-01', to: '2026-06-04', resample: '1w' },
    } as const
    const { schema } = await readTable(asked)
    expect(JSON.parse(schema.metadata.get('incomplete') ?? '')).toEqual([
      { from: '2026-06-04T00:00:00.000000Z', to: '2026-06-08T00:00:00.000000Z' },
    ])
    const required = { ...asked, requireComplete: true }
    await expect(readTable(required)).rejects.toThrow(IncompleteError)
    await expect(readSeries(required).next()).rejects.toThrow(IncompleteError)
  })
})

describe('--out', () => {
  test('appears whole, its format told by its ending, through a link too', async () => {
    const directory = await tempDir()
    const [out, link] = [join(directory, 'rows.PARQUET'), join(directory, 'link.parquet')]
    await writeFile(out, 'old')
    await symlink(out, link)
    const { exit, stdout } = await cli(['klines/BTCUSDT/1h', '--out', link, '--json'])
    const { size } = { size: (await readFile(out)).byteLength }
    expect({ exit, told: JSON.parse(stdout) as unknown }).toEqual({
      exit: 0,
      told: { path: link, rows: 72, bytes: size, complete: true, missing: [] },
    })
    const [{ rows } = {}] = await query(`SELECT count(*) AS rows FROM read_parquet('${out}')`)
    expect(String(rows)).toBe('72')
    expect(await readdir(directory)).toEqual(['link.parquet', 'rows.PARQUET'])
  })

  test('stays as it was when the rows fail on the way', async () => {
    const directory = await tempDir()
    const out = join(directory, 'rows.csv')
    await writeFile(out, 'old')
    const rows = await exportSeries('klines/BTCUSDT/1h', { dataDir: lake.dataDir })
    async function* broken(): AsyncGenerator<Uint8Array, void, void> {
      yield new Uint8Array(10)
      throw new Error('torn')
    }
    await expect(writeExport(out, { ...rows, pieces: broken })).rejects.toThrow('torn')
    expect(await readdir(directory)).toEqual(['rows.csv'])
    expect(await readFile(out, 'utf8')).toBe('old')
  })

  test.each([
    ['a directory', 'folder', /is not a file/],
    ['a place that is not there', 'none/rows.csv', /cannot be written \(ENOENT\)/],
  ])('cannot be %s', async (_, name, words) => {
    const directory = await tempDir()
    await mkdir(join(directory, 'folder'))
    const { exit, stderr } = await cli(['klines/BTCUSDT/1h', '--out', join(directory, name)])
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringMatching(words) as string })
  })
})

test('a reader that has gone ends it quietly', async () => {
  const gone = new AbortController()
  const io = { ...fakeIo(), gone: gone.signal }
  const stdout = {
    ...io.stdout,
    write: async (): Promise<void> => {
      gone.abort()
    },
  }
  const argv = ['export', 'klines/BTCUSDT/1h', '--to', '2027-01-01', '--data-dir', lake.dataDir]
  expect(await run(argv, { ...io, stdout })).toBe(0)
  expect(io.err()).toBe('')
})

test('one file is read at a time, as the rows are taken', async () => {
  const files = nodeFiles(lake.dataDir)
  const opened: string[] = []
  const open = async (path: string): ReturnType<typeof files.open> => {
    opened.push(path)
    return files.open(path)
  }
  const { pieces } = await exportSeries('klines/BTCUSDT/1h', {
    world: { files: { ...files, open } },
  })
  const taken = pieces()
  await taken.next()
  expect(opened).toHaveLength(0)
  await taken.next()
  expect(opened).toHaveLength(1)
  await taken.return()
})

describe('a series', () => {
  test.each([
    ['spot/klines/BTCUSDT/1h', 0],
    ['klines/ETHUSDT/1M', 0],
    ['klines/ETHUSDT/1mo', 0],
  ])('%s is there', async (series, expected) => {
    expect((await cli([series])).exit).toBe(expected)
  })

  test.each([
    ['klines/btcusdt/1h', /did you mean klines\/BTCUSDT\/1h\?/],
    ['klines/ETHUSDT/1m', /did you mean klines\/ETHUSDT\/1/],
    ['klines BTCUSDT 1h', /did you mean klines\/BTCUSDT\/1h\?/],
    ['nothing', /no series nothing .*It has .*aggTrades\/BTCUSDT/],
  ])('%s is not: the nearest is named', async (series, words) => {
    const { exit, stdout, stderr } = await cli([series])
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toMatch(words)
  })

  test('needs one name', async () => {
    expect((await cli([])).stderr).toMatch(/takes one series, got 0 .*klines\/BTCUSDT\/1h/)
  })

  test('resampled has a column more', async () => {
    const { stdout } = await cli([
      'klines/BTCUSDT/1h',
      '--resample',
      '1d',
      '--from',
      '2026-06-01T01:00',
    ])
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/,partial$/)
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual([
      '2026-06-02T00:00:00.000000Z',
      '2026-06-03T00:00:00.000000Z',
    ])
  })

  test.each([
    [['klines/BTCUSDT/1h', '--resample', '5tick'], /tick bars are made of trades, not of klines/],
    [['klines/BTCUSDT/1h', '--resample', '90m'], /klines of 90m cannot be made of those of 1h/],
    [['aggTrades/BTCUSDT', '--resample', '3d'], /the lake holds none of this symbol/],
    [['aggTrades/BTCUSDT', '--resample', '5'], /"5" is not an interval to resample to/],
  ] as const)('%j is refused', async (argv, words) => {
    const { exit, stdout, stderr } = await cli(argv)
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toMatch(words)
  })

  test('of trades becomes klines, and bars that name their trades, in Parquet too', async () => {
    const out = join(await tempDir(), 'bars.parquet')
    const range = ['--from', '2026-11-03T05:00', '--to', '2026-11-03T06:00']
    const klines = await cli(['aggTrades/BTCUSDT', '--resample', '7m', ...range])
    const opens = klines.stdout.trimEnd().split('\n').slice(1)
    expect(opens[0]).toMatch(/^2026-11-03T05:0[0-6]:00\.000000Z,.*,false$/)
    expect(opens).toHaveLength(new Set(opens).size)
    const bars = await cli(['aggTrades/BTCUSDT', '--resample', '50ticks', ...range, '--out', out])
    expect(bars).toMatchObject({ exit: 0, stderr: '' })
    const [told] = await query(
      `SELECT sum(trade_count) = max(last_trade_id) - min(first_trade_id) + 1 AS whole,
        bool_and(trade_count >= 50 OR partial) AS filled FROM read_parquet('${out}')`,
    )
    expect(told).toEqual({ whole: 'true', filled: 'true' })
  })

  test('that is damaged ends with 4, and leaves no file', async () => {
    const directory = await tempDir()
    const { cp } = await import('node:fs/promises')
    await cp(lake.dataDir, join(directory, 'lake'), { recursive: true })
    const series = join(directory, 'lake/spot/klines/interval=1h/symbol=BTCUSDT')
    await rm(join(series, 'period=2026-06-02/data.parquet'))
    const out = join(directory, 'rows.csv')
    const { exit } = await command([
      ...['export', 'klines/BTCUSDT/1h', '--out', out],
      ...['--data-dir', join(directory, 'lake')],
    ])
    expect(exit).toBe(4)
    expect(await readdir(directory)).toEqual(['lake'])
  })
})
