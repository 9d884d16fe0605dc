/** A second look at a partition in which something is wrong. */

import type { World } from '../base/ports.ts'
import { formatManifest, type Manifest } from '../store/manifest.ts'
import type { Inspected } from './inspect.ts'
import { inspect } from './inspection.ts'
import { soundManifest } from './mend.ts'

/** A partition, and what was seen of it. */
export type Partition = {
  readonly manifest: Manifest
  readonly period: string
  readonly seen: Inspected
}

/** A run may have replaced the file since the manifest was read: looks again before crying wolf. */
export async function lookAgain(
  world: World,
  { manifest, period, seen }: Partition,
): Promise<Inspected> {
  if (seen.flaws.length === 0) return seen
  const now = await soundManifest(world.files, manifest.key)
  if ('code' in now || formatManifest(now) === formatManifest(manifest)) return seen
  return lookAgain(world, { manifest: now, period, seen: await inspect(world, period, now) })
}
