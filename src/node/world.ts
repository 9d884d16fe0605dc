/** This machine, put together as a {@link World}. */

import type { Files, World } from '../base/ports.ts'
import { nodeClock } from './clock.ts'
import { nodeHttp, type HttpOptions } from './http.ts'
import { nodeProcess } from './process.ts'
import { nodeRandom } from './random.ts'
import { nodeThreads } from './threads.ts'

/** What the world depends on. */
export type WorldOptions = HttpOptions & {
  /** The lake's files. */
  readonly files: Files
  /** See {@link nodeThreads}. */
  readonly threads?: number | undefined
}

/** Clock, chance, network and process of this machine, beside the files. Its `http` must be closed in the end. */
export function nodeWorld({ files, threads: count, ...http }: WorldOptions): World {
  const threads = nodeThreads(count)
  return {
    ...(threads === undefined ? {} : { threads }),
    clock: nodeClock(),
    random: nodeRandom(),
    http: nodeHttp(http),
    files,
    process: nodeProcess(),
  }
}
