/** What lies in a lake, file by file: read by footers and pages alone, whatever the manifests say. */

import type { RecordBatch } from 'apache-arrow'
import { periodWindow, type Micros } from '../../../src/base/time.ts'
import { seriesName, type SeriesKey } from '../../../src/binance/series.ts'
import { parsePeriodName, parseSeriesPath } from '../../../src/store/layout.ts'
import { readFooter, readRowGroup } from '../../../src/store/parquet/read.ts'
import { ROOT } from '../crash-machine.ts'
import type { SimDisk } from '../sim-disk.ts'

/** One stored row: cells by the names of their columns; integers and times as bigint. */
export type StoredRow = {
  readonly key: bigint
  readonly time: Micros
  readonly cells: Readonly<Record<string, unknown>>
}

/** One data file. */
export type StoredFile = {
  readonly path: string
  readonly key: SeriesKey
  readonly period: string
  readonly rows: readonly StoredRow[]
}

const KEYS: Readonly<Record<string, readonly [key: string, time: string]>> = {
  klines: ['open_time', 'open_time'],
  aggTrades: ['agg_trade_id', 'time'],
  trades: ['trade_id', 'time'],
}

/** Reads data files, each once for as long as its bytes are the same. */
export class LakeReader {
  readonly #read = new WeakMap<Uint8Array, Promise<StoredFile>>()

  /** Every data file; those of `without` are not looked at. */
  async files(
    disk: SimDisk,
    without: ReadonlySet<string> = new Set(),
  ): Promise<readonly StoredFile[]> {
    const found: Promise<StoredFile>[] = []
    for (const [path, bytes] of disk.files()) {
      if (!path.endsWith('.parquet') || without.has(path)) continue
      const known = this.#read.get(bytes) ?? readFile(path, bytes)
      this.#read.set(bytes, known)
      found.push(known)
    }
    return Promise.all(found)
  }
}

/** Do two data files hold the same rows, whatever else they say? */
export async function haveSameRows(path: string, a: Uint8Array, b: Uint8Array): Promise<boolean> {
  const [one, other] = [await readFile(path, a), await readFile(path, b)]
  const textOf = (row: StoredRow): string => Object.values(row.cells).map(String).join(' ')
  return one.rows.map(textOf).join('\n') === other.rows.map(textOf).join('\n')
}

async function readFile(path: string, bytes: Uint8Array): Promise<StoredFile> {
  const parts = path.slice(ROOT.length + 1).split('/')
  const key = parseSeriesPath(parts.slice(0, -2).join('/'))
  const period = parsePeriodName(parts.at(-2) ?? '')
  if (key === undefined || period === undefined) throw new Error(`${path} is no place for data`)
  const file = {
    sizeBytes: bytes.length,
    read: async (from: number, to: number) => bytes.slice(from, to),
    close: async () => undefined,
  }
  const footer = await readFooter(file)
  const rows: StoredRow[] = []
  for (let group = 0; group < footer.rowGroups.length; group++)
    rows.push(...rowsOf(await readRowGroup(file, footer, group), key))
  const { from, to } = periodWindow(period)
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1]
    if (before !== undefined && before.key >= row.key)
      throw new Error(`${path}: key ${row.key} after ${before.key}`)
    if (row.time < from || row.time >= to)
      throw new Error(`${path}: key ${row.key} is of ${row.time}`)
  }
  return { path, key, period, rows }
}

function rowsOf(batch: RecordBatch, { dataset }: SeriesKey): StoredRow[] {
  const columns = batch.schema.fields.map(({ name }) => [name, reader(batch, name)] as const)
  const [keyName, timeName] = KEYS[dataset] ?? ['', '']
  return Array.from({ length: batch.numRows }, (_, row) => {
    const cells = Object.fromEntries(columns.map(([name, read]) => [name, read(row)]))
    return { key: cells[keyName] as bigint, time: cells[timeName] as Micros, cells }
  })
}

function reader(batch: RecordBatch, name: string): (row: number) => unknown {
  const column = batch.getChild(name)
  const values: unknown = column?.data[0]?.values
  if (values instanceof BigInt64Array) return (row) => values[row]
  // Arrow gives a decimal as four words, the lowest first.
  return (row) => {
    const value: unknown = column?.get(row)
    return value instanceof Uint32Array ? decimalOf(value) : value
  }
}

function decimalOf(words: Uint32Array): bigint {
  const value = [...words].reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n)
  return BigInt.asIntN(128, value)
}

/** The name under which a series' files are gathered. */
function rowsBySeries(
  files: readonly StoredFile[],
): ReadonlyMap<string, readonly StoredFile[]> {
  const series = new Map<string, StoredFile[]>()
  for (const file of files) {
    const name = seriesName(file.key)
    series.set(name, [...(series.get(name) ?? []), file])
  }
  return series
}
