/** The machine that a call runs on. */

import type { World } from '../base/ports.ts'
import { filesAt } from '../cloud/files-at.ts'
import { isBinanceUrl } from '../binance/host.ts'
import { stateFiles } from '../node/state-files.ts'
import { nodeWorld } from '../node/world.ts'
import { DATA_DIR, type Options } from '../options.ts'
import { USER_AGENT } from '../version.ts'

/** The machine that the options name, or this one. */
export function worldOf({ world, dataDir, threads, baseUrls }: Options): World {
  if (world !== undefined) return world
  const files = filesAt(dataDir ?? DATA_DIR)
  const state = stateFiles(exchangeName(baseUrls))
  return { ...nodeWorld({ files, userAgent: USER_AGENT, threads }), state }
}

/** All of Binance's hosts are one exchange, which bans an address; any other host is one of its own. */
function exchangeName(baseUrls: readonly string[] = []): string {
  const other = baseUrls.find((url) => !isBinanceUrl(url) && URL.canParse(url))
  return other === undefined ? 'binance' : new URL(other).host
}

/** Lets go of the machine, unless it is the caller's. */
export async function closeWorld(world: World, options: Pick<Options, 'world'>): Promise<void> {
  if (options.world !== undefined) return
  await world.threads?.close()
  await world.http.close()
}
