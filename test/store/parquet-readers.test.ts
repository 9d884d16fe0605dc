import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import { readColumnIndex, readOffsetIndex } from 'hyparquet/src/indexes.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnBounds } from '../../src/store/parquet/read.ts'
import { filePlans } from '../support/parquet-arbitraries.ts'
import {
  readWithArrowRs,
  readWithDuckdb,
  readWithHyparquet,
  type Columns,
} from '../support/parquet-foreign.ts'
import { readParquet, writeParquet } from '../support/parquet-memory.ts'
import { keyColumn, tableBatch, tableSchema, type Table } from '../support/parquet-tables.ts'
import { makeTrades, mulberry32, tradeBatch, tradeSchema } from '../support/parquet-trades.ts'
import type { Compression } from '../../src/job/job.ts'

let folder: string
let connection: DuckDBConnection
let files = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parquet-readers-'))
  connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
})

afterAll(async () => {
  connection.closeSync()
  await rm(folder, { recursive: true })
})

/** A path of its own each time: DuckDB remembers the footers of paths that it has read. */
async function onDisk(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `${files++}.parquet`)
  await writeFile(path, bytes)
  return path
}

async function query(sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await connection.runAndReadAll(sql)).getRows()
}

function write(
  table: Table,
  compression: Compression = 'zstd',
  rowGroupRows?: number,
): Promise<Buffer> {
  const options = { schema: tableSchema(table), sortedBy: 'key', compression, createdBy: 'test' }
  return writeParquet({ ...options, ...(rowGroupRows === undefined ? {} : { rowGroupRows }) }, [
    tableBatch(table),
  ])
}

/** Five pages and a bit in one row group, of every kind of column. */
function longTable(rows: number): Table {
  const next = mulberry32(7)
  const pick = (count: number): number => Math.floor(next() * count)
  const cells = <T>(make: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => make(i))
  return [
    keyColumn(rows, 10_000_000_000n),
    {
      name: 'time',
      kind: 'time',
      nullable: false,
      cells: cells((i) => 1_735_689_600_000_000n + BigInt(i * 977 + pick(900))),
    },
    { name: 'falling', kind: 'int', nullable: false, cells: cells((i) => BigInt(-i) << 40n) },
    {
      name: 'wild',
      kind: 'int',
      nullable: false,
      cells: cells(() => BigInt.asIntN(64, BigInt(pick(2 ** 30)) << BigInt(pick(63)))),
    },
    { name: 'odd', kind: 'double', nullable: false, cells: cells(() => next() * 1e6 - 5e5) },
    {
      name: 'few',
      kind: 'double',
      nullable: true,
      cells: cells(() => (next() < 0.2 ? null : pick(50) / 8 - 3)),
    },
    {
      name: 'price',
      kind: 'price',
      nullable: false,
      cells: cells(() => BigInt(pick(4000) - 2000) * 1_000_000n),
    },
    {
      name: 'quantity',
      kind: 'quantity',
      nullable: false,
      cells: cells(() => (BigInt(pick(2 ** 30)) - 2n ** 29n) * 10n ** BigInt(pick(20))),
    },
    {
      name: 'volume',
      kind: 'quantity',
      nullable: true,
      cells: cells((i) => (i < 50_000 || next() < 0.3 ? null : BigInt(pick(60)))),
    },
    { name: 'text', kind: 'text', nullable: false, cells: cells(() => (next() * 1000).toFixed(8)) },
    {
      name: 'note',
      kind: 'text',
      nullable: true,
      cells: cells(() => (next() < 0.5 ? null : ['', 'NEW', 'FILLED', 'ä€😀'][pick(4)]!)),
    },
    { name: 'flag', kind: 'flag', nullable: false, cells: cells(() => next() < 0.3) },
    {
      name: 'seldom',
      kind: 'flag',
      nullable: true,
      cells: cells((i) => (i % 9000 === 5 ? null : i > 70_000)),
    },
    { name: 'nothing', kind: 'int', nullable: true, cells: cells(() => null) },
  ]
}

/** The first cell that is not as expected; comparing a million of them by `toEqual` takes seconds. */
function firstDifference(found: Columns, cells: Columns): string | undefined {
  if (found.length !== cells.length) return `${found.length} columns`
  for (const [c, column] of cells.entries()) {
    const other = found[c]!
    if (other.length !== column.length) return `column ${c}: ${other.length} rows`
    const row = column.findIndex((cell, i) => !Object.is(cell, other[i]))
    if (row >= 0)
      return `column ${c}, row ${row}: ${String(other[row])}, not ${String(column[row])}`
  }
  return undefined
}

