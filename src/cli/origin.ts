/**
 * Whose rows a run would store. The quickstart marks its lake, and a lake that is marked as the ones refuses the others.
 * What `run` stores from hosts of the user's own, a mirror or a stand-in, cannot be known and is not marked.
 */

import type { Origin } from '../index.ts'
import { Misuse } from './failure.ts'
import { library } from './library.ts'

/** Whose rows a run from `baseUrls` would store; `undefined` for hosts that could be either. */
export function originOf(baseUrls: readonly string[] = []): Origin | undefined {
  return baseUrls.every((url) => library.isBinanceUrl(url)) ? 'binance' : undefined
}

/**
 * Refuses to mix.
 *
 * @throws Misuse when the lake holds rows of the other origin.
 */
export async function refuseMix(wanted: Origin | undefined, dataDir = 'data'): Promise<void> {
  const present = await library.lakeOrigin({ dataDir })
  if (wanted === undefined || present === undefined || present === wanted) return
  const [has, would] =
    present === 'simulator' ? ["the simulator's", 'real'] : ['real', "the simulator's"]
  throw new Misuse(
    `${library.quoteText(dataDir)} holds ${has} rows; ${would} rows are not mixed into them`,
    'take another lake with --data-dir DIR',
  )
}
