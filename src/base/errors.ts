/**
 * Errors, one class per reaction: mend the job, wait, look at the data, look at the disk. Each says what happened,
 * carries a stable code, and hints at the next step. Text from a server comes in through `quoteText` only.
 */

/** Base of every error thrown on purpose. Anything else that escapes is a bug. */
export abstract class BackfillError extends Error {
  /** Stable and greppable, e.g. `E_JOB_INVALID`; part of the public API. */
  abstract readonly code: string
  /** What the process ends with when this error ends it (CONTRACT, exit codes). */
  abstract readonly exit: number
  /** What the reader can do about it, in one sentence. */
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

/** The command line, the environment or a job file asks for something that cannot be. Nothing was done. */
export class UsageError extends BackfillError {
  readonly code: string = 'E_USAGE'
  readonly exit = 2
}

/** One problem in a job file, with its place; lines and columns count from 1. */
export type JobProblem = {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Where in the document, e.g. `datasets[0].intervals[1]`; empty for the document itself. */
  readonly path: string
  readonly message: string
}

/** A job file is not valid; has every problem that was found, in the order of the file. */
export class JobError extends UsageError {
  override readonly code = 'E_JOB_INVALID'
  readonly problems: readonly JobProblem[]

  constructor(problems: readonly JobProblem[]) {
    super(problems.map(formatProblem).join('\n'), {
      hint: 'Mend the job file; `binance-backfill schema` prints what it may hold.',
    })
    this.problems = problems
  }
}

function formatProblem({ file, line, column, path, message }: JobProblem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`
}

/** No whole answer came: connection, deadline, size cap, damaged body. Worth another try. */
export class TransportError extends BackfillError {
  readonly code = 'E_TRANSPORT'
  readonly exit = 3
  /** `false` for what another try cannot mend, e.g. an invalid certificate. */
  readonly isTransient: boolean

  constructor(message: string, options: ErrorOptions & { readonly isTransient?: boolean } = {}) {
    super(message, { ...options, hint: 'Check the network, then run again.' })
    this.isTransient = options.isTransient ?? true
  }
}

/** Every try failed; what was fetched before is kept. */
export class UnreachableError extends BackfillError {
  readonly code = 'E_UNREACHABLE'
  readonly exit = 3
}

/** The exchange will not answer this request, however often it is asked: wrong symbol, retired endpoint. */
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

/** What the exchange does not have now: history that REST no longer serves, files not published, symbols of a status. */
export class UnavailableError extends BackfillError {
  readonly code = 'E_UNAVAILABLE'
  readonly exit = 3
}

/** The exchange's clock contradicts what else tells the time, so that nobody knows what is past. Nothing is covered. */
export class ClockError extends BackfillError {
  readonly code = 'E_CLOCK'
  readonly exit = 3
}

/** The exchange limits or bans this address beyond the wait that the user allows. */
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

/** The exchange sent what cannot be true, or cannot be stored exactly; it was refused and not covered. */
export class DataError extends BackfillError {
  readonly code = 'E_DATA_REFUSED'
  readonly exit = 4
}

/**
 * Why a file of the public archive cannot be used.
 *
 * - `unreachable`: every try to download it failed
 * - `checksum`: it is not what its `.CHECKSUM` says, also when asked for past caches; or that file makes no sense
 * - `zip`: not one sound entry of the expected name
 * - `csv`: a line that is not a row; names file and line
 * - `period`: a row outside the file's own day or month, in either unit
 * - `disorder`: rows so far out of order that they cannot be put right in bounded memory
 * - `rows`: a row that cannot be true
 * - `flood`: too many trades without a quantity
 */
export type ArchiveProblem =
  'unreachable' | 'checksum' | 'zip' | 'csv' | 'period' | 'disorder' | 'rows' | 'flood'

/** A file of the public archive that is set aside as a whole; another source may have its rows. */
export class ArchiveError extends BackfillError {
  readonly code = 'E_ARCHIVE'
  readonly exit = 3
  readonly problem: ArchiveProblem
  /** The file's path in the archive, or its name. */
  readonly path: string

  constructor(problem: ArchiveProblem, path: string, message: string, options: ErrorOptions = {}) {
    super(message, { ...options, hint: 'Its time is asked for from the other sources; run again.' })
    this.problem = problem
    this.path = path
  }
}

/** `verify` found damage in the lake. */
export class DamageError extends BackfillError {
  readonly code = 'E_DAMAGED'
  readonly exit = 4
}

/** The disk or the lake's files refuse: full, read-only, foreign, newer, corrupt. */
export class StoreError extends BackfillError {
  readonly code:
    'E_STORE_IO' | 'E_STORE_FULL' | 'E_STORE_CORRUPT' | 'E_STORE_FENCED' | 'E_STORE_CHANGED'
  readonly exit = 1

  constructor(
    code: StoreError['code'],
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined } = {},
  ) {
    super(message, options)
    this.code = code
  }
}

/** Was a file not replaced, since it is not the one any more that the writer built upon? */
export function isChanged(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'E_STORE_CHANGED'
}

/** Another run holds the lake. */
export class LockedError extends BackfillError {
  readonly code = 'E_LOCKED'
  readonly exit = 6
}

/** What asks a run to stop, and what it then ends with: 128 and the signal's number, as a shell has it. */
const STOP_EXITS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** A signal that asks a run to stop; SIGHUP is what a terminal sends that closes. */
export type StopSignal = keyof typeof STOP_EXITS

/** The user asked to stop; what was whole is committed. */
export class StoppedError extends BackfillError {
  readonly code = 'E_STOPPED'
  readonly exit: (typeof STOP_EXITS)[StopSignal]

  constructor(signal: StopSignal) {
    super(`stopped by ${signal}; what was fetched in full is kept`, { hint: 'Run again to go on.' })
    this.exit = STOP_EXITS[signal]
  }
}

/** Does this error end the whole run, not just its series? A file that somebody else replaced is of one series. */
export function isFatal(error: unknown): boolean {
  return (
    !(error instanceof BackfillError) ||
    error instanceof BannedError ||
    error instanceof StoppedError ||
    (error instanceof StoreError && !isChanged(error)) ||
    error instanceof LockedError
  )
}

/** An error as results and events carry it. */
export type ErrorEntry = { readonly code: string; readonly message: string; readonly hint?: string }

/** Turns whatever was thrown into plain data. */
export function describeError(error: unknown): ErrorEntry {
  if (!(error instanceof BackfillError))
    return { code: 'E_UNEXPECTED', message: error instanceof Error ? error.message : String(error) }
  const { code, message, hint } = error
  return hint === undefined ? { code, message } : { code, message, hint }
}
