/** `schema`: prints the JSON Schema of job files. */

import type { Call, Command } from '../command.ts'
import { library } from '../library.ts'

/** @see {@link Command} */
export const command: Command = {
  name: 'schema',
  describe: 'print the JSON Schema of job files',
  long: ['For editors that complete and check YAML by a schema.'],
  flags: {},
  examples: [{ line: 'schema > job.schema.json', does: 'keep it beside the jobs' }],
  execute,
}

async function execute({ io }: Call): Promise<number> {
  // It is a document, not words: printed with --quiet and --json alike.
  await io.stdout.write(`${JSON.stringify(library.jobSchema(), undefined, 2)}\n`)
  return 0
}
