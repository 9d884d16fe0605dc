/**
 * Errors, one class per reaction: fix the job, wait, look at the data, look at the disk. Each says what happened, has a
 * stable code, and hints at the next step. Text from a server is included only through `quoteText`.
 */

import type { WindowText } from './time.ts'

/** Base of every error thrown on purpose. Anything else that is thrown is a bug. */
export abstract class BackfillError extends Error {
  /** Stable and greppable, e.g. `E_JOB_INVALID`; part of the public API. */
  abstract readonly code: string
  /** The exit code of a process that ends with this error (CONTRACT, exit codes). */
  abstract readonly exit: number
  /** What the user can do about it, in one sentence. */
  readonly hint: string | undefined

  constructor(
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined } = {},
  ) {
    super(message, options)
    this.name = new.target.name
    this.hint = options.hint
  }
}

/** The command line, the environment or a job file asks for something impossible. Nothing was done. */
export class UsageError extends BackfillError {
  readonly code: string = 'E_USAGE'
  readonly exit = 2
}

/** One problem in a job file, with its position; lines and columns count from 1. */
export type JobProblem = {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Where in the document, e.g. `datasets[0].intervals[1]`; empty for the document itself. */
  readonly path: string
  readonly message: string
}

/** A job file is not valid; has every problem found, in the order of the file. */
export class JobError extends UsageError {
  override readonly code = 'E_JOB_INVALID'
  readonly problems: readonly JobProblem[]

  constructor(problems: readonly JobProblem[]) {
    super(problems.map(formatProblem).join('\n'), {
      hint: 'Fix the job file; `binance-backfill schema` prints what it may contain.',
    })
    this.problems = problems
  }
}

