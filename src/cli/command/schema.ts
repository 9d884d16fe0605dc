/** `schema`: prints the JSON Schema of job files. */

import type { Call, Command } from '../command.ts'

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
  const { jobSchema } = await import('../../index.ts')
  // It is a document, not words: printed with --quiet and --json alike.
  await io.stdout.write(`${JSON.stringify(jobSchema(), undefined, 2)}\n`)
  return 0
}
