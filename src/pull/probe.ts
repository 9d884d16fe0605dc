/** Which of several hosts answers soonest: asked once, at the start of a run that wants to know, and by `doctor`. */

import type { HostHealth, Hosts } from './hosts.ts'

/** Pings to each host. The first opens the connection, so the soonest of them counts. */
export const PINGS = 3

/** A host that takes longer for nothing is not the fastest. */
export const PING_TIMEOUT_MS = 3_000

/** Sends one ping; gives how long the answer took in milliseconds, `undefined` without one. */
export type Ping = (url: string) => Promise<number | undefined>

/**
 * Puts the hosts into the order of their soonest answers; those that do not answer every time come last, in the order
 * that they had.
 */
export async function rankHosts(hosts: Hosts, ping: Ping): Promise<void> {
  const latencies = new Map<string, number>()
  await Promise.all(
    hosts.urls.map(async (url) => {
      const soonest = await soonestOf(url, ping)
      if (soonest !== undefined) latencies.set(url, soonest)
    }),
  )
  hosts.rank(latencies)
}

async function soonestOf(url: string, ping: Ping): Promise<number | undefined> {
  let soonest = Number.POSITIVE_INFINITY
  for (let sent = 0; sent < PINGS; sent++) {
    const ms = await ping(url)
    if (ms === undefined) return undefined
    soonest = Math.min(soonest, ms)
  }
  return soonest
}

/** What was found, in one line. */
export function rankText(hosts: readonly HostHealth[]): string {
  const [only] = hosts
  if (hosts.length < 2) return `nothing to choose from: the only host is ${only?.url ?? 'none'}`
  const told = hosts.map(({ url, latencyMs }) =>
    latencyMs === undefined ? `${url} (no answer)` : `${url} (${Math.round(latencyMs)} ms)`,
  )
  return `hosts in the order of their answers: ${told.join(', ')}`
}
