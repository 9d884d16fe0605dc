/**
 * Whose rows a lake holds. Simulated rows look like real ones, so a lake of them is marked; rows without a mark are
 * taken for real ones.
 */

import type { Files } from '../base/ports.ts'
import { MARKET_NAMES } from '../binance/series.ts'

/** Who made the rows. */
export type Origin = 'binance' | 'simulator'

const ORIGIN_PATH = '_origin.json'
const ORIGIN_BYTES_MAX = 1_024

/** Whose rows a lake holds; `undefined` when it holds none and is not marked either. */
export async function readOrigin(files: Files): Promise<Origin | undefined> {
  const entries = await files.list('')
  // What else may lie there has no end (a device), no beginning (a pipe), or is elsewhere (a link).
  const isMarked = entries.some(({ name, kind }) => name === ORIGIN_PATH && kind === 'file')
  const marked = isMarked ? await markedOrigin(files) : undefined
  const hasRows = entries.some(({ name }) => MARKET_NAMES.some((market) => market === name))
  return marked ?? (hasRows ? 'binance' : undefined)
}

async function markedOrigin(files: Files): Promise<Origin | undefined> {
  const sizeBytes = (await files.size(ORIGIN_PATH)) ?? 0
  if (sizeBytes > ORIGIN_BYTES_MAX) return undefined
  const text = new TextDecoder().decode((await files.read(ORIGIN_PATH))?.bytes)
  return /"origin"\s*:\s*"(binance|simulator)"/.exec(text)?.[1] as Origin | undefined
}

/** Writes down whose rows a lake will hold. To be done before the first row is stored. */
export async function writeOrigin(files: Files, origin: Origin): Promise<void> {
  if ((await readOrigin(files)) === origin) return
  // Whatever has the name is no mark of ours.
  await files.remove(ORIGIN_PATH)
  const text = `${JSON.stringify({ origin })}\n`
  await files.replace(ORIGIN_PATH, new TextEncoder().encode(text), 'absent')
}
