/**
 * Where output goes: results to stdout, words for people to stderr, errors as one line or one JSON object. Every
 * line that may hold text from outside passes `quoteText` here or in the view that made it.
 */

import pc from 'picocolors'
import type { SeriesKey } from '../index.ts'
import type { Io } from './io.ts'
import { describeError } from './failure.ts'
import type { SharedValues } from './flags.ts'
import { library, loadLibrary } from './library.ts'

/** Colours, or functions that return their text as it is. */
export type Paint = ReturnType<typeof pc.createColors>

/** How a command speaks. */
export type Printer = {
  /** One JSON document on a line of its own, on stdout; printed with `--quiet` too, since it was asked for. */
  json(value: unknown): Promise<void>
  /** A result for people, on stdout. */
  result(text: string): Promise<void>
  /** Words for people about what is going on, on stderr. */
  say(text: string): Promise<void>
  /** An error, on stderr, whatever the flags. */
  error(error: unknown): Promise<void>
  readonly paint: { readonly out: Paint; readonly err: Paint }
  /** Does a person read stderr? */
  readonly isSpoken: boolean
}

/** Makes the printer that `values` and the terminal ask for. */
export function printerOf(
  values: SharedValues & { readonly 'log-format'?: 'text' | 'json' },
  io: Io,
): Printer {
  const out = pc.createColors(hasColour(io))
  const err = pc.createColors(hasColour(io) && io.stderr.isTerminal)
  // With --json a machine reads stderr too, and gets errors only; but for `run --json > file` at a terminal.
  const isWatched = io.stderr.isTerminal && !io.stdout.isTerminal
  const isSpoken = values.quiet !== true && (values.json !== true || isWatched)
  const isShown = values.quiet !== true && values.json !== true
  return {
    json: async (value) => {
      await io.stdout.write(`${library.jsonText(value)}\n`)
    },
    result: async (text) => {
      if (isShown) await io.stdout.write(text)
    },
    say: async (text) => {
      if (isSpoken) await io.stderr.write(`${text}\n`)
    },
    error: async (error) => {
      await loadLibrary()
      const { lines, document } = describeError(error, values.verbose === true)
      const text =
        values.json === true || values['log-format'] === 'json'
          ? library.jsonText(document)
          : lines.map((line) => line.replace(/^error:/, err.red('error:'))).join('\n')
      await io.stderr.write(`${text}\n`)
    },
    paint: { out, err },
    isSpoken,
  }
}

function hasColour({ env, stdout }: Io): boolean {
  const isRefused = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== ''
  return stdout.isTerminal && !isRefused && env['TERM'] !== 'dumb'
}

/** A {@link SeriesKey} as documents write it. */
export type FlatKey = {
  readonly market: string
  readonly dataset: string
  readonly symbol: string
  readonly contract?: string
  readonly interval?: string
  readonly account?: string
}

/** Picks the parts of a key, in one order. */
export function flatKey({
  market,
  dataset,
  symbol,
  contract,
  interval,
  account,
}: SeriesKey): FlatKey {
  return {
    market,
    dataset,
    symbol,
    ...(contract === undefined ? {} : { contract }),
    ...(interval === undefined ? {} : { interval }),
    ...(account === undefined ? {} : { account }),
  }
}
