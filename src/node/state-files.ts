/**
 * Where this machine keeps what belongs to its address rather than to a lake: until when the exchange bans it, and by
 * which secret its processes find each other.
 */

import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Memory } from '../base/ports.ts'
import { environment } from './environment.ts'
import { nodeFiles } from './files.ts'

const NAME = 'binance-backfill'

/**
 * What this machine remembers of one exchange.
 *
 * @param exchange - Its name; whatever it is made of, it becomes one plain directory.
 */
export function stateFiles(exchange: string): Memory {
  const directory = join(stateDirectory(), exchange.replace(/[^\w.-]/g, '_'))
  return { files: nodeFiles(directory), directory }
}

/**
 * A secret that all processes with this state directory know, and no other user of the machine. Made by the first.
 *
 * @throws where the directory cannot be written.
 */
export async function stateSecret(): Promise<string> {
  const directory = stateDirectory()
  const path = join(directory, '_secret')
  const own = `${path}.${randomBytes(8).toString('hex')}`
  const read = async (): Promise<string | undefined> =>
    readFile(path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    })
  const known = await read()
  if (known !== undefined) return known
  await mkdir(directory, { recursive: true })
  try {
    await writeFile(own, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' })
    // Whoever is later finds the first one's.
    await link(own, path).catch(() => undefined)
  } finally {
    await rm(own, { force: true })
  }
  const made = await read()
  if (made === undefined) throw new Error(`no secret at ${path}`)
  return made
}

/** The directory that the environment names, or the user's own for such things. */
function stateDirectory(): string {
  const named = environment('BINANCE_BACKFILL_STATE_DIR')
  if (named !== undefined) return named
  if (process.platform === 'win32')
    return join(environment('LOCALAPPDATA') ?? join(homedir(), 'AppData', 'Local'), NAME)
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', NAME)
  return join(environment('XDG_STATE_HOME') ?? join(homedir(), '.local', 'state'), NAME)
}
