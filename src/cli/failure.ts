/** Errors as a person and a script read them. Imports the library only once something has failed. */

import type { JobProblem } from '../index.ts'

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

/** Was it thrown on purpose? By shape, so that usage errors are told without loading the library. */
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
export async function describeError(error: unknown, isVerbose: boolean): Promise<Described> {
  const { quoteText } = await import('../index.ts')
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
  return { document, lines: safe.map((line) => quoteText(line, LINE_MAX)) }
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
