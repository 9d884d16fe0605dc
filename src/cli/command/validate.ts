/** `validate`: checks job files, and nothing else. */

import type { Call, Command } from '../command.ts'
import { jobsOf, readJobFiles } from '../jobs.ts'
import { library } from '../library.ts'

/** @see {@link Command} */
export const command: Command = {
  name: 'validate',
  operands: 'JOB...',
  describe: 'check job files, and nothing else',
  long: ['Prints every problem of every file with its line and column. Asks the exchange nothing.'],
  flags: {},
  examples: [
    { line: 'validate jobs/majors.yaml', does: 'one job file' },
    { line: 'validate jobs/majors.yaml jobs/quickstart.yaml --json', does: 'two of them, as JSON' },
  ],
  execute,
}

async function execute({ values, operands, print }: Call): Promise<number> {
  const files = await readJobFiles(operands)
  const isValid = ({ job }: { readonly job?: unknown }): boolean => job !== undefined
  if (values.json === true)
    await print.json({
      ok: files.every(isValid),
      files: files.map(({ file, job, problems }) => ({
        file,
        ok: job !== undefined,
        ...(job === undefined ? {} : { name: job.name }),
        problems,
      })),
    })
  else
    for (const { file, job } of files)
      if (job !== undefined) await print.result(`ok ${file} (${library.quoteText(job.name)})\n`)
  jobsOf(files)
  return 0
}
