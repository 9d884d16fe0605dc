/** Machines with several addresses, in virtual time. */

import { inMemoryHttp, type Exchange } from '../../src/simulator/index.ts'
import { virtualWorld, type VirtualOptions, type VirtualWorld } from './virtual.ts'

/** A world that sends from each of `addresses`. */
export function worldWith(
  exchange: Exchange,
  addresses: readonly string[],
  options: VirtualOptions = {},
): VirtualWorld {
  const world = virtualWorld(exchange, options)
  const { latencyMs = 0 } = options
  const egresses = addresses.map((ip) => ({
    name: ip,
    http: inMemoryHttp(exchange, world.clock, { latencyMs, ip }),
  }))
  return { ...world, egresses, http: egresses[0]?.http ?? world.http }
}
