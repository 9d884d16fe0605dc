/** The machine that a call runs on. */

import { eachWay } from '../base/egress.ts'
import type { Files, World } from '../base/ports.ts'
import { filesAt } from '../cloud/files-at.ts'
import { stateFiles } from '../node/state-files.ts'
import { nodeWorld } from '../node/world.ts'
import { DATA_DIR, type Options } from '../options.ts'
import { checkLake, requireLake } from '../store/lake.ts'
import { USER_AGENT } from '../version.ts'

/** The machine that the options name, or this one. */
export function worldOf({ world, dataDir, threads, localAddresses }: Options): World {
  if (world !== undefined) return world
  const files = filesAt(dataDir ?? DATA_DIR)
  const machine = nodeWorld({ files, userAgent: USER_AGENT, threads, localAddresses })
  return { ...machine, state: stateFiles }
}

/** Lets go of the machine, unless it is the caller's. */
export async function closeWorld(world: World, options: Pick<Options, 'world'>): Promise<void> {
  if (options.world !== undefined) return
  await world.threads?.close()
  for (const { http } of eachWay(world)) await http.close()
}

/**
 * Checks that the directory which the options name is a lake; of a machine that they bring with them, whose files may be
 * about to become one, that these are nothing else.
 *
 * @throws UsageError when it is not.
 */
export async function checkNamedLake(
  files: Files,
  { world, dataDir = DATA_DIR }: Pick<Options, 'world' | 'dataDir'>,
): Promise<void> {
  await (world === undefined ? requireLake(files, dataDir) : checkLake(files))
}
