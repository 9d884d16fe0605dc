/** This machine, put together as a {@link World}. */

import type { World } from '../base/ports.ts'
import { nodeClock } from './clock.ts'
import { nodeFiles } from './files.ts'
import { nodeHttp, type HttpOptions } from './http.ts'
import { nodeProcess } from './process.ts'
import { nodeRandom } from './random.ts'
import { nodeThreads } from './threads.ts'

/** What the world depends on. */
export type WorldOptions = HttpOptions & {
  /** The lake's directory; made by the first write. */
  readonly dataDir: string
  /** See {@link nodeThreads}. */
  readonly threads?: number | undefined
}

/** Clock, chance, network, disk and process of this machine. Its `http` must be closed in the end. */
export function nodeWorld({ dataDir, threads: count, ...http }: WorldOptions): World {
  const threads = nodeThreads(count)
  return {
    ...(threads === undefined ? {} : { threads }),
    clock: nodeClock(),
    random: nodeRandom(),
    http: nodeHttp(http),
    files: nodeFiles(dataDir),
    process: nodeProcess(),
  }
}
