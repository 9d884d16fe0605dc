import { describe, expect, it } from 'vitest'
import { Field, Float64, Int32, Int64, Schema } from 'apache-arrow'
import { columnBounds } from '../../src/store/parquet/read.ts'
import { ParquetFileWriter, ROW_GROUP_ROWS } from '../../src/store/parquet/write.ts'
import { readParquet, writeParquet } from '../support/parquet-memory.ts'
import {
  batchCells,
  keyColumn,
  tableBatch,
  tableSchema,
  type Cell,
  type ColumnKind,
  type Table,
} from '../support/parquet-tables.ts'
import { makeTrades, tradeBatch, tradeSchema } from '../support/parquet-trades.ts'

const options = { sortedBy: 'key', compression: 'none', createdBy: 'test' } as const
const discard = (): Promise<void> => Promise.resolve()

function tableOf(kind: ColumnKind, cells: readonly Cell[], nullable = false): Table {
  return [keyColumn(cells.length), { name: 'c', kind, nullable, cells }]
}

function write(table: Table, rowGroupRows = ROW_GROUP_ROWS): Promise<Buffer> {
  return writeParquet({ ...options, schema: tableSchema(table), rowGroupRows }, [tableBatch(table)])
}

describe('row groups', () => {
  it.each([
    [0, []],
    [1, [1]],
    [99, [99]],
    [100, [100]],
    [101, [100, 1]],
    [350, [100, 100, 100, 50]],
  ])('of 100 rows, for %i rows', async (rows, expected) => {
    const table = [keyColumn(rows)]
    const { footer } = await readParquet(await write(table, 100))
    expect(footer.rowGroups.map((group) => group.rows)).toEqual(expected)
    expect(footer.rows).toBe(rows)
  })

  it('are written as they fill, not at the end', async () => {
    const table = [keyColumn(250)]
    const sizes: number[] = []
    const writer = new ParquetFileWriter(
      { ...options, schema: tableSchema(table), rowGroupRows: 100 },
      (bytes) => {
        sizes.push(bytes.length)
        return Promise.resolve()
      },
    )
    await writer.append(tableBatch(table))
    expect(sizes).toHaveLength(2)
    await writer.finish({})
    expect(sizes).toHaveLength(4)
  })
})

describe('bytes', () => {
  it.each(['float64', 'decimal'] as const)(
    'are the same for the same trades, %s',
    async (numbers) => {
      const schema = tradeSchema(numbers)
      const trades = { ...options, schema, sortedBy: 'agg_trade_id', compression: 'zstd' } as const
      const batch = tradeBatch(makeTrades(150_000), numbers)
      const pieces = [batch.slice(0, 1), batch.slice(1, 70_001), batch.slice(70_001, 150_000)]
      const whole = await writeParquet(trades, [batch], { b: '2', a: '1' })
      const apart = await writeParquet(trades, pieces, { a: '1', b: '2' })
      expect(apart.equals(whole)).toBe(true)
      // Six bytes a row is what the default codec is there for.
      expect(whole.length / 150_000).toBeLessThan(6)
    },
  )
})

describe('appends', () => {
  it('refuse to overlap, and the refused ones leave no rows behind', async () => {
    const table = [keyColumn(10)]
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    const writer = new ParquetFileWriter(
      { ...options, schema: tableSchema(table), rowGroupRows: 5 },
      () => gate,
    )
    const first = writer.append(tableBatch(table))
    await expect(writer.append(tableBatch(table))).rejects.toThrow('awaited')
    await expect(writer.finish({})).rejects.toThrow('awaited')
    open()
    await first
    expect((await writer.finish({})).rows).toBe(10)
  })

  it('fail with the write that failed, and none comes after', async () => {
    const table = [keyColumn(10)]
    const full = new Error('disk full')
    const writer = new ParquetFileWriter(
      { ...options, schema: tableSchema(table), rowGroupRows: 5 },
      () => Promise.reject(full),
    )
    await expect(writer.append(tableBatch(table))).rejects.toBe(full)
    await expect(writer.append(tableBatch(table))).rejects.toThrow('failed')
    await expect(writer.finish({})).rejects.toThrow('failed')
  })

  it('are over after the finish', async () => {
    const table = [keyColumn(3)]
    const writer = new ParquetFileWriter({ ...options, schema: tableSchema(table) }, discard)
    await writer.append(tableBatch(table))
    expect((await writer.finish({})).rows).toBe(3)
    await expect(writer.append(tableBatch(table))).rejects.toThrow('finished')
    await expect(writer.finish({})).rejects.toThrow('finished')
  })

  it('take rows in order only, within row groups and across them', async () => {
    const falling = [{ ...keyColumn(2), cells: [5n, 4n] }]
    await expect(write(falling)).rejects.toThrow('not sorted')
    await expect(write(falling, 1)).rejects.toThrow('not sorted')
    const wrapped = [{ ...keyColumn(2), cells: [2n ** 32n, 2n ** 32n - 1n] }]
    await expect(write(wrapped)).rejects.toThrow('not sorted')
    const fine = [{ ...keyColumn(4), cells: [-(2n ** 63n), -1n, 2n ** 32n, 2n ** 63n - 1n] }]
    await expect(write(fine, 2)).resolves.toBeDefined()
  })

  it('take the columns of the file only', async () => {
    const writer = (): ParquetFileWriter =>
      new ParquetFileWriter({ ...options, schema: tableSchema([keyColumn(0)]) }, discard)
    const other = [{ ...keyColumn(2), name: 'other' }]
    await expect(writer().append(tableBatch(other))).rejects.toThrow('another column')
    const more = [keyColumn(2), { ...keyColumn(2), name: 'more' }]
    await expect(writer().append(tableBatch(more))).rejects.toThrow('2 columns')
    const time = [{ ...keyColumn(2), kind: 'time' as const }]
    await expect(writer().append(tableBatch(time))).rejects.toThrow('another column')
  })

  it('refuse nulls where there must be none', async () => {
    const batch = tableBatch(tableOf('int', [1n, null], true))
    const schema = tableSchema(tableOf('int', []))
    await expect(writeParquet({ ...options, schema }, [batch])).rejects.toThrow('nulls')
  })
})

