import { describe, expect, it } from 'vitest'
import { compareAt, extremes, shortenMax, shortenMin } from '../../src/store/parquet/bounds.ts'
import { ColumnBuffer } from '../../src/store/parquet/column-buffer.ts'
import { encodeChunk, PAGE_ROWS, type EncodedChunk } from '../../src/store/parquet/encode.ts'
import { shapeOf } from '../../src/store/parquet/shape.ts'
import { tableBatch, type Cell, type ColumnKind } from '../support/parquet-tables.ts'

function encode(kind: ColumnKind, cells: readonly Cell[], nullable = false): EncodedChunk {
  const batch = tableBatch([{ name: 'c', kind, nullable, cells }])
  const buffer = new ColumnBuffer(shapeOf(batch.schema.fields[0]!))
  buffer.append(batch.data.children[0]!, 0, cells.length)
  return encodeChunk(buffer)
}

const rows = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

describe('the encoding of a chunk', () => {
  it.each([
    ['ids in a row', 'int', rows(1000, (i) => BigInt(i)), 'DELTA_BINARY_PACKED'],
    [
      'few numbers in any order',
      'int',
      rows(1000, (i) => BigInt((i * 7919) % 5) << 40n),
      'RLE_DICTIONARY',
    ],
    ['numbers far apart', 'int', rows(50, (i) => BigInt(i % 2 === 0 ? i : -i) << 56n), 'PLAIN'],
    ['few doubles', 'double', rows(1000, (i) => (i % 9) / 8), 'RLE_DICTIONARY'],
    ['doubles all different', 'double', rows(1000, (i) => Math.sqrt(i)), 'PLAIN'],
    ['few long decimals', 'quantity', rows(1000, (i) => BigInt(i % 9) << 90n), 'RLE_DICTIONARY'],
    ['long decimals all different', 'quantity', rows(1000, (i) => BigInt(i) << 90n), 'PLAIN'],
    ['words', 'text', rows(1000, (i) => (i % 3 === 0 ? 'NEW' : 'FILLED')), 'RLE_DICTIONARY'],
    ['texts all different', 'text', rows(1000, (i) => `order ${i}`), 'PLAIN'],
    ['booleans', 'flag', rows(1000, (i) => i % 3 === 0), 'RLE'],
  ] as const)('for %s', (_, kind, cells, encoding) => {
    expect(encode(kind, cells).encoding).toBe(encoding)
  })

  it('has nothing to say of nulls only', () => {
    const { pages } = encode(
      'int',
      rows(100, () => null),
      true,
    )
    expect(pages.map(({ span }) => span)).toEqual([
      { rowFrom: 0, rowTo: 100, valueFrom: 0, valueTo: 0 },
    ])
  })
})

describe('pages', () => {
  const spans = (chunk: EncodedChunk): (readonly [number, number])[] =>
    chunk.pages.map(
      ({ span }) => [span.rowTo - span.rowFrom, span.valueTo - span.valueFrom] as const,
    )

  it('hold a fixed number of rows', () => {
    expect(
      spans(
        encode(
          'int',
          rows(2 * PAGE_ROWS + 1, (i) => BigInt(i)),
        ),
      ),
    ).toEqual([
      [PAGE_ROWS, PAGE_ROWS],
      [PAGE_ROWS, PAGE_ROWS],
      [1, 1],
    ])
  })

  it('count rows, not values, where there are nulls', () => {
    const half = rows(PAGE_ROWS + 10, (i) => (i % 2 === 0 ? BigInt(i) : null))
    expect(spans(encode('int', half, true))).toEqual([
      [PAGE_ROWS, PAGE_ROWS / 2],
      [10, 5],
    ])
  })

  it('end early where text is long, and hold a longer text alone', () => {
    const quarter = 'x'.repeat(1 << 18)
    const long = 'y'.repeat(1 << 21)
    const cells = [...rows(6, (i) => quarter + String(i)), long, 'z']
    expect(spans(encode('text', cells)).map(([count]) => count)).toEqual([3, 3, 1, 1])
  })
})

describe('bounds of text for the page index', () => {
  const text = (bytes: Uint8Array): string =>
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  const order = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b)

  it.each([
    'a'.repeat(64),
    'a'.repeat(65),
    'é'.repeat(60),
    `abc${'\u{1f600}'.repeat(40)}`,
    `${'z'.repeat(30)}${'€'.repeat(30)}`,
  ])('stay on their side of it and whole characters (%s)', (long) => {
    const bound = Buffer.from(long)
    const [low, high] = [shortenMin(bound), shortenMax(bound)]
    expect(order(low, bound)).toBeLessThanOrEqual(0)
    expect(order(high, bound)).toBeGreaterThanOrEqual(0)
    expect(low.length).toBeLessThanOrEqual(64)
    expect(bound.toString().startsWith(text(low))).toBe(true)
    expect(text(high)).toBeDefined()
  })

  it('stay whole where no shorter text is larger', () => {
    const top = Buffer.from('\u{10ffff}'.repeat(40))
    expect(shortenMax(top)).toBe(top)
  })
})

describe('extremes', () => {
  it('compare words of 128 bits by the sign of the highest only', () => {
    const words = Int32Array.of(-1, 0, 0, 0, 1, 0, 0, 0, 0, -1, -1, -1)
    const values = { kind: 'wides', count: 3, words } as const
    expect(extremes(values, 0, 3)).toEqual({ min: 2, max: 0 })
    expect(compareAt(values, 1, 0)).toBeLessThan(0)
  })

  it('of no values are none', () => {
    expect(extremes({ kind: 'ints', count: 0, words: new Int32Array(0) }, 0, 0)).toBeUndefined()
  })
})
