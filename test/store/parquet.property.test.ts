import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { readRleBitPackedHybrid } from 'hyparquet/src/encoding.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compressor, inflater } from '../../src/store/parquet/compress.ts'
import { decodeDelta } from '../../src/store/parquet/delta-decode.ts'
import { encodeDelta } from '../../src/store/parquet/delta.ts'
import { buildDictionary } from '../../src/store/parquet/dictionary.ts'
import { bitWidth, encodeHybrid, hybridBytesMax } from '../../src/store/parquet/hybrid.ts'
import { filePlans, type FilePlan } from '../support/parquet-arbitraries.ts'
import { readParquet, writeParquet } from '../support/parquet-memory.ts'
import { batchCells, tableBatch, tableSchema } from '../support/parquet-tables.ts'

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

async function write(plan: FilePlan): Promise<Buffer> {
  const { table, rowGroupRows, compression, cuts, padding } = plan
  const options = { schema: tableSchema(table), sortedBy: 'key', compression, createdBy: 'test' }
  let from = 0
  const batches = cuts.map((to) => {
    const batch = tableBatch(table, from, to, padding)
    from = to
    return batch
  })
  return writeParquet({ ...options, rowGroupRows }, batches)
}

describe('a whole file', () => {
  it('reads back as it was written, whatever the types, nulls, batches and row groups', async () => {
    await fc.assert(
      fc.asyncProperty(filePlans(200), async (plan) => {
        const { footer, batches } = await readParquet(await write(plan))
        const rows = plan.table[0]!.cells.length
        expect(footer.rows).toBe(rows)
        expect(footer.schema.toString()).toBe(tableSchema(plan.table).toString())
        for (const [i, { cells }] of plan.table.entries()) {
          expect(batches.flatMap((batch) => batchCells(batch, i))).toEqual(cells)
        }
        const groups = footer.rowGroups.map((group) => group.rows)
        expect(groups.slice(0, -1).every((group) => group === plan.rowGroupRows)).toBe(true)
        expect(groups.length).toBe(Math.ceil(rows / plan.rowGroupRows))
      }),
      { numRuns: 150 },
    )
  })

  it('is the same bytes however the rows come in', async () => {
    await fc.assert(
      fc.asyncProperty(filePlans(120), async (plan) => {
        const rows = plan.table[0]!.cells.length
        const whole = await write({ ...plan, cuts: [rows], padding: 0 })
        expect((await write(plan)).equals(whole)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })
})

describe('DELTA_BINARY_PACKED', () => {
  const int = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)
  const step = fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(-(2n ** 40n), 2n ** 40n), fc.bigInt(-9n, 9n))
  const values = fc.tuple(int, fc.array(step, { maxLength: 400 })).map(([first, steps]) => {
    let value = first
    return BigInt64Array.from([
      first,
      ...steps.map((by) => (value = BigInt.asIntN(64, value + by))),
    ])
  })

  it('is decoded by two decoders, where it can encode', () => {
    let encodedRuns = 0
    fc.assert(
      fc.property(values, fc.nat(5), (given, skip) => {
        const from = Math.min(skip, given.length - 1)
        const bytes = encodeDelta(new Int32Array(given.buffer), from, given.length)
        if (bytes === undefined) return
        encodedRuns++
        const expected = given.slice(from)
        const foreign = new BigInt64Array(expected.length)
        const reader = { view: viewOf(bytes), offset: 0 }
        deltaBinaryUnpack(reader, expected.length, foreign)
        expect(foreign).toEqual(expected)
        const own = decodeDelta(bytes, expected.length)
        expect(new BigInt64Array(own.buffer)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
    expect(encodedRuns).toBeGreaterThan(100)
  })

  it('declines differences that a double cannot hold', () => {
    const wide = BigInt64Array.of(0n, 2n ** 52n)
    expect(encodeDelta(new Int32Array(wide.buffer), 0, 2)).toBeUndefined()
    const close = BigInt64Array.of(0n, 2n ** 52n - 1n, 0n)
    const bytes = encodeDelta(new Int32Array(close.buffer), 0, 3)!
    expect(new BigInt64Array(decodeDelta(bytes, 3).buffer)).toEqual(close)
  })
})

describe('the RLE / bit-packing hybrid', () => {
  it('is decoded as it was, for every width and any mix of runs', () => {
    const runs = fc.array(fc.tuple(fc.nat(2 ** 24 - 1), fc.integer({ min: 1, max: 70 })), {
      minLength: 1,
      maxLength: 30,
    })
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 24 }), (found, width) => {
        const mask = 2 ** width - 1
        const numbers = Int32Array.from(
          found.flatMap(([number, times]) => Array<number>(times).fill(number & mask)),
        )
        const out = new Uint8Array(hybridBytesMax(numbers.length, width))
        const end = encodeHybrid(numbers, { from: 0, to: numbers.length, width }, out, 0)
        expect(end).toBeLessThanOrEqual(out.length)
        const decoded = new Int32Array(numbers.length)
        readRleBitPackedHybrid(
          { view: viewOf(out.subarray(0, end)), offset: 0 },
          width,
          decoded,
          end,
        )
        expect(decoded).toEqual(numbers)
      }),
      { numRuns: 300 },
    )
  })
})

describe('dictionaries', () => {
  it('stand for the values that they were made of, first come first', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt(-5n, 5n), { minLength: 1, maxLength: 300 }), (given) => {
        const words = new Int32Array(BigInt64Array.from(given).buffer)
        const values = { kind: 'ints', count: given.length, words } as const
        const dictionary = buildDictionary(values, Infinity)!
        const entries = [...dictionary.firsts].map((first) => given[first])
        expect(entries).toEqual([...new Set(given)])
        expect([...dictionary.indices].map((index) => entries[index])).toEqual(given)
      }),
    )
  })

  it('are given up when they take as many bytes as allowed', () => {
    const words = new Int32Array(BigInt64Array.from({ length: 100 }, (_, i) => BigInt(i)).buffer)
    const values = { kind: 'ints', count: 100, words } as const
    const sizeBytes = 100 * 8 + (100 * bitWidth(99)) / 8
    expect(buildDictionary(values, sizeBytes)).toBeUndefined()
    expect(buildDictionary(values, sizeBytes + 1)?.firsts).toHaveLength(100)
  })
})

describe('codecs', () => {
  it.each(['zstd', 'snappy', 'gzip', 'none'] as const)(
    '%s inflates what it compressed',
    async (name) => {
      const compress = await compressor(name)
      const inflate = await inflater(name)
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 1, maxLength: 3000 }),
          fc.boolean(),
          (bytes, repeat) => {
            const given = repeat ? Buffer.concat([bytes, bytes, bytes]) : Buffer.from(bytes)
            expect(Buffer.from(inflate(compress(given), given.length)).equals(given)).toBe(true)
            expect(() => inflate(compress(given), given.length + 1)).toThrow()
          },
        ),
      )
    },
  )
})
