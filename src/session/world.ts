/** The machine that a call runs on. */

import { eachWay } from '../base/egress.ts'
import type { World } from '../base/ports.ts'
import { nodeWorld } from '../node/world.ts'
import { DATA_DIR, type Options } from '../options.ts'
import { USER_AGENT } from '../version.ts'

/** The machine that the options name, or this one. */
export function worldOf({ world, dataDir, threads, localAddresses }: Options): World {
  return (
    world ??
    nodeWorld({ dataDir: dataDir ?? DATA_DIR, userAgent: USER_AGENT, threads, localAddresses })
  )
}

/** Lets go of the machine, unless it is the caller's. */
export async function closeWorld(world: World, options: Pick<Options, 'world'>): Promise<void> {
  if (options.world !== undefined) return
  await world.threads?.close()
  for (const { http } of eachWay(world)) await http.close()
}
