#!/usr/bin/env node
/** The command `binance-backfill`. */

import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { setFlagsFromString } from 'node:v8'

const STANDARD = [0, 1, 2]

/**
 * Keeps the part of the heap small where objects begin. Rows live in large arrays outside of it, which are freed once
 * the small objects that stand for them are found dead: the smaller this part, the sooner. For a process of one's own
 * only, since it holds for all that runs in it.
 */
function keepYoungObjectsFew(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/**
 * When the process ends, lets go of those of stdin, stdout and stderr whose terminal is gone. Node would set that
 * terminal back to what it was at the start, fail, and abort: 134 and a core file instead of the exit code. It passes
 * over what was closed.
 */
function outliveTerminals(): void {
  const terminals = STANDARD.filter((fd) => isatty(fd))
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) letGo(fd)
  })
}

function letGo(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // Closed already, which is all that is wanted.
  }
}

/** A shell asks while a line is typed: it gets its answer before all that a command needs is loaded. */
async function complete(words: readonly string[]): Promise<number> {
  const { answerShell } = await import('./complete.ts')
  return answerShell(words, process.env, (text) => process.stdout.write(text))
}

async function runLine(): Promise<number> {
  const [{ run }, { processIo }] = await Promise.all([import('./dispatch.ts'), import('./io.ts')])
  return run(argv, processIo())
}

keepYoungObjectsFew()
outliveTerminals()
const argv = process.argv.slice(2)
const exitCode = await (argv[0] === '--complete' ? complete(argv.slice(1)) : runLine())
// A stream that failed has set its own.
process.exitCode ||= exitCode
