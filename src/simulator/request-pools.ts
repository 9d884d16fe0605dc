/**
 * Requests that the futures markets count besides their weight, by address and in any five minutes, without a header.
 *
 * @see developers.binance.com, derivatives, change log of 2023-10-19.
 */

import type { Micros } from '../base/time.ts'
import type { Admission, Limiter } from './limits.ts'
import type { PoolLimits } from './options.ts'

const LIMITS: PoolLimits = { funding: 500, data: 1_000 }
const SPAN_US = 300_000_000n

/** Counts requests. */
export class RequestPools {
  readonly #limits: PoolLimits
  readonly #arrived = new Map<string, Micros[]>()

  constructor(limits: Partial<PoolLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits }
  }

  /** Counts a request that `limiter` lets pass; where there is no room, its address has to wait. */
  admit(
    { ip, path }: { readonly ip: string; readonly path: string },
    passed: Admission,
    now: Micros,
    limiter: Limiter,
  ): Admission {
    const retryAfterMs = passed.kind === 'pass' ? this.#arrive(ip, path, now) : undefined
    const [rule] = limiter.rulesAt(now)
    if (retryAfterMs === undefined || rule === undefined) return passed
    limiter.limit(ip, retryAfterMs / 1_000, now)
    return { kind: 'limited', retryAfterMs, rule }
  }

  /** Milliseconds until there is room, where there is none. */
  #arrive(ip: string, path: string, now: Micros): number | undefined {
    const pool = poolOf(path)
    if (pool === undefined) return undefined
    const name = `${pool} ${ip}`
    const arrived = (this.#arrived.get(name) ?? []).filter((at) => at + SPAN_US > now)
    this.#arrived.set(name, [...arrived, now])
    const first = arrived.at(-this.#limits[pool])
    return first === undefined ? undefined : Number(first + SPAN_US - now) / 1_000
  }
}

function poolOf(path: string): keyof PoolLimits | undefined {
  if (path.startsWith('/futures/data/')) return 'data'
  return /^\/[fd]api\/v1\/funding(?:Rate|Info)$/.test(path) ? 'funding' : undefined
}
