/**
 * The manifest of a series: what was asked and answered in full, what is known to be absent, and which files hold
 * the rows. Plain data and its text; docs/FORMAT.md describes it for readers.
 */

import { createHash } from 'node:crypto'
import type { Coverage } from '../base/coverage.ts'
import { DamageError, UsageError } from '../base/errors.ts'
import type { Gap, GapReason } from '../base/gap.ts'
import {
  formatWindow,
  parseMicros,
  PARTITIONS,
  parseWindow,
  periodWindow,
  type Partition,
  type WindowText,
} from '../base/time.ts'
import { NUMBERS, type Numbers } from '../binance/dataset.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { ChangedRow } from '../rows/merge.ts'
import type { RowProof } from '../rows/proof.ts'
import { partitionPath } from './layout.ts'
import { array, object, oneOf, text, whole, type Shape } from './shape.ts'

/** Version of the manifest and of the lake's layout. */
export const FORMAT_VERSION = 1

/** One data file. */
export type PartitionEntry = {
  readonly rows: number
  readonly bytes: number
  /** Of the whole file, lower-case hex. */
  readonly sha256: string
  /** Smallest and largest key in the file: open times in microseconds, or ids. */
  readonly firstKey: string
  readonly lastKey: string
  /** Where its rows came from: `rest`, `archive`; sorted. */
  readonly sources: readonly string[]
  readonly proof: RowProof
}

/**
 * A row that changed after it was stored, in the partition of this period. Of a row that the exchange no longer sends,
 * `old` has all columns and `new` none: it is kept, and once it is sent again the entry goes
 * (docs/decisions/0005-vanished-rows-are-kept.md).
 */
export type Revision = ChangedRow & { readonly period: string }

/** An archive file that rows were taken from. */
export type ArchiveEntry = { readonly sha256: string; readonly period: string }

/** All that is recorded of a series. */
export type Manifest = {
  readonly key: SeriesKey
  readonly numbers: Numbers
  readonly partition: Partition
  readonly coverage: Coverage
  readonly gaps: readonly Gap[]
  /** Covered windows to be asked once more, since they were stored soon after they closed. */
  readonly fresh: Coverage
  readonly partitions: ReadonlyMap<string, PartitionEntry>
  /** By the path in the archive; each with the time that the file is about. */
  readonly archives: ReadonlyMap<string, ArchiveEntry>
  readonly revisions: readonly Revision[]
  /** Klines that the last run received less finished than they are stored, and did not take: `new`, by their time. */
  readonly doubts: readonly Revision[]
}

/** Does a manifest know nothing any more? */
export function isForgotten({ coverage, gaps, partitions }: Manifest): boolean {
  return coverage.length + gaps.length + partitions.size === 0
}

/** How often an empty stretch was asked for before it was called a gap (pull/walk-klines.ts). */
const ASKED = 2

/**
 * The manifest's text: JSON, keys and lists in a fixed order, one line feed at the end. The last key is a checksum of
 * all before it, so that no damage passes for coverage.
 */
export function formatManifest(manifest: Manifest): string {
  const { key, numbers, partition, coverage, gaps, fresh, doubts } = manifest
  const document = {
    format: FORMAT_VERSION,
    ...key,
    numbers,
    partition,
    coverage: coverage.map(formatWindow),
    gaps: gaps.map((gap) => ({ ...formatWindow(gap), reason: gap.reason, asked: ASKED })),
    fresh: fresh.map(formatWindow),
    partitions: sorted(withPaths(key, manifest.partitions)),
    archives: sorted(manifest.archives),
    revisions: manifest.revisions,
    ...(doubts.length === 0 ? {} : { doubts }),
  }
  const body = JSON.stringify(document, null, 1)
  return `${body.slice(0, -2)},\n "checksum": "${checksumOf(body)}"\n}\n`
}

/** Each entry with its file's path in the lake: for readers; it is not read back, so that it cannot lead elsewhere. */
function withPaths(
  key: SeriesKey,
  partitions: Manifest['partitions'],
): ReadonlyMap<string, PartitionEntry & { readonly path: string }> {
  return new Map(
    [...partitions].map(([period, entry]) => [
      period,
      { path: partitionPath(key, period), ...entry },
    ]),
  )
}

