/** The record that a run leaves in the lake: plain data and its text, bounded whatever the run was. */

import { DamageError, UsageError, type ErrorEntry } from '../base/errors.ts'
import { parseMicros, toMillis, formatMicros, type Micros, type WindowText } from '../base/time.ts'
import type { Wait } from '../base/wait.ts'
import { array, object, text, whole, type Shape } from './shape.ts'

/** Version of the records; one of a higher version is not read. */
export const RUN_FORMAT = 1

/** How often and how long a run waited, for one reason. */
export type RunWaits = { readonly count: number; readonly ms: number }

/** A series that a run left incomplete, and why. */
export type RunLack = {
  readonly market: string
  readonly dataset: string
  readonly symbol: string
  readonly contract?: string
  readonly interval?: string
  readonly account?: string
  /** The first of its missing windows, and how many more there are. */
  readonly windows: readonly WindowText[]
  readonly moreWindows: number
  readonly error?: ErrorEntry
}

/** How fast the sources were, as far as a run could tell; later plans rest on it. */
export type RunSpeed = {
  /** From asking REST for a page to its answer. */
  readonly pageMs?: number
  /** Until a file of the archive began to arrive. */
  readonly fileMs?: number
  /** Of zips, downloaded, read and stored. */
  readonly bytesPerSecond?: number
}

/** One run, as the lake remembers it. */
export type RunRecord = {
  readonly format: typeof RUN_FORMAT
  /** When it started, and a word of chance: sorts by time, and no two runs have the same. */
  readonly id: string
  /** Of the program that ran. */
  readonly version: string
  /** The names of its jobs, separated by commas. */
  readonly job: string
  /** The shard that it ran, `2/4`; absent when it ran all series of its jobs. */
  readonly shard?: string
  /** By the clock of the machine that ran, ISO 8601 UTC. */
  readonly started: string
  readonly finished: string
  readonly exit: number
  /** Was everything that was asked covered, known gaps included? */
  readonly complete: boolean
  /** Rows that the lake held and did not hold before, and stored rows that changed. */
  readonly rows: number
  readonly revisions: number
  /** Files that were written, and their whole size. */
  readonly partitions: number
  readonly bytes: number
  readonly requests: number
  readonly weight: number
  /** Waits of more than a second, by {@link Wait} reason; those that did not occur are absent. */
  readonly waits: Readonly<Partial<Record<Wait['reason'], RunWaits>>>
  /** Absent where nothing was measured. */
  readonly speed?: RunSpeed
  /** How many series the jobs asked for. */
  readonly series: number
  /** Those that were left incomplete, and how many more there are. */
  readonly missing: readonly RunLack[]
  readonly moreMissing: number
  /** The symbols that the jobs came to, by market, and how many more there are. */
  readonly symbols: Readonly<Record<string, readonly string[]>>
  readonly moreSymbols: number
  /**
   * The series that were asked for, all that was asked of them being answered: names by the directory that holds them,
   * and how many more there are. Absent in records of versions before it.
   */
  readonly asked?: Readonly<Record<string, readonly string[]>>
  readonly moreAsked?: number
  /** What ended the run, or its first failure. */
  readonly error?: ErrorEntry
}

const ID = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}-[0-9a-f]{8}$/

/** The id of a run: `2024-03-01T12-34-56-789-1f3a9c2b`. @param chance - In `[0, 1)`. */
export function runId(started: Micros, chance: number): string {
  const [moment = ''] = new Date(toMillis(started)).toISOString().split('Z')
  const word = Math.floor(chance * 2 ** 32).toString(16)
  return `${moment.replace(/[:.]/g, '-')}-${word.padStart(8, '0')}`
}

/** Has a text the form of an id? */
export function isRunId(id: string): boolean {
  return ID.test(id)
}

/** The bytes of a record. */
export function formatRunRecord(record: RunRecord): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(record, null, 1)}\n`)
}

function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, path) => (value === undefined ? undefined : shape(value, path))
}

const truth: Shape<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${path}: expected true or false`)
}

const moment: Shape<string> = (value, path) => formatMicros(parseMicros(text(value, path)))

const errorShape = object.of({ code: text, message: text, hint: optional(text) })
const lackShape = object.of({
  market: text,
  dataset: text,
  symbol: text,
  contract: optional(text),
  interval: optional(text),
  account: optional(text),
  windows: array(object.of({ from: moment, to: moment })),
  moreWindows: whole,
  error: optional(errorShape),
})
const recordShape = object.of({
  version: text,
  job: text,
  shard: optional(text),
  started: moment,
  finished: moment,
  exit: whole,
  complete: truth,
  rows: whole,
  revisions: whole,
  partitions: whole,
  bytes: whole,
  requests: whole,
  weight: whole,
  waits: object.record(object.of({ count: whole, ms: whole })),
  speed: optional(
    object.of({
      pageMs: optional(whole),
      fileMs: optional(whole),
      bytesPerSecond: optional(whole),
    }),
  ),
  series: whole,
  missing: array(lackShape),
  moreMissing: whole,
  symbols: object.record(array(text)),
  moreSymbols: whole,
  asked: optional(object.record(array(text))),
  moreAsked: optional(whole),
  error: optional(errorShape),
})

/**
 * Reads a record.
 *
 * @param id - Of the file that it was read from.
 * @throws UsageError for one of a newer version; DamageError for one that is torn, or was never a record.
 */
export function parseRunRecord(source: string, id: string): RunRecord {
  try {
    const document: unknown = JSON.parse(source)
    const { format } = (document ?? {}) as { format?: unknown }
    if (typeof format === 'number' && format > RUN_FORMAT)
      throw new UsageError(
        `the record of run ${id} has format ${format}, newer than this version`,
        {
          hint: 'Upgrade binance-backfill.',
        },
      )
    if (format !== RUN_FORMAT) throw new TypeError(`format: expected ${RUN_FORMAT}`)
    // Through JSON once more, so that what was absent is absent and not undefined.
    const record = JSON.parse(JSON.stringify(recordShape(document, ''))) as RunRecord
    return { ...record, format: RUN_FORMAT, id }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw new DamageError(`the record of run ${id} cannot be read: it is torn or damaged`, {
      cause,
      hint: 'The rows of the lake are not affected. Delete the file in _runs to be rid of it.',
    })
  }
}
