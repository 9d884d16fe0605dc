/** The library that splits command lines, set up from our tables. */

import yargs, { type Argv } from 'yargs'
import { flagsOf, type Command } from './command.ts'
import { isSwitch } from './flags.ts'

/** A yargs that knows all commands with their flags; parses nothing yet, and prints nothing. */
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