/** SHA-256 of a text, lower-case hex. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Every {@link GapReason}. */
export const REASONS: readonly GapReason[] = [
  'outage',
  'before-listing',
  'after-delisting',
  'between-contracts',
  'unavailable-from-rest',
  'not-published',
  'unconfirmed',
]

const strings: Shape<Readonly<Record<string, string>>> = object.record(text)
const proofValue: Shape<string | number | boolean> = (value, path) => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  throw new TypeError(`${path}: expected a text, number or boolean`)
}
/** A text that `read` takes without a word. */
function readable(read: (value: string) => unknown): Shape<string> {
  return (value, path) => {
    const found = text(value, path)
    read(found)
    return found
  }
}
const moment = readable(parseMicros)
const period = readable(periodWindow)
const key: Shape<string> = (value, path) => {
  if (/^-?\d{1,19}$/.test(text(value, path))) return text(value, path)
  throw new TypeError(`${path}: expected a key`)
}
/** Shapes that a footer has in common with the manifest. */
export const PARTS: {
  readonly window: Shape<WindowText>
  readonly gap: Shape<WindowText & { readonly reason: GapReason }>
  readonly proof: Shape<RowProof>
  readonly archives: Shape<Readonly<Record<string, ArchiveEntry>>>
  readonly revisions: Shape<readonly Revision[]>
} = {
  window: object.of({ from: text, to: text }),
  gap: object.of({ from: text, to: text, reason: oneOf(REASONS) }),
  proof: object.record(proofValue),
  archives: object.record(object.of({ sha256: text, period })),
  revisions: array(object.of({ period, key, time: moment, old: strings, new: strings })),
}
const entryShape = object.of({
  rows: whole,
  bytes: whole,
  sha256: text,
  firstKey: key,
  lastKey: key,
  sources: array(text),
  proof: PARTS.proof,
})
/** What mends a manifest. */
export const REBUILD = 'Rebuild it from the data files: binance-backfill verify --rebuild'

const shape = object.of({
  numbers: oneOf(NUMBERS),
  partition: oneOf(PARTITIONS),
  coverage: array(PARTS.window),
  gaps: array(PARTS.gap),
  fresh: array(PARTS.window),
  partitions: object.record(entryShape),
  archives: PARTS.archives,
  revisions: PARTS.revisions,
  doubts: (value, path) => (value === undefined ? [] : PARTS.revisions(value, path)),
})

/**
 * Reads a manifest.
 *
 * @param path - Where it lies, for messages.
 * @throws UsageError for a lake of a newer version.
 * @throws DamageError for anything that {@link formatManifest} would not write for this series, to the byte.
 */
export function parseManifest(source: string, key: SeriesKey, path: string): Manifest {
  try {
    const document: unknown = JSON.parse(source)
    checkVersion(document, path)
    const { partitions, archives, ...rest } = shape(document, '')
    const manifest: Manifest = {
      ...rest,
      key,
      coverage: rest.coverage.map(parseWindow),
      fresh: rest.fresh.map(parseWindow),
      gaps: rest.gaps.map((gap) => ({ ...parseWindow(gap), reason: gap.reason })),
      partitions: new Map(Object.entries(partitions)),
      archives: new Map(Object.entries(archives)),
    }
    // Whatever reads back otherwise was changed since it was written, were it by one bit.
    if (formatManifest(manifest) !== source) throw new TypeError('it is not what was written')
    return manifest
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new DamageError(`${path}: the manifest is damaged: ${why}`, {
      cause,
      hint: REBUILD,
    })
  }
}

function checkVersion(document: unknown, path: string): void {
  const { format } = (document ?? {}) as { format?: unknown }
  if (typeof format === 'number' && format > FORMAT_VERSION)
    throw new UsageError(
      `${path}: format ${format} is newer than ${FORMAT_VERSION}, which this version writes`,
      {
        hint: 'Upgrade binance-backfill.',
      },
    )
  if (format !== FORMAT_VERSION) throw new TypeError(`format: expected ${FORMAT_VERSION}`)
}
