/** Reads one partition back, whole, and says everything that is wrong with it. Holds one row group at a time. */

import type { RecordBatch, Schema } from 'apache-arrow'
import { DamageError, DataError, StoreError } from '../base/errors.ts'
import { hashOf } from '../base/hash.ts'
import type { Readable } from '../base/ports.ts'
import { columnIndex } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { checkAlike, isAhead, lookInto } from '../store/adopt.ts'
import { damage, type Flaw } from '../store/flaw.ts'
import { formatFacts, parseFacts, type FooterFacts } from '../store/footer.ts'
import { partitionPath } from '../store/layout.ts'
import { factsOf } from '../store/ledger.ts'
import type { Manifest, PartitionEntry } from '../store/manifest.ts'
import { OrderCheck } from './order-check.ts'
import {
  columnBounds,
  readFooter,
  readRowGroup,
  type ParquetFooter,
} from '../store/parquet/read.ts'
import { isFileCrcRight } from '../store/parquet/self-check.ts'
import { misfitHeaders } from '../store/parquet/read-headers.ts'
import { int64Column } from '../store/stored-rows.ts'
import type { RowProof } from '../rows/proof.ts'

/** What looks at the rows of a partition as they pass, beside their order. */
export type Inspector = {
  /** Looks at one batch; says what is impossible in it. */
  look(batch: RecordBatch): readonly Flaw[]
  /** Says what is missing, once all rows have passed. */
  end(): readonly Flaw[]
  /** What the rows that have passed prove. */
  proof(): RowProof
}

/** A partition and what it should be. */
export type Suspect = {
  readonly key: SeriesKey
  readonly period: string
  readonly manifest: Manifest
  /** The columns that its rows have. */
  readonly schema: Schema
  readonly inspector: Inspector
}

/** What was seen of a partition. */
export type Inspected = {
  readonly rows: number
  readonly bytes: number
  readonly flaws: readonly Flaw[]
}

const LOST = 'Run the job again: it asks for what was in there. Or put the file back from a backup.'

/** A partition whose file is gone. */
export function goneFile(manifest: Manifest, period: string): Inspected {
  const isKnown = manifest.partitions.has(period)
  const flaws = isKnown ? [damage('file-missing', 'in the manifest, not on the disk', LOST)] : []
  return { rows: 0, bytes: 0, flaws }
}

/** Everything that is wrong with a partition, and how many rows it has. */
export async function inspectOpened(suspect: Suspect, file: Readable): Promise<Inspected> {
  try {
    const seen = await inspectFile(suspect, file)
    return { ...seen, bytes: file.sizeBytes }
  } catch (error) {
    if (!isOfFile(error)) throw error
    return { rows: 0, bytes: file.sizeBytes, flaws: [damage('unreadable', error.message)] }
  }
}

/** Says an error what is wrong with a file? That a store is away, or the file another one by now, says nothing of it. */
function isOfFile(error: unknown): error is Error {
  if (error instanceof StoreError)
    return error.code === 'E_STORE_CORRUPT' || error.code === 'E_STORE_IO'
  return error instanceof DamageError || error instanceof DataError
}

async function inspectFile(
  suspect: Suspect,
  file: Readable,
): Promise<{ rows: number; flaws: readonly Flaw[] }> {
  const { key, period, manifest, inspector } = suspect
  const footer = await readFooter(file)
  const { rows } = footer
  const path = partitionPath(key, period)
  const facts = parseFacts(footer.metadata, key, path)
  checkAlike(manifest, facts, path)
  const hasColumns = String(footer.schema) === String(suspect.schema)
  const flaws = hasColumns ? await inspectRows(suspect, file, footer) : [OTHER_COLUMNS]
  const isSound = flaws.every(({ severity }) => severity !== 'damage')
  if (isSound && (await isAhead(manifest, await lookInto(file, key, period))))
    return {
      rows,
      flaws: [
        ...flaws,
        (await isFileCrcRight(file, footer, Object.keys(formatFacts(facts))))
          ? NOT_RECORDED
          : OTHER_CRC,
      ],
    }
  const entry = manifest.partitions.get(period)
  if (entry === undefined) return { rows, flaws }
  const others = await compareFile(file, footer, entry, isSound)
  flaws.push(...others)
  if (others.length === 0) flaws.push(...compareFacts(facts, manifest, entry))
  if (isSound && others.length === 0) flaws.push(...compareProof(inspector.proof(), entry.proof))
  return { rows, flaws }
}

const OTHER_COLUMNS = damage('schema-mismatch', 'it has other columns than its series')

