/** The ways out of a machine: one for each address that requests are sent from. */

import type { Egress, Http, World } from './ports.ts'

/** A world in which all is sent from one address. */
export type OneWay = World & { readonly egress?: Egress }

/** A world for each address; the world itself where none is named. */
export function eachWay(world: World): readonly OneWay[] {
  const { egresses, ...plain } = world
  if (egresses === undefined) return [world]
  return egresses.map((egress) => ({ ...plain, http: egress.http, egress }))
}

/** `world`, with every way out wrapped. */
export function withHttp(world: World, wrap: (http: Http) => Http): World {
  const egresses = world.egresses?.map((egress) => ({ ...egress, http: wrap(egress.http) }))
  const http = egresses?.[0]?.http ?? wrap(world.http)
  return { ...world, http, ...(egresses === undefined ? {} : { egresses }) }
}

/** @throws UsageError when an address that requests are to be sent from is not one of this machine */
export async function checkEgresses({ egresses = [] }: World): Promise<void> {
  for (const { check } of egresses) await check?.()
}
