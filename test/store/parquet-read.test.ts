import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { columnBounds, readFooter, readRowGroup } from '../../src/store/parquet/read.ts'
import { memoryFile, readParquet, writeParquet } from '../support/parquet-memory.ts'
import {
  batchCells,
  keyColumn,
  tableBatch,
  tableSchema,
  type Cell,
  type Table,
} from '../support/parquet-tables.ts'
import type { Compression } from '../../src/job/job.ts'

/** One of every kind of column and encoding, some with nulls. */
function smallTable(rows: number): Table {
  const cells = (make: (i: number) => Cell): Cell[] =>
    Array.from({ length: rows }, (_, i) => make(i))
  return [
    keyColumn(rows, 3_360_000_000n),
    {
      name: 'time',
      kind: 'time',
      nullable: false,
      cells: cells((i) => 1_735_689_600_010_866n + BigInt(i * i)),
    },
    { name: 'double', kind: 'double', nullable: false, cells: cells((i) => Math.sqrt(i)) },
    {
      name: 'few',
      kind: 'double',
      nullable: true,
      cells: cells((i) => (i % 5 === 0 ? null : (i % 3) / 8)),
    },
    {
      name: 'price',
      kind: 'price',
      nullable: false,
      cells: cells((i) => BigInt(i % 4) * 1_000_000n),
    },
    {
      name: 'quantity',
      kind: 'quantity',
      nullable: true,
      cells: cells((i) => (i % 7 === 0 ? null : BigInt(i) << 70n)),
    },
    { name: 'text', kind: 'text', nullable: false, cells: cells((i) => `order ${i * 7919}`) },
    {
      name: 'word',
      kind: 'text',
      nullable: true,
      cells: cells((i) => [null, 'NEW', 'FILLED'][i % 3]!),
    },
    { name: 'flag', kind: 'flag', nullable: false, cells: cells((i) => i % 3 === 0) },
  ]
}

const table = smallTable(40)

function write(compression: Compression = 'none', rowGroupRows = 25): Promise<Buffer> {
  const options = {
    schema: tableSchema(table),
    sortedBy: 'key',
    compression,
    createdBy: 'test',
    rowGroupRows,
  }
  return writeParquet(options, [tableBatch(table)], { symbol: 'BTCUSDT' })
}

/** The cells of a file, or the error that reading it gives. */
async function attempt(bytes: Uint8Array): Promise<readonly Cell[][] | Error> {
  try {
    const { footer, batches } = await readParquet(bytes)
    return footer.shapes.map((_, i) => batches.flatMap((batch) => batchCells(batch, i)))
  } catch (error) {
    return error as Error
  }
}

const isCorrupt = (error: unknown): boolean =>
  error instanceof StoreError && error.code === 'E_STORE_CORRUPT'

