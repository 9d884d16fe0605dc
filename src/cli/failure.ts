/** How a command fails: its exit code, and its error as a person and a script read it. */

import type { ErrorEntry, JobProblem } from '../index.ts'
import { counted } from './human.ts'
import { library } from './library.ts'

/** What the process ends with, and what that means, in the order of the numbers; the help and docs/CLI.md print it. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done: all that was asked for is covered, known exchange gaps included'],
  ['1', 'unexpected failure'],
  ['2', 'the command line or a job file is not valid; nothing was done'],
  ['3', 'some of it could not be fetched; what was is kept; run again'],
  ['4', "verify found damage, or the exchange's data was refused"],
  ['5', 'rate limited or banned for longer than --max-wait'],
  ['6', 'another run holds the lake'],
  ['10', 'plan --detailed-exitcode: there is work to do'],
  ['129, 130, 143', 'stopped by SIGHUP, SIGINT or SIGTERM, after a clean commit'],
]

/** The command line or the environment asks for something that cannot be. By shape an error like those of the library. */
export class Misuse extends Error {
  readonly code: string = 'E_USAGE'
  readonly exit = 2
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    // One line, whatever was typed: the next one would pass for ours.
    super(message.replaceAll('\n', '\\u{a}'))
    this.name = 'Misuse'
    this.hint = hint
  }
}

/** `; did you mean X?`, or nothing when `text` is near to none of `known`. */
export function suggested(text: string, known: readonly string[], prefix = ''): string {
  const name = library.closest(text, known)
  return name === undefined ? '' : `; did you mean ${prefix}${name}?`
}

/** Not all was fetched, or damage was found. By shape an error like those of the library. */
export class Unfinished extends Error {
  readonly code: string
  readonly exit: number
  readonly hint: string

  constructor(
    code: string,
    message: string,
    options: { readonly exit: number; readonly hint: string },
  ) {
    super(message)
    this.name = 'Unfinished'
    this.code = code
    this.exit = options.exit
    this.hint = options.hint
  }
}

/** Exit code of what could not be fetched. */
export const INCOMPLETE = 3
/** Exit code of rows that were refused, and of damage. */
export const DAMAGED = 4

/** What to say of damaged series, of which nothing is known; `undefined` when there are none. */
export function damagedSeries(errors: readonly ErrorEntry[]): Unfinished | undefined {
  const [first] = errors
  if (first === undefined) return undefined
  const where = `damage found in ${counted(errors.length, 'series', 'series')}: ${first.message}`
  const hint = first.hint ?? 'binance-backfill verify --json lists all'
  return new Unfinished(first.code, where, { exit: DAMAGED, hint })
}

/** An error for `--json`, and its exit code for the process. */
export type Failure = {
  readonly kind: 'error'
  /** Stable; `E_BUG` for what was not thrown on purpose. */
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly exit: number
  /** Of job files. */
  readonly problems?: readonly JobProblem[]
}

/** What {@link describeError} returns. */
export type Described = {
  readonly document: Failure
  /** For a terminal: the last line says what happened, the ones before it have details. */
  readonly lines: readonly string[]
}

const BUG_HINT =
  'This is a bug; please report it with the output of the same command with --verbose.'
const USAGE_EXIT = 2
/** Longest line of an error, in characters. */
const LINE_MAX = 2000

type Known = Error & {
  readonly code: string
  readonly exit: number
  readonly hint?: string | undefined
  readonly problems?: readonly JobProblem[]
}

/** Was it thrown on purpose? By shape: some are the CLI's own, found before the library is loaded. */
function isKnown(error: unknown): error is Known {
  if (!(error instanceof Error)) return false
  const { code, exit } = error as Partial<Known>
  return typeof code === 'string' && typeof exit === 'number'
}

/** The exit code that `error` asks for; 1 for what was not thrown on purpose. */
export function exitOf(error: unknown): number {
  return isKnown(error) ? error.exit : 1
}

/** Describes any thrown value, safe for a terminal. */
export function describeError(error: unknown, isVerbose: boolean): Described {
  const document = isKnown(error) ? knownFailure(error) : bug(error)
  const hint = document.hint === undefined ? '' : ` (${document.hint})`
  const said = document.message.split('\n')
  // Several problems of one job or command line stand on their own lines; the error line then counts them.
  const lines =
    said.length > 1 && document.exit === USAGE_EXIT
      ? [...said, `error: ${said.length} problems; nothing was done${hint}`]
      : [`error: ${said.join('; ')}${hint}`]
  const stack = isVerbose && !isKnown(error) && error instanceof Error ? (error.stack ?? '') : ''
  const safe = [...stack.split('\n').filter((line) => line !== ''), ...lines]
  return { document, lines: safe.map((line) => library.quoteText(line, LINE_MAX)) }
}

function knownFailure(error: Known): Failure {
  return {
    kind: 'error',
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    exit: error.exit,
    ...(error.problems === undefined ? {} : { problems: error.problems }),
  }
}

function bug(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  const [first = ''] = message.split('\n')
  return { kind: 'error', code: 'E_BUG', message: first, hint: BUG_HINT, exit: 1 }
}
