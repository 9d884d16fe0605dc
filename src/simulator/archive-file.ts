/** One archive file, made from a history: lines, faults, zip and checksum. The same each time it is made. */

import { createHash } from 'node:crypto'
import { archiveSpan, publishedFrom } from '../binance/archive.ts'
import { micros, periodOf, periodWindow, type Micros } from '../base/time.ts'
import { DEFAULT_MARKET, type Market } from '../binance/series.ts'
import type { ArchiveFault } from './archive-options.ts'
import {
  headerNames,
  linesOf,
  unitOf,
  type ArchiveRows,
  type ArchiveSeries,
} from './archive-rows.ts'
import { zipOf, type ZipEntry } from './archive-zip.ts'
import type { TimeUnit } from './rows.ts'
import type { History } from './source.ts'

/** A zip and the text of its `.CHECKSUM`. */
export type ArchiveFile = { readonly zip: Uint8Array; readonly checksum: string }

/** The content of a file. */
export type FileSpec = {
  readonly history: History
  readonly series: ArchiveSeries
  readonly period: string
  /** Without directories, without `.zip`. */
  readonly baseName: string
  readonly faults: readonly ArchiveFault[]
  readonly market?: Market
}

/** The span of a file's rows, as of when it was published. */
export function rowsOf(period: string, faults: readonly ArchiveFault[] = []): ArchiveRows {
  const isWrong = faults.some(({ kind }) => kind === 'wrongPeriod')
  const own = periodWindow(period)
  const window = isWrong ? periodWindow(before(period, own.from)) : own
  return { window, now: Number(publishedFrom(period)) }
}

function before(period: string, from: Micros): string {
  return periodOf(micros(from - 1n), archiveSpan(period) === 'daily' ? 'day' : 'month')
}

/** Makes the file. */
export function makeFile(spec: FileSpec): ArchiveFile {
  const { baseName, faults } = spec
  const csv = new TextEncoder().encode(csvOf(spec))
  const whole = zipOf(entriesOf(baseName, csv, faults))
  const cut = faults.find((fault) => fault.kind === 'cutZip')
  const zip = cut === undefined ? whole : whole.slice(0, Math.floor(whole.length * cut.fraction))
  const hash = sha256(cut?.isSealed === true ? zip : whole)
  return { zip, checksum: checksumOf(hash, `${baseName}.zip`, faults) }
}

function csvOf({ history, series, period, faults, market = DEFAULT_MARKET }: FileSpec): string {
  const rows = rowsOf(period, faults)
  let lines: readonly string[] = linesOf(
    { history, market },
    series,
    rows,
    unitsOf(period, faults, market),
  )
  for (const fault of faults) lines = faulty(lines, fault, series)
  const bomb = faults.find((fault) => fault.kind === 'bomb')
  return `${lines.map((line) => `${line}\n`).join('')}${' '.repeat(bomb?.bytes ?? 0)}`
}

function unitsOf(
  period: string,
  faults: readonly ArchiveFault[],
  market: Market,
): (row: number) => TimeUnit {
  const unit = unitOf(periodWindow(period), market)
  const other = unit === 'us' ? 'ms' : 'us'
  const fault = faults.find(({ kind }) => kind === 'otherUnit')
  if (fault?.kind !== 'otherUnit') return () => unit
  return (row) => (fault.rows === 'all' || row % 2 === 1 ? other : unit)
}

function faulty(
  lines: readonly string[],
  fault: ArchiveFault,
  { dataset }: ArchiveSeries,
): readonly string[] {
  switch (fault.kind) {
    case 'cutRows':
      return lines.slice(0, Math.floor(lines.length * fault.fraction))
    case 'header':
      return [(fault.names ?? headerNames(dataset)).join(','), ...lines]
    case 'duplicated':
      return lines.flatMap((line) => [line, line])
    case 'interleaved':
      return [...lines.filter((_, i) => i % 2 === 0), ...lines.filter((_, i) => i % 2 === 1)]
    case 'swapped': {
      const half = lines.length >> 1
      return [...lines.slice(half), ...lines.slice(0, half)]
    }
    case 'replaced':
      return lines.map((line) => withQuantity(line, dataset, (text) => `1${text}`))
    case 'zeroQuantities': {
      const every = Math.max(1, Math.round(1 / fault.share))
      const zero = (line: string): string => withQuantity(line, dataset, () => '0.00000000')
      return lines.map((line, i) => (i % every === 0 ? zero(line) : line))
    }
    case 'lines':
      return fault.change(lines)
    case 'missing':
    case 'wrongChecksum':
    case 'checksumText':
    case 'cutZip':
    case 'stored':
    case 'twoEntries':
    case 'entryName':
    case 'bomb':
    case 'wrongPeriod':
    case 'otherUnit':
      return lines
  }
}

const QUANTITY_AT = {
  klines: 5,
  markPriceKlines: 8,
  indexPriceKlines: 8,
  premiumIndexKlines: 8,
  fundingRate: 2,
  metrics: 2,
  aggTrades: 2,
  trades: 2,
}

function withQuantity(
  line: string,
  dataset: ArchiveSeries['dataset'],
  change: (text: string) => string,
): string {
  return line
    .split(',')
    .map((text, i) => (i === QUANTITY_AT[dataset] ? change(text) : text))
    .join(',')
}

function entriesOf(
  baseName: string,
  csv: Uint8Array,
  faults: readonly ArchiveFault[],
): readonly ZipEntry[] {
  const named = faults.find((fault) => fault.kind === 'entryName')
  const isStored = faults.some(({ kind }) => kind === 'stored')
  const entry = { name: named?.name ?? `${baseName}.csv`, bytes: csv, isStored }
  const hasTwo = faults.some(({ kind }) => kind === 'twoEntries')
  return hasTwo ? [entry, { name: `__MACOSX/._${baseName}.csv`, bytes: csv.slice(0, 80) }] : [entry]
}

function checksumOf(hash: string, name: string, faults: readonly ArchiveFault[]): string {
  const text = faults.find((fault) => fault.kind === 'checksumText')
  if (text !== undefined) return text.text.replace('{hash}', hash).replace('{name}', name)
  const isWrong = faults.some(({ kind }) => kind === 'wrongChecksum')
  // Some real ones end without a line feed; so do these.
  return `${isWrong ? sha256(new TextEncoder().encode(hash)) : hash}  ${name}`
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
