/** Files that come with the program: its own, and those of packages that it depends on. */

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Where a file of this package is, by its path from the package's root. */
export function ownPath(path: string): string {
  const root = createRequire(import.meta.url).resolve('binance-backfill/package.json')
  return join(dirname(root), path)
}

/** Reads a file of this package by its path from the package's root. */
export async function ownFile(path: string): Promise<string> {
  return readFile(ownPath(path), 'utf8')
}

/** Reads a file of an installed package, e.g. `dist/x.js`, whether or not the package exports it. */
export async function packageFile(name: string, path: string): Promise<string> {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return readFile(join(dirname(manifest), path), 'utf8')
}
