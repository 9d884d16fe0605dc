/** `schema`: prints the JSON Schema of job files. */

import { jobSchema } from '../../index.ts'
import type { Execute } from '../commands.ts'

export const execute: Execute = async ({ io }) => {
  // It is a document, not words: printed with --quiet and --json alike.
  await io.stdout.write(`${JSON.stringify(jobSchema(), undefined, 2)}\n`)
  return 0
}
