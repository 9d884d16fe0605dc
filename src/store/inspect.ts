/** Reads one partition back, whole, and says everything that is wrong with it. Holds one row group at a time. */

import type { RecordBatch } from 'apache-arrow'
import { subtractAll } from '../base/coverage.ts'
import { BackfillError } from '../base/errors.ts'
import type { Files, Readable } from '../base/ports.ts'
import { formatMicros, micros, periodWindow } from '../base/time.ts'
import { columnIndex, DATASETS } from '../binance/dataset.ts'
import type { SeriesKey } from '../binance/series.ts'
import { parseFacts, type FooterFacts } from './footer.ts'
import { partitionPath } from './layout.ts'
import type { Manifest, PartitionEntry } from './manifest.ts'
import { readFooter, readRowGroup, type ParquetFooter } from './parquet/read.ts'
import type { Prover } from './partition.ts'
import { hashOf } from './series.ts'

/** One thing that is wrong with a file, or worth knowing. */
export type Flaw = {
  readonly severity: 'damage' | 'warning' | 'note'
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** What looks at the rows of a partition as they pass, beside their order. */
export type Inspector = Prover & {
  /** Looks at one batch; says what is impossible in it. */
  look(batch: RecordBatch): readonly Flaw[]
  /** Says what is missing, once all rows have passed. */
  end(): readonly Flaw[]
}

/** A partition and what it should be. */
export type Suspect = {
  readonly files: Files
  readonly key: SeriesKey
  readonly period: string
  readonly manifest: Manifest
  readonly inspector: Inspector
}

const REPAIR = 'Move the file away and run the job again: what is missing is fetched anew.'

/** Everything that is wrong with a partition, and how many rows it has. */
export async function inspectPartition(
  suspect: Suspect,
): Promise<{ rows: number; flaws: readonly Flaw[] }> {
  const { files, key, period, manifest } = suspect
  const path = partitionPath(key, period)
  const entry = manifest.partitions.get(period)
  const file = await files.open(path)
  if (file === undefined)
    return { rows: 0, flaws: [damage('file-missing', 'in the manifest, but not on the disk')] }
  try {
    const footer = await readFooter(file)
    const facts = parseFacts(footer.metadata, key, path)
    const flaws = [
      ...compareFacts(facts, footer, manifest),
      ...(await compareFile(file, footer, entry)),
    ]
    flaws.push(...(await inspectRows(suspect, file, footer)))
    const proof = JSON.stringify(suspect.inspector.proof())
    if (flaws.length === 0 && entry !== undefined && proof !== JSON.stringify(entry.proof))
      flaws.push(
        damage(
          'proof-mismatch',
          `the rows prove ${proof}, the manifest says ${JSON.stringify(entry.proof)}`,
        ),
      )
    return { rows: footer.rows, flaws }
  } catch (error) {
    if (!(error instanceof BackfillError)) throw error
    return { rows: 0, flaws: [damage('unreadable', error.message)] }
  } finally {
    await file.close()
  }
}

/** Is the file the one that was recorded? */
async function compareFile(
  file: Readable,
  footer: ParquetFooter,
  entry: PartitionEntry | undefined,
): Promise<Flaw[]> {
  if (entry === undefined) return []
  const flaws: Flaw[] = []
  if (file.sizeBytes !== entry.bytes)
    flaws.push(damage('size-mismatch', `${file.sizeBytes} bytes, the manifest says ${entry.bytes}`))
  if (footer.rows !== entry.rows)
    flaws.push(damage('row-count-mismatch', `${footer.rows} rows, the manifest says ${entry.rows}`))
  const sha256 = await hashOf(file)
  if (sha256 !== entry.sha256)
    flaws.push(damage('hash-mismatch', `SHA-256 ${sha256}, the manifest says ${entry.sha256}`))
  return flaws
}

function compareFacts(facts: FooterFacts, footer: ParquetFooter, manifest: Manifest): Flaw[] {
  const flaws: Flaw[] = []
  if (facts.numbers !== manifest.numbers)
    flaws.push(
      damage(
        'numbers-mismatch',
        `numbers: ${facts.numbers}, the manifest says ${manifest.numbers}`,
      ),
    )
  if (subtractAll(facts.coverage, manifest.coverage).length > 0)
    flaws.push({
      severity: 'warning',
      code: 'not-recorded',
      message: 'the file covers more than the manifest says: a run ended between the two',
      hint: 'The next run takes it in, or: binance-backfill verify --rebuild',
    })
  if (footer.rows === 0)
    flaws.push({ severity: 'warning', code: 'empty', message: 'a partition without rows' })
  return flaws
}

async function inspectRows(
  { key, period, inspector }: Suspect,
  file: Readable,
  footer: ParquetFooter,
): Promise<Flaw[]> {
  const dataset = DATASETS[key.dataset]
  const keyIndex = columnIndex(dataset, dataset.key)
  const timeIndex = columnIndex(dataset, dataset.time)
  const order = new OrderCheck(period)
  const flaws: Flaw[] = []
  for (const index of footer.rowGroups.keys()) {
    const batch = await readRowGroup(file, footer, index)
    inspector.take(batch)
    order.look(int64(batch, keyIndex), int64(batch, timeIndex))
    flaws.push(...inspector.look(batch))
  }
  return [...order.flaws(), ...flaws, ...inspector.end()]
}

function int64(batch: RecordBatch, index: number): BigInt64Array {
  return (batch.data.children[index]?.values as BigInt64Array).subarray(0, batch.numRows)
}

/** Keys must increase strictly, and times lie in the period. Counts, and remembers the first of each kind. */
class OrderCheck {
  readonly #period: string
  #last: bigint | undefined
  #row = 0
  readonly #seen = new Map<string, { count: number; first: string }>()

  constructor(period: string) {
    this.#period = period
  }

  look(keys: BigInt64Array, times: BigInt64Array): void {
    const { from, to } = periodWindow(this.#period)
    for (let row = 0; row < keys.length; row++) {
      const key = keys[row] ?? 0n
      const time = times[row] ?? 0n
      if (this.#last !== undefined && key <= this.#last)
        this.#note(
          key === this.#last ? 'duplicate-key' : 'out-of-order',
          `key ${key} in row ${this.#row}`,
        )
      if (time < from || time >= to)
        this.#note('outside-period', `${formatMicros(micros(time))} in row ${this.#row}`)
      this.#last = key
      this.#row += 1
    }
  }

  flaws(): Flaw[] {
    return [...this.#seen].map(([code, { count, first }]) =>
      damage(code, `${first}${count > 1 ? ` and ${count - 1} more` : ''}`),
    )
  }

  #note(code: string, what: string): void {
    const seen = this.#seen.get(code)
    this.#seen.set(code, { count: (seen?.count ?? 0) + 1, first: seen?.first ?? what })
  }
}

/** A flaw that means the file is not what was written. */
export function damage(code: string, message: string): Flaw {
  return { severity: 'damage', code, message, hint: REPAIR }
}
