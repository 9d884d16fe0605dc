/** Files that come with the command. */

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The path of a file of this package, by its path from the package's root. */
export function ownPath(path: string): string {
  const root = createRequire(import.meta.url).resolve('binance-backfill/package.json')
  return join(dirname(root), path)
}
