/** Is it the lake that fails, or one series of it? */

import { StoreError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { probeFiles } from '../node/probe.ts'

/** Tries to write to the lake. Several workers may do so at the same moment. */
export async function probeLake({ files, random }: World): Promise<void> {
  await probeFiles(files, `_probe-${Math.floor(random.next() * 2 ** 32).toString(16)}`)
}

/** Would every other series end with this error too? */
export async function isLakeRefused(error: unknown, world: World): Promise<boolean> {
  if (!(error instanceof StoreError)) return false
  if (error.code !== 'E_STORE_IO') return error.code === 'E_STORE_FULL'
  try {
    await probeLake(world)
    return false
  } catch {
    return true
  }
}
