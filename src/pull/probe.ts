/** Finds which of several hosts answers fastest: once, at the start of a run that asks for it, and in `doctor`. */

import type { HostHealth, Hosts } from './hosts.ts'

/** Pings per host. The first opens the connection, so the fastest counts. */
export const PINGS = 3

/** A host this slow to answer a ping is not the fastest. */
export const PING_TIMEOUT_MS = 3_000

/** Sends one ping; returns the response time in milliseconds, `undefined` without an answer. */
export type Ping = (url: string) => Promise<number | undefined>

/** Sorts the hosts by their fastest answers; those that miss a ping come last, in their former order. */
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

/** The result in one line. */
export function rankText(hosts: readonly HostHealth[]): string {
  const [only] = hosts
  if (hosts.length < 2) return `only one host to choose from: ${only?.url ?? 'none'}`
  const entries = hosts.map(({ url, latencyMs }) =>
    latencyMs === undefined ? `${url} (no answer)` : `${url} (${Math.round(latencyMs)} ms)`,
  )
  return `hosts, fastest first: ${entries.join(', ')}`
}
