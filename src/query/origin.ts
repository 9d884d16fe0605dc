/** Whose rows a lake holds: for those who must not mix them. */

import type { Files } from '../base/ports.ts'
import { filesAt } from '../cloud/files-at.ts'
import { usable } from '../node/probe.ts'
import { DATA_DIR, type Options } from '../options.ts'
import { readOrigin, writeOrigin, type Origin } from '../store/origin.ts'

export type { Origin } from '../store/origin.ts'

/** Where the lake is. */
export type OriginOptions = Pick<Options, 'dataDir' | 'world'>

/** Whose rows the lake holds; `undefined` when it holds none and is not marked either. */
export async function lakeOrigin(options: OriginOptions = {}): Promise<Origin | undefined> {
  return readOrigin(filesOf(options))
}

/**
 * Marks the lake, which is made when it is not there, with whose rows it will hold. Call before the first row is
 * stored.
 *
 * @throws UsageError when the directory cannot be used as it is.
 */
export async function markLakeOrigin(origin: Origin, options: OriginOptions = {}): Promise<void> {
  await usable(options.dataDir ?? DATA_DIR, () => writeOrigin(filesOf(options), origin))
}

function filesOf({ world, dataDir }: OriginOptions): Files {
  return world?.files ?? filesAt(dataDir ?? DATA_DIR)
}
