/** The command in this process: all of it but the streams and the environment of a process of its own. */

import { run } from '../../src/cli/dispatch.ts'
import type { CliResult } from '../e2e/support.ts'
import { fakeIo } from './terminal.ts'

/** Runs a command line to its end. */
export async function command(
  argv: readonly string[],
  options: Parameters<typeof fakeIo>[0] = {},
): Promise<CliResult> {
  const io = fakeIo(options)
  const exit = await run(argv, io)
  return { exit, stdout: io.out(), stderr: io.err() }
}
