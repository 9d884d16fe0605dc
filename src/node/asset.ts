/** Files that come with the program: its own, and those of packages that it depends on. */

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Reads a file of this package by its path from the package's root. */
export async function ownFile(path: string): Promise<string> {
  const root = createRequire(import.meta.url).resolve('binance-backfill/package.json')
  return readFile(join(dirname(root), path), 'utf8')
}

/** Reads a file of an installed package, e.g. `uplot/dist/uPlot.min.css`. */
export async function packageFile(specifier: string): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve(specifier), 'utf8')
}
