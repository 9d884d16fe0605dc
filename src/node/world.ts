/** This machine, put together as a {@link World}. */

import type { Egress, Files, World } from '../base/ports.ts'
import { nodeClock } from './clock.ts'
import { refuseProxy } from './http-agents.ts'
import { nodeHttp, type HttpOptions } from './http.ts'
import { checkLocalAddress, readEgress, readLocalAddresses } from './local-address.ts'
import { nodeMeetings } from './meetings.ts'
import { nodeProcess } from './process.ts'
import { nodeRandom } from './random.ts'
import { nodeThreads } from './threads.ts'

/** What the world depends on. */
export type WorldOptions = Omit<HttpOptions, 'localAddress'> & {
  /** The lake's files. */
  readonly files: Files
  /** The addresses to send from; by default the machine chooses. */
  readonly localAddresses?: readonly string[] | undefined
  /** The name of the one way out, for all processes that use it. */
  readonly egress?: string | undefined
  /** See {@link nodeThreads}. */
  readonly threads?: number | undefined
}

/**
 * Clock, chance, network and process of this machine, beside the files. Its `http` and those of its addresses must be
 * closed in the end.
 *
 * @throws UsageError for a local address that cannot be one, and for a name of several.
 */
export function nodeWorld({
  files,
  threads: count,
  localAddresses = [],
  egress,
  ...options
}: WorldOptions): World {
  const addresses = readLocalAddresses(localAddresses)
  const named = readEgress(egress, addresses)
  const egresses = addresses.map((localAddress): Egress => ({
    name: named ?? localAddress,
    http: nodeHttp({ ...options, localAddress }),
    check: async () => {
      refuseProxy(options)
      await checkLocalAddress(localAddress)
    },
  }))
  if (named !== undefined && egresses.length === 0)
    egresses.push({ name: named, http: nodeHttp(options) })
  const [first] = egresses
  const threads = nodeThreads(count)
  return {
    ...(threads === undefined ? {} : { threads }),
    clock: nodeClock(),
    random: nodeRandom(),
    http: first?.http ?? nodeHttp(options),
    ...(first === undefined ? {} : { egresses }),
    files,
    meetings: nodeMeetings(),
    process: nodeProcess(),
  }
}
