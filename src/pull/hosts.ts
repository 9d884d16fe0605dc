/**
 * Which of several equivalent hosts to use. Another host is tried only for transport errors and 5xx: limits and bans
 * apply per address, so switching hosts would avoid nothing and prolong them.
 */

/** How long a failed host is skipped while another one answers. */
const REST_MS = 60_000

/** The state of one host. */
export type HostHealth = {
  readonly url: string
  readonly failures: number
  readonly isResting: boolean
  /** Its response time to a ping; absent when it was not pinged, or did not answer. */
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

  /**
   * Prefers hosts by these latencies in milliseconds; hosts without one come last. Hosts with equal latency keep their
   * order.
   */
  rank(latencies: ReadonlyMap<string, number>): void {
    this.#latencies = latencies
    const latencyOf = (url: string): number => latencies.get(url) ?? Number.MAX_VALUE
    this.#urls = [...this.#urls].sort((a, b) => latencyOf(a) - latencyOf(b))
  }

  /** The first host without a recent failure; if all failed recently, the one that failed longest ago. */
  pick(nowMs: number): string {
    const rested = this.#urls.find((url) => !this.#isResting(url, nowMs))
    if (rested !== undefined) return rested
    const oldest = [...this.#urls].sort((a, b) => this.#failedAt(a) - this.#failedAt(b))[0]
    return oldest ?? ''
  }

  /** Records a transport error or a 5xx. */
  failed(url: string, nowMs: number): void {
    this.#failedAtMs.set(url, nowMs)
    this.#failures.set(url, (this.#failures.get(url) ?? 0) + 1)
  }

  /** The state of each host, in order of preference. */
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
