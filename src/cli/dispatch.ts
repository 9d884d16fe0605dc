/** One command line from its words to its exit code. */

import { readFile } from 'node:fs/promises'
import { exitOf } from './failure.ts'
import { optionsOf } from './flags.ts'
import { ownPath, type Io } from './io.ts'
import { parseCommandLine } from './parse.ts'
import { printerOf } from './print.ts'
import { flagsOf } from './command.ts'
import { shardIn } from './shard.ts'

/**
 * Runs one command line; prints its result or its error. Never rejects.
 *
 * @param argv - Without the program and the script.
 * @returns the exit code.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  // Until the command line is parsed, only its words can say how an error should look.
  let print = printerOf({ json: argv.includes('--json'), verbose: argv.includes('--verbose') }, io)
  try {
    const parsed = await parseCommandLine(argv, io.env)
    if (parsed.kind === 'version') {
      await io.stdout.write(`${await version()}\n`)
      return 0
    }
    if (parsed.kind === 'help') {
      const { helpText } = await import('./help.ts')
      await io.stdout.write(helpText(parsed.command))
      return 0
    }
    const { command, values, operands } = parsed
    print = printerOf(values, io)
    const shard = command.isSharded === true ? shardIn(values, io.env) : undefined
    const own = optionsOf(values, flagsOf(command))
    const options = shard === undefined ? own : { ...own, shard }
    return await command.execute({ values, options, operands, io, print })
  } catch (error) {
    await print.error(error)
    return exitOf(error)
  }
}

async function version(): Promise<string> {
  const text = await readFile(ownPath('package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