function formatProblem({ file, line, column, path, message }: JobProblem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`
}

/** No complete answer came: connection, deadline, size cap, damaged body. Worth another try. */
export class TransportError extends BackfillError {
  readonly code = 'E_TRANSPORT'
  readonly exit = 3
  /** `false` for what another try cannot solve, e.g. an invalid certificate. */
  readonly isTransient: boolean

  constructor(message: string, options: ErrorOptions & { readonly isTransient?: boolean } = {}) {
    super(message, { ...options, hint: 'Check the network, then run again.' })
    this.isTransient = options.isTransient ?? true
  }
}

/** Every attempt failed. */
export class UnreachableError extends BackfillError {
  readonly code = 'E_UNREACHABLE'
  readonly exit = 3
}

/** A symbol that neither the exchange nor its archive knows: a slip in the job, which no other run would mend. */
export class UnknownSymbolError extends BackfillError {
  readonly code = 'E_UNKNOWN_SYMBOL'
  readonly exit = 2
}

/** The exchange will never answer this request: wrong symbol, retired endpoint. */
export class RejectedError extends BackfillError {
  readonly code = 'E_REJECTED'
  readonly exit = 3
  readonly status: number
  /** Binance's own error code, e.g. -1121; `undefined` when the body had none. */
  readonly exchangeCode: number | undefined

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly status: number
      readonly exchangeCode?: number | undefined
      readonly hint?: string | undefined
    },
  ) {
    super(message, options)
    this.status = options.status
    this.exchangeCode = options.exchangeCode
  }
}

/** What the exchange does not have now: history no longer served over REST, unpublished files, symbols of a status. */
export class UnavailableError extends BackfillError {
  readonly code = 'E_UNAVAILABLE'
  readonly exit = 3
}

/** What was asked of the lake is not covered in full, and the caller wants all of it or nothing. */
export class IncompleteError extends BackfillError {
  readonly code = 'E_INCOMPLETE'
  readonly exit = 3
  /** What is not covered, oldest first. */
  readonly missing: readonly WindowText[]

  constructor(message: string, missing: readonly WindowText[]) {
    super(message, { hint: 'Run the job again, or take what there is.' })
    this.missing = missing
  }
}

/** The exchange's clock contradicts other clocks, so that it is not known what is past. Nothing is covered. */
export class ClockError extends BackfillError {
  readonly code = 'E_CLOCK'
  readonly exit = 3
}

/** The exchange limits or bans this address for longer than the user allows. */
export class BannedError extends BackfillError {
  readonly code: 'E_RATE_LIMITED' | 'E_BANNED' | 'E_BLOCKED' | 'E_REGION'
  readonly exit = 5
  /** When it ends, in milliseconds from now; `undefined` when it will not (451). */
  readonly retryAfterMs: number | undefined

  constructor(
    code: BannedError['code'],
    message: string,
    options: { readonly retryAfterMs?: number | undefined; readonly hint: string },
  ) {
    super(message, options)
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The exchange sent something that cannot be true, or cannot be stored exactly; it was refused and not covered. */
export class DataError extends BackfillError {
  readonly code = 'E_DATA_REFUSED'
  readonly exit = 4
}

/**
 * Why a file of the public archive cannot be used.
 *
 * - `unreachable`: every attempt to download it failed
 * - `checksum`: it does not match its `.CHECKSUM`, even past caches; or that file is not valid
 * - `zip`: not exactly one valid entry of the expected name
 * - `csv`: a line that is not a row; names file and line
 * - `period`: a row outside the file's own day or month, in either unit
 * - `disorder`: rows so far out of order that they cannot be sorted in bounded memory
 * - `rows`: a row that cannot be true
 * - `flood`: too many trades without a quantity
 * - `thread`: the thread that read it died
 */
export type ArchiveProblem =
  'unreachable' | 'checksum' | 'zip' | 'csv' | 'period' | 'disorder' | 'rows' | 'flood' | 'thread'

/** An archive file that is set aside as a whole; another source may have its rows. */
export class ArchiveError extends BackfillError {
  readonly code = 'E_ARCHIVE'
  readonly exit = 3
  readonly problem: ArchiveProblem
  /** The file's path in the archive, or its name. */
  readonly path: string

  constructor(problem: ArchiveProblem, path: string, message: string, options: ErrorOptions = {}) {
    super(message, { ...options, hint: 'Other sources are asked for its time; run again.' })
    this.problem = problem
    this.path = path
  }
}

/** `verify` found damage in the lake. */
export class DamageError extends BackfillError {
  readonly code = 'E_DAMAGED'
  readonly exit = 4
}

/**
 * The disk or the lake's files cannot be used: full, read-only, foreign, newer, corrupt. `E_STORE_AWAY`: an object store
 * that does not answer, or refuses on the way; another run goes on.
 */
export class StoreError extends BackfillError {
  readonly code:
    | 'E_STORE_IO'
    | 'E_STORE_FULL'
    | 'E_STORE_CORRUPT'
    | 'E_STORE_FENCED'
    | 'E_STORE_CHANGED'
    | 'E_STORE_AWAY'
  readonly exit: 1 | 3
  /** Which file of the lake it is about, where a writer found another version of it. */
  readonly path: string | undefined

  constructor(
    code: StoreError['code'],
    message: string,
    options: ErrorOptions & {
      readonly hint?: string | undefined
      readonly path?: string | undefined
    } = {},
  ) {
    super(message, options)
    this.code = code
    this.exit = code === 'E_STORE_AWAY' ? 3 : 1
    this.path = options.path
  }
}

/** Was a file not replaced because it is no longer the version that the writer read? */
export function isChanged(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'E_STORE_CHANGED'
}

/** A thread of this process died. */
export class ThreadError extends BackfillError {
  readonly code = 'E_THREAD'
  readonly exit = 1
}

/** Another run holds the lake. */
export class LockedError extends BackfillError {
  readonly code = 'E_LOCKED'
  readonly exit = 6
}

/** The signals that stop a run, and its exit codes: 128 and the signal's number, as in a shell. */
const STOP_EXITS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** A signal that stops a run; a terminal sends SIGHUP when it closes. */
export type StopSignal = keyof typeof STOP_EXITS

/** The user asked to stop; what was complete is committed. */
export class StoppedError extends BackfillError {
  readonly code = 'E_STOPPED'
  readonly exit: (typeof STOP_EXITS)[StopSignal]

  constructor(signal: StopSignal) {
    super(`stopped by ${signal}`, {
      hint: 'Run again to continue.',
    })
    this.exit = STOP_EXITS[signal]
  }
}

/** Does this error end the whole run, not just its series? A file replaced by another process concerns one series. */
export function isFatal(error: unknown): boolean {
  return (
    !(error instanceof BackfillError) ||
    error instanceof BannedError ||
    error instanceof StoppedError ||
    (error instanceof StoreError && !isChanged(error)) ||
    error instanceof LockedError
  )
}

/** An error in results and events. */
export type ErrorEntry = { readonly code: string; readonly message: string; readonly hint?: string }

/** Turns anything thrown into plain data. */
export function describeError(error: unknown): ErrorEntry {
  if (!(error instanceof BackfillError))
    return { code: 'E_UNEXPECTED', message: error instanceof Error ? error.message : String(error) }
  const { code, message, hint } = error
  return hint === undefined ? { code, message } : { code, message, hint }
}
