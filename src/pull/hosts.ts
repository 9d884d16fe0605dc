/**
 * Which of several equal hosts to ask. Another host is tried for transport errors and 5xx only: limits and bans go
 * by address, so that turning to another host would dodge nothing and prolong them.
 */

/** How long a host that failed is passed over while another one answers. */
const REST_MS = 60_000

/** What is known of one host. */
export type HostHealth = {
  readonly url: string
  readonly failures: number
  readonly isResting: boolean
  /** How soon it answered when it was asked for nothing; absent when it was not asked, or did not answer. */
  readonly latencyMs: number | undefined
}

/** The hosts in order of preference. */
export class Hosts {
  #urls: readonly string[]
  #latencies: ReadonlyMap<string, number> = new Map()
  readonly #failedAtMs = new Map<string, number>()
  readonly #failures = new Map<string, number>()

  /** @param urls - At least one, in order of preference, without a trailing slash. */
  constructor(urls: readonly string[]) {
    this.#urls = urls
  }

  /** In order of preference. */
  get urls(): readonly string[] {
    return this.#urls
  }

  /** Prefers hosts by these latencies in milliseconds; hosts without one come last. Equal ones keep their order. */
  rank(latencies: ReadonlyMap<string, number>): void {
    this.#latencies = latencies
    const latencyOf = (url: string): number => latencies.get(url) ?? Number.MAX_VALUE
    this.#urls = [...this.#urls].sort((a, b) => latencyOf(a) - latencyOf(b))
  }

  /** The first host that did not fail lately; when all did, the one that failed longest ago. */
  pick(nowMs: number): string {
    const rested = this.#urls.find((url) => !this.#isResting(url, nowMs))
    if (rested !== undefined) return rested
    const oldest = [...this.#urls].sort((a, b) => this.#failedAt(a) - this.#failedAt(b))[0]
    return oldest ?? ''
  }

  /** Notes a transport error or a 5xx. */
  failed(url: string, nowMs: number): void {
    this.#failedAtMs.set(url, nowMs)
    this.#failures.set(url, (this.#failures.get(url) ?? 0) + 1)
  }

  /** What is known of each host, in order of preference. */
  health(nowMs: number): readonly HostHealth[] {
    return this.#urls.map((url) => ({
      url,
      failures: this.#failures.get(url) ?? 0,
      isResting: this.#isResting(url, nowMs),
      latencyMs: this.#latencies.get(url),
    }))
  }

  #failedAt(url: string): number {
    return this.#failedAtMs.get(url) ?? Number.NEGATIVE_INFINITY
  }

  #isResting(url: string, nowMs: number): boolean {
    return nowMs - this.#failedAt(url) < REST_MS
  }
}