describe('decimals', () => {
  const high = 10n ** 18n - 1n
  const higher = 10n ** 38n - 1n

  it.each([
    ['price', high],
    ['price', -high],
    ['quantity', higher],
    ['quantity', -higher],
  ] as const)('%s holds %i', async (kind, value) => {
    const { batches } = await readParquet(await write(tableOf(kind, [value])))
    expect(batchCells(batches[0]!, 1)).toEqual([value])
  })

  it.each([
    ['price', high + 1n],
    ['price', -high - 1n],
    ['price', 2n ** 64n],
    ['price', 2n ** 96n],
    ['quantity', higher + 1n],
    ['quantity', -higher - 1n],
    ['quantity', 2n ** 127n - 1n],
  ] as const)('%s refuses %i, saying which column', async (kind, value) => {
    const writing = write(tableOf(kind, [0n, value]))
    await expect(writing).rejects.toMatchObject({ code: 'E_DATA_REFUSED', message: /column c / })
  })
})

describe('options', () => {
  const open = (schema: Schema, sortedBy = 'key', rowGroupRows?: number): ParquetFileWriter =>
    new ParquetFileWriter(
      { ...options, schema, sortedBy, ...(rowGroupRows === undefined ? {} : { rowGroupRows }) },
      discard,
    )
  const key = new Field('key', new Int64(), false)

  it.each([
    [
      'a type that is not written',
      () => open(new Schema([key, new Field('c', new Int32(), false)])),
    ],
    ['a sorting column that is not there', () => open(new Schema([key]), 'other')],
    ['sorting by doubles', () => open(new Schema([new Field('key', new Float64(), false)]))],
    ['sorting by what may be null', () => open(new Schema([new Field('key', new Int64(), true)]))],
    ['a name twice', () => open(new Schema([key, key]))],
    [
      'names that JavaScript would reorder',
      () => open(new Schema([key, new Field('1', new Int64(), false)])),
    ],
    ['no rows in a row group', () => open(new Schema([key]), 'key', 0)],
    ['no columns', () => open(new Schema([]))],
  ])('refuse %s', (_, opening) => {
    expect(opening).toThrow(RangeError)
  })
})

describe('bounds', () => {
  const bounds = async (table: Table): Promise<unknown> => {
    const { footer } = await readParquet(await write(table))
    return columnBounds(footer, 0, 'c')
  }

  it.each([
    ['zeros, whatever their sign', 'double', [0, 0], { min: -0, max: 0 }],
    ['negative zeros', 'double', [-0, -0], { min: -0, max: 0 }],
    ['NaN among numbers', 'double', [NaN, 2, NaN, 1], { min: 1, max: 2 }],
    ['infinities', 'double', [Infinity, Infinity], { min: Infinity, max: Infinity }],
    ['NaN only', 'double', [NaN, NaN], undefined],
    ['numbers by value, not by digits', 'int', [10n, 100n, 2n, 20n], { min: 2n, max: 100n }],
    ['negative decimals', 'quantity', [-1n, 1n, -(2n ** 70n)], { min: -(2n ** 70n), max: 1n }],
    [
      'text by code point',
      'text',
      ['b', 'ä', 'aa', '\u{1f600}', '\uffff'],
      { min: 'aa', max: '\u{1f600}' },
    ],
    ['booleans', 'flag', [true, true], { min: true, max: true }],
    ['text too long to repeat', 'text', ['a', 'b'.repeat(5000)], undefined],
  ] as const)('of %s', async (_, kind, cells, expected) => {
    expect(await bounds(tableOf(kind, cells))).toEqual(expected)
  })

  it('of nulls only are none', async () => {
    expect(await bounds(tableOf('int', [null, null], true))).toBeUndefined()
  })
})
