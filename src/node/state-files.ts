/** Where this machine keeps what belongs to its address rather than to a lake: until when the exchange bans it. */

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

/** The directory that the environment names, or the user's own for such things. */
function stateDirectory(): string {
  const named = environment('BINANCE_BACKFILL_STATE_DIR')
  if (named !== undefined) return named
  if (process.platform === 'win32')
    return join(environment('LOCALAPPDATA') ?? join(homedir(), 'AppData', 'Local'), NAME)
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', NAME)
  return join(environment('XDG_STATE_HOME') ?? join(homedir(), '.local', 'state'), NAME)
}