const NOT_RECORDED: Flaw = {
  severity: 'warning',
  code: 'not-recorded',
  message: 'the file says more than the manifest: a run ended between the two',
  hint: 'The next run that asks for its time takes it in, or: binance-backfill verify --rebuild',
}

const OTHER_CRC = damage(
  'hash-mismatch',
  'its footer or page index is damaged: the checksum of the file is another, and no manifest knows it',
)

/** Is the file the one that was recorded? */
async function compareFile(
  file: Readable,
  footer: ParquetFooter,
  entry: PartitionEntry,
  isSound: boolean,
): Promise<Flaw[]> {
  const flaws: Flaw[] = []
  if (file.sizeBytes !== entry.bytes)
    flaws.push(damage('size-mismatch', `${file.sizeBytes} bytes, the manifest says ${entry.bytes}`))
  if (footer.rows !== entry.rows)
    flaws.push(damage('row-count-mismatch', `${footer.rows} rows, the manifest says ${entry.rows}`))
  const sha256 = await hashOf(file)
  if (sha256 === entry.sha256) return flaws
  const misfits = isSound ? await misfitHeaders(file, footer) : []
  const where = isSound && misfits.length === 0 ? ', in its footer or page index' : ''
  flaws.push(
    damage('hash-mismatch', `SHA-256 ${sha256}, the manifest says ${entry.sha256}${where}`),
    ...misfits.map((misfit) => damage('corrupt-column', misfit)),
  )
  return flaws
}

/** An archive is known to all that it is about once one has used it, also to files that were there before. */
const UNTOLD: readonly string[] = ['archives', 'checksum']

/** Does the footer say what the manifest says? */
function compareFacts(facts: FooterFacts, manifest: Manifest, entry: PartitionEntry): Flaw[] {
  const said = formatFacts(facts)
  const known = formatFacts(factsOf(manifest, facts.period, entry))
  const names = Object.keys(known).filter(
    (name) => !UNTOLD.includes(name) && said[name] !== known[name],
  )
  if (names.length === 0) return []
  return [
    {
      severity: 'warning',
      code: 'footer-mismatch',
      message: `the footer has another ${names.join(', ')} than the manifest`,
      hint: 'The manifest counts. Should it be lost, some time would be asked for again.',
    },
  ]
}

function compareProof(proof: RowProof, recorded: RowProof): Flaw[] {
  const [rows, manifest] = [JSON.stringify(proof), JSON.stringify(recorded)]
  if (rows === manifest) return []
  return [damage('proof-mismatch', `the rows prove ${rows}, the manifest says ${manifest}`)]
}

async function inspectRows(
  { key, period, inspector }: Suspect,
  file: Readable,
  footer: ParquetFooter,
): Promise<Flaw[]> {
  const dataset = datasetOf(key)
  const keyIndex = columnIndex(dataset, dataset.key)
  const timeIndex = columnIndex(dataset, dataset.time)
  const order = new OrderCheck(period)
  const flaws: Flaw[] = []
  let isWhole = true
  for (const index of footer.rowGroups.keys()) {
    const batch = await readOrNot(file, footer, index)
    if (batch === undefined) {
      flaws.push(...(await corruptColumns(file, footer, index)))
      isWhole = false
      continue
    }
    const keys = int64Column(batch, keyIndex)
    order.look(keys, int64Column(batch, timeIndex))
    flaws.push(...checkBounds(footer, index, { name: dataset.key, keys }), ...inspector.look(batch))
  }
  return [...order.flaws(), ...flaws, ...(isWhole ? inspector.end() : [])]
}

/** Readers leave out what the footer says does not hold their rows. */
function checkBounds(
  footer: ParquetFooter,
  index: number,
  { name, keys }: { readonly name: string; readonly keys: BigInt64Array },
): Flaw[] {
  const bounds = columnBounds(footer, index, name)
  if (bounds?.min === keys[0] && bounds?.max === keys[keys.length - 1]) return []
  return [damage('wrong-bounds', `row group ${index}: the footer has other bounds of ${name}`)]
}

async function readOrNot(
  file: Readable,
  footer: ParquetFooter,
  index: number,
): Promise<RecordBatch | undefined> {
  try {
    return await readRowGroup(file, footer, index)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'E_STORE_CORRUPT') return undefined
    throw error
  }
}

/** Names every column of a row group that cannot be read. */
async function corruptColumns(
  file: Readable,
  footer: ParquetFooter,
  index: number,
): Promise<Flaw[]> {
  const flaws: Flaw[] = []
  for (const { name } of footer.shapes)
    try {
      await readRowGroup(file, footer, index, [name])
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'E_STORE_CORRUPT') throw error
      flaws.push(damage('corrupt-column', error.message))
    }
  return flaws
}
