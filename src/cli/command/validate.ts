/** `validate`: checks job files, and nothing else. */

import { quoteText } from '../../index.ts'
import type { Execute } from '../commands.ts'
import { jobsOf, readJobFiles } from '../jobs.ts'

export const execute: Execute = async ({ values, operands, print }) => {
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
      if (job !== undefined) await print.result(`ok ${file} (${quoteText(job.name)})\n`)
  jobsOf(files)
  return 0
}