describe('a footer', () => {
  it('says what was written', async () => {
    const footer = await readFooter(memoryFile(await write()))
    expect(footer.rows).toBe(40)
    expect(footer.rowGroups.map(({ rows }) => rows)).toEqual([25, 15])
    expect([...footer.metadata]).toEqual([
      ['file_crc32', expect.stringMatching(/^[0-9a-f]{8}$/)],
      ['symbol', 'BTCUSDT'],
    ])
    expect(footer.createdBy).toBe('test')
    expect(columnBounds(footer, 1, 'key')).toEqual({ min: 3_360_000_025n, max: 3_360_000_039n })
  })

  it('may be longer than what is read at first', async () => {
    const long = Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [`key ${i}`, 'x'.repeat(50)]),
    )
    const options = {
      schema: tableSchema(table),
      sortedBy: 'key',
      compression: 'none',
      createdBy: 'test',
    } as const
    const footer = await readFooter(
      memoryFile(await writeParquet(options, [tableBatch(table)], long)),
    )
    expect(footer.metadata.size).toBe(3001)
    expect(footer.rows).toBe(40)
  })

  it('is damaged when the file is cut anywhere', async () => {
    const bytes = await write('zstd')
    for (let size = 0; size < bytes.length; size++) {
      const error = await attempt(bytes.subarray(0, size))
      expect([size, isCorrupt(error)]).toEqual([size, true])
    }
  })

  it('is damaged when bytes at the front are lost', async () => {
    const bytes = await write('zstd')
    expect(isCorrupt(await attempt(bytes.subarray(1)))).toBe(true)
    expect(isCorrupt(await attempt(Buffer.from('PAR1PAR1PAR1')))).toBe(true)
    expect(isCorrupt(await attempt(Buffer.alloc(100)))).toBe(true)
  })

  it('gives no other error, whichever bit of it is flipped', async () => {
    const bytes = await write('none', 40)
    const { footer } = await readParquet(bytes)
    const end = Math.max(...footer.rowGroups.flatMap(({ chunks }) => chunks.map(({ to }) => to)))
    for (let bit = end * 8; bit < bytes.length * 8; bit += STEP) {
      const found = await attempt(flipped(bytes, bit))
      expect([bit, !(found instanceof Error) || isCorrupt(found) ? 'fine' : found]).toEqual([
        bit,
        'fine',
      ])
    }
  })
})

/** Only some bits are flipped, for time, yet each of a byte's eight in turn. */
const STEP = 7

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

describe('a page', () => {
  it.each(['none', 'zstd', 'snappy', 'gzip'] as const)(
    'never gives other rows without an error, whichever bit is flipped (%s)',
    async (compression) => {
      const bytes = await write(compression, 40)
      const { footer } = await readParquet(bytes)
      const expected = table.map(({ cells }) => cells)
      const chunks = footer.rowGroups[0]!.chunks
      let named = 0
      for (const [c, { from, to }] of chunks.entries()) {
        for (let bit = from * 8; bit < to * 8; bit += STEP) {
          const found = await attempt(flipped(bytes, bit))
          if (!isCorrupt(found)) expect([bit, found]).toEqual([bit, expected])
          else if ((found as Error).message.includes(`row group 0, column ${table[c]!.name}`))
            named++
          else expect([bit, found]).toEqual([bit, 'an error that names row group and column'])
        }
      }
      expect(named).toBeGreaterThan(200)
    },
  )

  it('names the checksum when its bytes changed', async () => {
    const bytes = await write()
    const { chunks } = (await readFooter(memoryFile(bytes))).rowGroups[1]!
    const damaged = flipped(bytes, (chunks[6]!.to - 1) * 8)
    await expect(readParquet(damaged)).rejects.toThrow(
      'row group 1, column text has a page whose checksum is wrong',
    )
  })
})

describe('a row group', () => {
  it('gives the columns that are asked for, in that order', async () => {
    const file = memoryFile(await write())
    const batch = await readRowGroup(file, await readFooter(file), 1, ['word', 'key'])
    expect(batch.schema.fields.map(({ name }) => name)).toEqual(['word', 'key'])
    expect(batchCells(batch, 0)).toEqual(table[7]!.cells.slice(25))
    expect(batchCells(batch, 1)).toEqual(table[0]!.cells.slice(25))
  })

  it('must exist, and so must its columns', async () => {
    const file = memoryFile(await write())
    const footer = await readFooter(file)
    await expect(readRowGroup(file, footer, 2)).rejects.toThrow(RangeError)
    await expect(readRowGroup(file, footer, 0, ['other'])).rejects.toThrow('no column other')
    expect(() => columnBounds(footer, 2, 'key')).toThrow(RangeError)
    expect(() => columnBounds(footer, 0, 'other')).toThrow(RangeError)
  })

  it('is damaged when the file ends while it is read', async () => {
    const bytes = await write()
    const footer = await readFooter(memoryFile(bytes))
    await expect(readRowGroup(memoryFile(bytes.subarray(0, 100)), footer, 0)).rejects.toSatisfy(
      isCorrupt,
    )
  })
})
