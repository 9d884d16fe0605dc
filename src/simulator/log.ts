/** What the exchange received, for tests that prove what a client did not do. */

import type { Micros } from '../base/time.ts'
import type { LimitRule } from './options.ts'
import type { Limiter, WindowUsage } from './limits.ts'

/** One request as it arrived. */
type RequestRecord = {
  /** By the server's clock. */
  readonly at: Micros
  readonly ip: string
  /** The `Host` header; empty without one. */
  readonly host: string
  readonly path: string
  /** As sent, percent-encoded. */
  readonly query: string
  readonly weight: number
  readonly status: number
  /** Why it was refused on arrival: beyond a limit (429), while banned (418), while blocked (403). */
  readonly refusal: 'limited' | 'banned' | 'blocked' | undefined
  /** The kind of the fault that was applied. */
  readonly fault: string | undefined
}

/** The requests of an exchange, and what they used. */
export class RequestLog {
  readonly #limiter: Limiter
  readonly #max: number
  #entries: RequestRecord[] = []
  #count = 0
  #weight = 0
  readonly #refusals = { limited: 0, banned: 0, blocked: 0 }
  readonly #faults: Record<string, number> = {}

  constructor(limiter: Limiter, max: number) {
    this.#limiter = limiter
    this.#max = max
  }

  /** Adds a request. */
  add(record: RequestRecord): void {
    this.#count++
    this.#weight += record.weight
    if (record.refusal !== undefined) this.#refusals[record.refusal]++
    if (record.fault !== undefined)
      this.#faults[record.fault] = (this.#faults[record.fault] ?? 0) + 1
    this.#entries.push(record)
    // Cut in halves, so that dropping costs nothing on average.
    if (this.#entries.length > 2 * this.#max) this.#entries = this.#entries.slice(-this.#max)
  }

  /** The newest requests, oldest first. */
  get entries(): readonly RequestRecord[] {
    return this.#entries.slice(-this.#max)
  }

  /** The number of all requests ever, including those no longer in `entries`. */
  get count(): number {
    return this.#count
  }

  /** How many requests were refused on arrival. All zero for a client that respects the limits. */
  get refusals(): { readonly limited: number; readonly banned: number; readonly blocked: number } {
    return { ...this.#refusals }
  }

  /** How often each kind of fault was applied. */
  get faults(): Readonly<Record<string, number>> {
    return { ...this.#faults }
  }

  /** The sum of all weights. */
  get weight(): number {
    return this.#weight
  }

  /** Usage of every window of every rule. */
  windows(): readonly Readonly<WindowUsage>[] {
    return this.#limiter.windows()
  }

  /** The highest usage in any window of a kind of rule, including other clients' usage. */
  maxUsage(type: LimitRule['rateLimitType'] = 'REQUEST_WEIGHT'): number {
    const used = this.windows()
      .filter(({ rule }) => rule.rateLimitType === type)
      .map((window) => window.used)
    return used.reduce((most, next) => Math.max(most, next), 0)
  }

  /** The windows that exceeded their limit. Empty for a client that respects the limits. */
  overLimit(): readonly Readonly<WindowUsage>[] {
    return this.windows().filter(({ isOver }) => isOver)
  }
}
