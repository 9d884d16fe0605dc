/** Files that come with the program: its own, and those of packages that it depends on. */

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Reads a file of this package by its path from the package's root. */
export async function ownFile(path: string): Promise<string> {
  const root = createRequire(import.meta.url).resolve('binance-backfill/package.json')
  return readFile(join(dirname(root), path), 'utf8')
}

/** Reads a file of an installed package, e.g. `dist/x.js`, whether or not the package exports it. */
export async function packageFile(name: string, path: string): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return readFile(join(dirname(manifest), path), 'utf8')
}
