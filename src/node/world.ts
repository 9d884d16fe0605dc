/** This machine, put together as a {@link World}. */

import type { Egress, Files, World } from '../base/ports.ts'
import { nodeClock } from './clock.ts'
import { refuseProxy } from './http-agents.ts'
import { nodeHttp, type HttpOptions } from './http.ts'
import { checkLocalAddress, readLocalAddresses } from './local-address.ts'
import { nodeProcess } from './process.ts'
import { nodeRandom } from './random.ts'
import { nodeThreads } from './threads.ts'

/** What the world depends on. */
export type WorldOptions = Omit<HttpOptions, 'localAddress'> & {
  /** The lake's files. */
  readonly files: Files
  /** The addresses to send from; by default the machine chooses. */
  readonly localAddresses?: readonly string[] | undefined
  /** See {@link nodeThreads}. */
  readonly threads?: number | undefined
}

/**
 * Clock, chance, network and process of this machine, beside the files. Its `http` and those of its addresses must be
 * closed in the end.
 *
 * @throws UsageError for a local address that cannot be one.
 */
export function nodeWorld({
  files,
  threads: count,
  localAddresses = [],
  ...options
}: WorldOptions): World {
  const egresses = readLocalAddresses(localAddresses).map((localAddress): Egress => ({
    name: localAddress,
    http: nodeHttp({ ...options, localAddress }),
    check: async () => {
      refuseProxy(options)
      await checkLocalAddress(localAddress)
    },
  }))
  const [first] = egresses
  const threads = nodeThreads(count)
  return {
    ...(threads === undefined ? {} : { threads }),
    clock: nodeClock(),
    random: nodeRandom(),
    http: first?.http ?? nodeHttp(options),
    ...(first === undefined ? {} : { egresses }),
    files,
    process: nodeProcess(),
  }
}
