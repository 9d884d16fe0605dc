/** Where the query of `sql` comes from. */

import { readFile } from 'node:fs/promises'
import { Misuse } from './failure.ts'
import type { Io } from './io.ts'
import { library } from './library.ts'

/** Far more than anybody writes; a query is held in memory. */
const QUERY_BYTES_MAX = 1 << 20

/**
 * The query: an argument, a file, or stdin for `-` and where stdin is no terminal.
 *
 * @returns `undefined` where there is none and a person can be asked for it.
 * @throws Misuse when there are two, or the file cannot be read.
 */
export async function queryOf(
  { file, operand }: { readonly file: string | undefined; readonly operand: string | undefined },
  { stdin }: Io,
): Promise<string | undefined> {
  if (file !== undefined && operand !== undefined)
    throw new Misuse('--file cannot stand beside a query')
  if (file !== undefined) return fromFile(file)
  if (operand !== undefined && operand !== '-') return operand
  return operand === undefined && stdin.isTerminal ? undefined : fromStream(stdin.stream)
}

async function fromFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new Misuse(`--file: ${library.quoteText(path)} cannot be read (${code})`)
  })
  return checked(bytes)
}

async function fromStream(stream: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of stream) {
    pieces.push(Buffer.from(piece))
    size += pieces.at(-1)?.length ?? 0
    if (size > QUERY_BYTES_MAX) break
  }
  return checked(Buffer.concat(pieces))
}

function checked(bytes: Buffer): string {
  if (bytes.length <= QUERY_BYTES_MAX) return bytes.toString('utf8')
  throw new Misuse('the query is longer than 1 MiB')
}