const LONG_ROWS = 105_000
const long = longTable(LONG_ROWS)
const expected = long.map(({ cells }) => cells)

describe('any small file', () => {
  it('is read alike by DuckDB, arrow-rs and hyparquet', async () => {
    await fc.assert(
      fc.asyncProperty(filePlans(80), async ({ table, compression, rowGroupRows }) => {
        const bytes = await write(table, compression, rowGroupRows)
        const cells = table.map((column) => column.cells)
        expect(await readWithDuckdb(connection, await onDisk(bytes))).toEqual(cells)
        expect(readWithArrowRs(bytes, table.length)).toEqual(cells)
        expect(await readWithHyparquet(bytes)).toEqual(cells)
      }),
      { numRuns: 120 },
    )
  })
})

describe('a file of many pages', () => {
  it.each(['zstd', 'snappy', 'gzip', 'none'] as const)(
    'is read alike with %s',
    async (compression) => {
      const bytes = await write(long, compression)
      expect(
        firstDifference(await readWithDuckdb(connection, await onDisk(bytes)), expected),
      ).toBeUndefined()
      expect(firstDifference(readWithArrowRs(bytes, long.length), expected)).toBeUndefined()
      expect(firstDifference(await readWithHyparquet(bytes), expected)).toBeUndefined()
    },
  )

  it('tells its page index truly: hyparquet reads any range of rows through it', async () => {
    const bytes = await write(long, 'zstd', 70_000)
    for (const [rowStart, rowEnd] of [
      [0, 3],
      [20_479, 20_482],
      [41_000, 41_001],
      [69_990, 70_010],
      [104_990, LONG_ROWS],
    ] as const) {
      const columns = await readWithHyparquet(bytes, { rowStart, rowEnd })
      expect(columns).toEqual(expected.map((cells) => cells.slice(rowStart, rowEnd)))
    }
  })

  it('states bounds and order of its pages as they are', async () => {
    const bytes = await write(long)
    const { row_groups: groups, schema } = parquetMetadata(bytes)
    const orders = groups[0]!.columns.map((chunk, c) => {
      const reader = (from: bigint, size: number): { view: DataView; offset: number } => ({
        view: new DataView(bytes.buffer, bytes.byteOffset + Number(from), size),
        offset: 0,
      })
      const { name, type, repetition_type } = schema[c + 1]!
      const element =
        long[c]!.kind === 'text'
          ? schema[c + 1]!
          : { name, type: type!, repetition_type: repetition_type! }
      const index = readColumnIndex(
        reader(chunk.column_index_offset!, chunk.column_index_length!),
        element,
      )
      const { page_locations: pages } = readOffsetIndex(
        reader(chunk.offset_index_offset!, chunk.offset_index_length!),
      )
      const starts = pages.map((page) => Number(page.first_row_index))
      expect(starts).toEqual([0, 20_480, 40_960, 61_440, 81_920, 102_400])
      starts.forEach((start, p) => {
        const cells = long[c]!.cells.slice(start, starts[p + 1] ?? LONG_ROWS)
        const present = cells.filter((cell) => cell !== null)
        expect(index.null_pages[p]).toBe(present.length === 0)
        expect(index.null_counts?.[p]).toBe(BigInt(cells.length - present.length))
        if (present.length === 0 || long[c]!.kind === 'quantity') return
        const least = present.reduce((a, b) => (b < a ? b : a))
        const most = present.reduce((a, b) => (b > a ? b : a))
        expect([index.min_values[p], index.max_values[p]]).toEqual([least, most])
      })
      return [schema[c + 1]!.name, index.boundary_order]
    })
    expect(Object.fromEntries(orders)).toMatchObject({
      key: 'ASCENDING',
      time: 'ASCENDING',
      falling: 'DESCENDING',
      odd: 'UNORDERED',
      nothing: 'ASCENDING',
    })
  })

  it('reads back here, bounds included', async () => {
    const { footer } = await readParquet(await write(long))
    for (const { name, cells } of long) {
      const present = cells.filter((cell) => cell !== null)
      const bounds =
        present.length === 0
          ? undefined
          : {
              min: present.reduce((a, b) => (b < a ? b : a)),
              max: present.reduce((a, b) => (b > a ? b : a)),
            }
      expect(columnBounds(footer, 0, name)).toEqual(bounds)
    }
  })
})

