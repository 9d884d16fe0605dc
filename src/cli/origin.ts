/**
 * Where a lake's rows come from. Simulated rows look like real ones, so the quickstart leaves a marker, and a lake
 * that is marked as the ones refuses the others. What `run` stores from hosts of the user's own, a mirror or a stand-in,
 * cannot be told apart and is not marked.
 */

import { lstat, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { quoteText } from '../base/text.ts'
import { isBinanceUrl } from '../binance/host.ts'
import { misuse } from './failure.ts'

/** Whose rows they are. */
export type Origin = 'binance' | 'simulator'

const DEFAULT_DIR = 'data'
const MARKER = '_origin.json'
const MARKER_BYTES_MAX = 1_024

/** Whose rows a run from `baseUrls` would store; `undefined` for hosts that could be either. */
export function originOf(baseUrls: readonly string[] = []): Origin | undefined {
  return baseUrls.every(isBinanceUrl) ? 'binance' : undefined
}

/**
 * Refuses to mix.
 *
 * @throws UsageError when the lake holds rows of the other origin.
 */
export async function refuseMix(
  wanted: Origin | undefined,
  dataDir: string = DEFAULT_DIR,
): Promise<void> {
  const present = await presentOrigin(dataDir)
  if (wanted === undefined || present === undefined || present === wanted) return
  const [has, would] =
    present === 'simulator' ? ["the simulator's", 'real'] : ['real', "the simulator's"]
  throw misuse(
    `${quoteText(dataDir)} holds ${has} rows; ${would} rows are not mixed into them`,
    'take another lake with --data-dir DIR',
  )
}

/**
 * Writes down whose rows the lake will hold. Call before the first row is stored.
 *
 * @throws UsageError when the directory cannot be made or written.
 */
export async function markOrigin(origin: Origin, dataDir: string = DEFAULT_DIR): Promise<void> {
  try {
    const path = join(dataDir, MARKER)
    await mkdir(dataDir, { recursive: true })
    // Made anew: through a link that lies there, a file elsewhere would be overwritten.
    await rm(path, { force: true })
    await writeFile(path, `${JSON.stringify({ origin })}\n`, { flag: 'wx' })
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw misuse(
      `${quoteText(dataDir)} cannot be written (${code})`,
      'take another lake with --data-dir DIR',
    )
  }
}

async function presentOrigin(dataDir: string): Promise<Origin | undefined> {
  const marked = await markedOrigin(join(dataDir, MARKER)).catch(() => undefined)
  if (marked !== undefined) return marked
  // Only the quickstart marks: rows without a marker are taken for real ones.
  const holdsSeries = await stat(join(dataDir, 'spot')).then(
    () => true,
    () => false,
  )
  return holdsSeries ? 'binance' : undefined
}

async function markedOrigin(path: string): Promise<Origin | undefined> {
  const seen = await lstat(path)
  // What else may lie there has no end (a device) or no beginning (a pipe).
  if (!seen.isFile() || seen.size > MARKER_BYTES_MAX) return undefined
  const text = await readFile(path, 'utf8')
  return /"origin"\s*:\s*"(binance|simulator)"/.exec(text)?.[1] as Origin | undefined
}
