/** Is this machine fit for a backfill? A list of checks, each made by itself: what fails is a line, and stops no other. */

import { eachWay } from '../base/egress.ts'
import type { World } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { nodeVersion } from '../node/environment.ts'
import { probeDirectory } from '../node/probe.ts'
import { DATA_DIR, type Options } from '../options.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { checkLake } from '../store/lake.ts'
import { archiveChecks } from './doctor-archive.ts'
import {
  checkFrom,
  madeCheck,
  UnfitError,
  type Check,
  type DoctorCheck,
  type Seen,
} from './doctor-check.ts'
import { restChecks } from './doctor-rest.ts'

export type { DoctorCheck, DoctorKind } from './doctor-check.ts'

/**
 * Checks Node, the directory, each REST host with what is left of its limits, the clock against the server's, and both
 * hosts of the archive, one by one.
 */
export async function* doctor(options: Options = {}): AsyncGenerator<DoctorCheck, void, void> {
  const world = worldOf(options)
  try {
    for (const check of machineChecks(world, options)) yield await madeCheck(check)
    yield* restChecks(world, options)
    for (const way of eachWay(world))
      for (const check of archiveChecks(way, options)) yield await madeCheck(checkFrom(way, check))
  } finally {
    await closeWorld(world, options)
  }
}

function machineChecks({ files }: World, { dataDir = DATA_DIR }: Options): readonly Check[] {
  return [
    { of: { name: 'node', kind: 'node' }, look: async () => seenNode(nodeVersion()) },
    {
      of: { name: 'directory', kind: 'directory' },
      look: async () => {
        await probeDirectory(files, dataDir)
        await checkLake(files)
        const can = files.isShared ? 'honours conditional writes' : 'writes, renames and syncs'
        return { seen: `${quoteText(dataDir)}: ${can}` }
      },
    },
  ]
}

function seenNode(version: string): Seen {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const seen = `Node ${version}`
  if (major > 20 || (major === 20 && minor >= 19)) return { seen }
  throw new UnfitError(seen, { hint: 'Install Node 20.19 or newer.' })
}