describe('DuckDB', () => {
  it('sees the types that were meant', async () => {
    const path = await onDisk(await write(long))
    const types = Object.fromEntries(
      (await query(`SELECT column_name, column_type FROM (DESCRIBE FROM '${path}')`)) as [
        string,
        string,
      ][],
    )
    expect(types).toEqual({
      key: 'BIGINT',
      time: 'TIMESTAMP WITH TIME ZONE',
      falling: 'BIGINT',
      wild: 'BIGINT',
      odd: 'DOUBLE',
      few: 'DOUBLE',
      price: 'DECIMAL(18,8)',
      quantity: 'DECIMAL(38,8)',
      volume: 'DECIMAL(38,8)',
      text: 'VARCHAR',
      note: 'VARCHAR',
      flag: 'BOOLEAN',
      seldom: 'BOOLEAN',
      nothing: 'BIGINT',
    })
    const required = await query(
      `SELECT name, repetition_type FROM parquet_schema('${path}') WHERE repetition_type = 'OPTIONAL'`,
    )
    expect(required.map(([name]) => name)).toEqual(['few', 'volume', 'note', 'seldom', 'nothing'])
  })

  it('finds statistics that agree with the rows', async () => {
    const path = await onDisk(await write(long, 'zstd', 50_000))
    for (const { name, kind } of long) {
      const type = {
        time: 'TIMESTAMPTZ',
        int: 'BIGINT',
        double: 'DOUBLE',
        price: 'DECIMAL(18,8)',
        quantity: 'DECIMAL(38,8)',
        text: 'VARCHAR',
        flag: 'BOOLEAN',
      }[kind]
      const [row] = await query(`
        WITH stats AS (
          SELECT min(stats_min_value::${type}) AS low, max(stats_max_value::${type}) AS high, sum(stats_null_count) AS nulls
          FROM parquet_metadata('${path}') WHERE path_in_schema = '${name}'),
        found AS (SELECT min("${name}") AS low, max("${name}") AS high, count(*) - count("${name}") AS nulls FROM '${path}')
        SELECT stats.low IS NOT DISTINCT FROM found.low, stats.high IS NOT DISTINCT FROM found.high, stats.nulls = found.nulls FROM stats, found`)
      expect([name, ...row!]).toEqual([name, true, true, true])
    }
  })

  it('finds every row by predicate that it finds without statistics', async () => {
    const bytes = await write(long, 'zstd', 30_000)
    const path = await onDisk(bytes)
    await connection.run(`CREATE OR REPLACE TABLE plain AS FROM '${path}'`)
    for (const { name } of long) {
      for (const row of [5, 40_961, 99_999]) {
        for (const operator of ['=', '<', '>=']) {
          const counted = (from: string): string =>
            `SELECT count(*) FROM ${from} WHERE "${name}" ${operator} (SELECT "${name}" FROM plain WHERE key = 10000000000 + ${row})`
          const literal = await query(
            `SELECT "${name}"::VARCHAR, typeof("${name}") FROM plain WHERE key = 10000000000 + ${row}`,
          )
          const [value, type] = literal[0] as [string | null, string]
          if (value === null) continue
          const [pushed] = await query(
            `SELECT count(*) FROM '${path}' WHERE "${name}" ${operator} '${value}'::${type}`,
          )
          const [whole] = await query(counted('plain'))
          expect([name, operator, pushed![0]]).toEqual([name, operator, whole![0]])
        }
      }
    }
  })

  it('sees metadata, writer, order and codec', async () => {
    const trades = tradeBatch(makeTrades(1000), 'decimal')
    const options = {
      schema: tradeSchema('decimal'),
      sortedBy: 'agg_trade_id',
      compression: 'zstd',
      createdBy: 'someone 1.2.3',
    } as const
    const bytes = await writeParquet(options, [trades], {
      symbol: 'BTCUSDT',
      dataset: 'aggTrades',
      ä: '€',
    })
    const path = await onDisk(bytes)
    expect(
      await query(`SELECT decode(key), decode(value) FROM parquet_kv_metadata('${path}')`),
    ).toEqual([
      ['dataset', 'aggTrades'],
      ['file_crc32', expect.stringMatching(/^[0-9a-f]{8}$/)],
      ['symbol', 'BTCUSDT'],
      ['ä', '€'],
    ])
    expect(
      await query(
        `SELECT created_by, num_rows, format_version FROM parquet_file_metadata('${path}')`,
      ),
    ).toEqual([['someone 1.2.3', 1000n, 2n]])
    expect(await query(`SELECT DISTINCT compression FROM parquet_metadata('${path}')`)).toEqual([
      ['ZSTD'],
    ])
    expect(parquetMetadata(bytes).row_groups[0]!.sorting_columns).toEqual([
      { column_idx: 0, descending: false, nulls_first: false },
    ])
  })
})
