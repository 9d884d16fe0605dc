/** A question at the terminal. */

import { createInterface } from 'node:readline'
import type { Io } from './io.ts'

/** Is there somebody who reads stderr and can answer? */
export function canAsk({ stdin, stderr }: Io): boolean {
  return stdin.isTerminal && stderr.isTerminal
}

/** Asks on stderr, and resolves to whether the answer is yes; the end of the input is no. */
export async function isAgreed(question: string, { stdin, stderr }: Io): Promise<boolean> {
  const lines = createInterface({ input: stdin.stream, output: stderr.stream, terminal: false })
  try {
    await stderr.write(`${question} [y/N] `)
    for await (const line of lines) return /^\s*y(es)?\s*$/i.test(line)
    return false
  } finally {
    lines.close()
  }
}
