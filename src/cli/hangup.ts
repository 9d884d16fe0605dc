/** The end of a process whose terminal was closed before it. */

import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'

const STANDARD = [0, 1, 2]

/**
 * When the process ends, lets go of those of stdin, stdout and stderr whose terminal is gone. Node would set that
 * terminal back to what it was at the start, fail, and abort: 134 and a core file instead of the exit code. It passes
 * over what was closed.
 */
export function outliveTerminals(): void {
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
