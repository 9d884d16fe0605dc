/**
 * A whole file of the archive, from a zip to row groups: inflated, read, checked, encoded, compressed. Takes and gives
 * plain data, so that another thread can do it.
 */

import type { Readable } from '../../base/ports.ts'
import type { ArchivePeriod } from '../../binance/archive.ts'
import { datasetOf } from '../../binance/market.ts'
import { readOpen } from '../../node/open-file.ts'
import { halvesOf } from '../../rows/int64.ts'
import { namedTrades, type NamedTrades } from '../../rows/named-trades.ts'
import type { Page } from '../../rows/page.ts'
import { packOptions, type Packed, type PackedPage } from '../../store/packed-page.ts'
import { RowPacker, type PackedRows } from '../../store/parquet/pack.ts'
import { ArchiveRows, type Seen } from './file-rows.ts'

/** Which file, and what is made of it. */
export type PackJob = Packed & {
  readonly file: ArchivePeriod
  /** Its path in the archive. */
  readonly path: string
  /** Its descriptor, which is open for as long as somebody works on this. */
  readonly descriptor: number
  readonly sizeBytes: number
}

/** A row group of a file. */
export type SentRows = {
  readonly packed: PackedRows
  readonly times: BigInt64Array
  /** Absent where each key is the one before it and one, or is the time. */
  readonly keys?: BigInt64Array
  readonly trades: readonly NamedTrades[]
}

/**
 * Packs a file.
 *
 * @throws ArchiveError when it cannot be used; StoreError when it cannot be read.
 */
export async function* packFile(
  job: PackJob,
  opened: Readable = readOpen(job),
): AsyncGenerator<SentRows | Seen, void, void> {
  const { key, numbers, file, path } = job
  const rows = new ArchiveRows({ key, numbers, file, archive: { path, file: opened } })
  const group = new Group(job)
  for await (const page of rows.pages())
    for (let from = 0; from < page.rowCount;) {
      from = group.take(page, from)
      if (group.isFull) yield await group.pack()
    }
  if (group.hasRows) yield await group.pack()
  const { back, conflicts } = rows.evidence
  yield { evidence: { back, conflicts }, fields: rows.unknownFields }
}

/** The rows of the next row group. */
class Group {
  readonly #job: PackJob
  readonly #packer: RowPacker
  #parts: Pick<Page, 'keys' | 'times'>[] = []
  #trades: NamedTrades[] = []

  constructor(job: PackJob) {
    this.#job = job
    this.#packer = new RowPacker(packOptions(job))
  }

  get hasRows(): boolean {
    return this.#packer.rows > 0
  }

  get isFull(): boolean {
    return this.#packer.room === 0
  }

  /** Takes rows of a page from one on, as many as there is room for; returns the first that it did not take. */
  take({ batch, keys, times, rowCount }: Page, from: number): number {
    const to = Math.min(rowCount, from + this.#packer.room)
    this.#packer.append(batch, from, to)
    this.#parts.push({ keys: keys.slice(from, to), times: times.slice(from, to) })
    const part = batch.slice(from, to)
    const trades = namedTrades(datasetOf(this.#job.key), part, times.subarray(from, to))
    if (trades !== undefined) this.#trades.push(trades)
    return to
  }

  async pack(): Promise<SentRows> {
    const packed = await this.#packer.pack()
    const [parts, trades] = [this.#parts, this.#trades]
    this.#parts = []
    this.#trades = []
    const { key, time } = datasetOf(this.#job.key)
    const isCounted = packed.lastKey - packed.firstKey === BigInt(packed.rows - 1)
    const times = joined(parts.map((part) => part.times))
    if (key === time || isCounted) return { packed, times, trades }
    return { packed, times, trades, keys: joined(parts.map((part) => part.keys)) }
  }
}

function joined(parts: readonly BigInt64Array[]): BigInt64Array {
  const all = new BigInt64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** The page that was packed. */
export function pageOfSent(job: Packed, { packed, times, trades, keys }: SentRows): PackedPage {
  const { key, time } = datasetOf(job.key)
  const own = key === time ? times : (keys ?? counted(packed))
  return { packed, rowCount: packed.rows, times, trades, keys: own }
}

function counted({ firstKey, rows }: PackedRows): BigInt64Array {
  const keys = new BigInt64Array(rows)
  // In halves: bigints would take a hundred times as long.
  const halves = halvesOf(keys)
  let low = Number(BigInt.asIntN(32, firstKey))
  let high = Number(firstKey >> 32n)
  for (let row = 0; row < rows; row++) {
    halves[2 * row] = low
    halves[2 * row + 1] = high
    low = (low + 1) | 0
    if (low === 0) high += 1
  }
  return keys
}
