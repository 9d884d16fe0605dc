/** The library that splits command lines and completes them, set up from our tables. */

import yargs, { type Argv } from 'yargs'
import { flagsOf, type Command } from './command.ts'
import { isSwitch } from './flags.ts'

/** The command for whose work yargs has all that it takes. */
const COMPLETION = 'completion'

/** A yargs that knows all commands with their flags; parses nothing yet, and prints nothing but completions. */
export function yargsOf(commands: readonly Command[], argv: readonly string[]): Argv {
  const parser = yargs([...argv])
    .scriptName('binance-backfill')
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
    })
  for (const command of commands) {
    if (command.name === COMPLETION) continue // yargs' own
    parser.command(command.name, command.describe, (sub) => {
      for (const [name, flag] of Object.entries(flagsOf(command))) {
        const type = isSwitch(flag) ? 'boolean' : 'string'
        sub.option(name, { type, describe: flag.describe })
      }
      return sub
    })
  }
  return parser
}

/** With yargs' own command that prints the script, and answers to the shell. */
export function withCompletion(parser: Argv): Argv {
  return parser.completion(COMPLETION)
}
