/** `init`: a job file to begin with, and the schema beside it. */

import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Call, Command } from '../command.ts'
import { Misuse } from '../failure.ts'
import { library } from '../library.ts'

const DEFAULT_FILE = 'job.yaml'

/** @see {@link Command} */
export const command: Command = {
  name: 'init',
  operands: '[FILE]',
  describe: 'write a commented job file to begin with',
  long: [
    'Writes a small job file that is valid as it is, and beside it the JSON Schema by which editors complete and check it. Overwrites nothing.',
  ],
  flags: {},
  examples: [
    { line: 'init', does: 'job.yaml in this directory' },
    { line: 'init jobs/majors.yaml', does: 'another file' },
  ],
  execute,
}

async function execute({ values, operands, print }: Call): Promise<number> {
  const [file = DEFAULT_FILE] = operands
  const schema = join(dirname(file), library.SCHEMA_NAME)
  const refusal = await writeNew(file, library.jobTemplate())
  if (refusal !== undefined) throw new Misuse(refusal, 'name another file')
  const schemaText = `${JSON.stringify(library.jobSchema(), undefined, 2)}\n`
  const kept = await writeNew(schema, schemaText)
  if (values.json === true) await print.json({ file, schema })
  const name = library.quoteText(file)
  await print.result(
    `${name}: written; \`binance-backfill plan ${name}\` shows what it would fetch\n`,
  )
  if (kept !== undefined && (await textOf(schema)) !== schemaText)
    await print.say(`${kept}; \`binance-backfill schema\` prints the current schema`)
  return 0
}

/** Writes a file that is not there; else returns why it was not written. */
async function writeNew(path: string, text: string): Promise<string | undefined> {
  try {
    await writeFile(path, text, { flag: 'wx' })
    return undefined
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    const name = library.quoteText(path)
    if (code === 'EEXIST') return `${name} is there already and was left as it is`
    return code === 'ENOENT' ? `${name}: no such directory` : `${name} cannot be written (${code})`
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}
