/** Tables of any shape and content, with the values that writers get wrong. */

import fc from 'fast-check'
import type { Cell, ColumnKind, Table, TableColumn } from './parquet-tables.ts'
import type { Compression } from '../../src/job/job.ts'

const INT_MIN = -(2n ** 63n)
const INT_MAX = 2n ** 63n - 1n
const INT_EDGES = [
  0n,
  -1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  INT_MIN,
  INT_MAX,
]
const DOUBLE_EDGES = [0, -0, 5e-324, -5e-324, 2 ** 53 + 2, Infinity, -Infinity, 0.1, NaN]
const TEXT_EDGES = [
  '',
  'a',
  'ä',
  '\u{10ffff}',
  'e'.repeat(300),
  '\u{1f600}'.repeat(90),
  '0.10000000',
]

const digits = (count: bigint): bigint => 10n ** count - 1n

const cells: Readonly<Record<ColumnKind, fc.Arbitrary<Cell>>> = {
  // DuckDB takes the very last ones for infinity.
  time: fc.bigInt(-9_000_000_000_000_000_000n, 9_000_000_000_000_000_000n),
  int: fc.oneof(fc.constantFrom(...INT_EDGES), fc.bigInt(INT_MIN, INT_MAX), fc.bigInt(-9n, 9n)),
  double: fc.oneof(fc.constantFrom(...DOUBLE_EDGES), fc.double(), fc.integer({ min: -9, max: 9 })),
  price: fc.oneof(fc.bigInt(-digits(18n), digits(18n)), fc.bigInt(-9n, 9n)),
  quantity: fc.oneof(
    fc.constantFrom(digits(38n), -digits(38n), 2n ** 64n, -(2n ** 64n), 2n ** 63n, -(2n ** 96n)),
    fc.bigInt(-digits(38n), digits(38n)),
    fc.bigInt(-9n, 9n),
  ),
  text: fc.oneof(fc.constantFrom(...TEXT_EDGES), fc.string({ unit: 'grapheme', maxLength: 12 })),
  flag: fc.boolean(),
}

/** Cells of a column: any, or few distinct ones, or runs of them, or smooth like times; with nulls where allowed. */
function columnCells(kind: ColumnKind, rows: number, nullable: boolean): fc.Arbitrary<Cell[]> {
  const any = nullable ? fc.option(cells[kind], { freq: 3 }) : cells[kind]
  const exactly = { minLength: rows, maxLength: rows }
  const few = fc
    .tuple(fc.array(any, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(99), exactly))
    .map(([pool, picks]) => picks.map((pick) => pool[pick % pool.length]!))
  const runs = fc
    .tuple(any, any, fc.nat(rows))
    .map(([a, b, cut]) => Array.from({ length: rows }, (_, i) => (i < cut ? a : b)))
  return fc.oneof(fc.array(any, exactly), few, runs)
}

function column(name: string, rows: number): fc.Arbitrary<TableColumn> {
  const kinds = Object.keys(cells) as ColumnKind[]
  return fc.record({ kind: fc.constantFrom(...kinds), nullable: fc.boolean() }).chain((shape) =>
    columnCells(shape.kind, rows, shape.nullable).map((found) => ({
      name,
      ...shape,
      cells: found,
    })),
  )
}

/** Keys: sorted, from anywhere to anywhere. */
function key(rows: number): fc.Arbitrary<TableColumn> {
  const any = fc.array(cells.int as fc.Arbitrary<bigint>, { minLength: rows, maxLength: rows })
  return any.map((found) => ({
    name: 'key',
    kind: 'int',
    nullable: false,
    cells: found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
  }))
}

/** A file to be: a table, the rows of its row groups, and how its rows come in. */
export type FilePlan = {
  readonly table: Table
  readonly rowGroupRows: number
  readonly compression: Compression
  /** Where batches end, among the rows. */
  readonly cuts: readonly number[]
  readonly padding: number
}

/** Any file of at most `rowsMax` rows. */
export function filePlans(rowsMax: number): fc.Arbitrary<FilePlan> {
  const rows = fc.oneof(fc.nat(rowsMax), fc.constantFrom(0, 1, 8, 9, 64, 65))
  return rows.chain((count) =>
    fc.record({
      table: fc
        .integer({ min: 0, max: 4 })
        .chain((columns) =>
          fc.tuple(
            key(count),
            ...Array.from({ length: columns }, (_, i) => column(`c${i}`, count)),
          ),
        ),
      rowGroupRows: fc.constantFrom(1, 7, 8, 50, Math.max(count, 1), count + 1),
      compression: fc.constantFrom('zstd', 'snappy', 'gzip', 'none'),
      cuts: fc
        .array(fc.nat(count), { maxLength: 4 })
        .map((found) => [...found, count].sort((a, b) => a - b)),
      padding: fc.nat(9),
    }),
  )
}
