/** What a command is: facts for the parser, the help and docs/CLI.md, and the function that does the work. */

import type { Options } from '../index.ts'
import { LAKE_FLAGS, OUTPUT_FLAGS, type Flags, type SharedValues, type ValuesOf } from './flags.ts'
import type { Io } from './io.ts'
import type { Printer } from './print.ts'

/** A command that was called; `Own` are the flags that it declares itself. */
export type Call<Own extends Flags = Flags> = {
  readonly values: ValuesOf<Own> & SharedValues
  /** The options of the library that they set. */
  readonly options: Options
  /** What stands beside the flags: job files, a query. */
  readonly operands: readonly string[]
  readonly io: Io
  readonly print: Printer
}

/** One line of a shell and what it is for. */
export type Example = { readonly line: string; readonly does: string }

/** One command. */
export type Command = {
  readonly name: string
  /** What stands beside the flags, as the help writes it; absent when nothing may. */
  readonly operands?: 'JOB...' | '[JOB...]' | '[FILE]' | '[RUN]' | '[QUERY]' | '[SHELL]' | 'SERIES'
  /** One line. */
  readonly describe: string
  /** Paragraphs of the help. */
  readonly long: readonly string[]
  /** Its own flags. */
  readonly flags: Flags
  /** Takes the flags of the lake and the exchange too. */
  readonly takesLake?: true
  /** Works at series, and so at those of one shard alone where it is one of several. */
  readonly isSharded?: true
  readonly examples: readonly Example[]
  /** Does the work; resolves to the exit code. Loads the library itself, so that help and completion need not. */
  execute(call: Call): Promise<number>
}

/** The flags that a command takes, its own first. */
export function flagsOf({ flags, takesLake }: Command): Flags {
  return { ...flags, ...(takesLake === true ? LAKE_FLAGS : {}), ...OUTPUT_FLAGS }
}
