/**
 * The weight budget: admits requests so that no window of the server's clock ever holds more than our share of any
 * limit, however late answers are and however the clocks differ.
 *
 * @see binance-spot-api-docs, rest-api.md, "IP Limits"; web-socket-api.md, "How to interpret rate limits".
 */

import type { Clock } from '../base/ports.ts'
import { WAIT_MS_MIN } from '../base/wait.ts'
import type { RateLimit } from '../binance/limit.ts'
import type { OnWait } from './gate.ts'
import { costOf, forget, type Meter } from './meter.ts'
import { AT_ONCE, BURST, spendingMs } from './pace.ts'
import { PathWeights } from './path-weights.ts'
import type { ServerClock } from './server-clock.ts'
import { Spending, type Ticket, type WindowUse } from './spending.ts'

export type { Ticket } from './spending.ts'

/** After a 429 the rate is cut to this share and recovers window by window. */
const SLOWDOWN = 0.7
const RECOVERY = 1.1

/** The current use of the tightest limit. */
export type BudgetUse = { readonly used: number; readonly limit: number }

/** How much of the limits may be spent, and who hears of waits. */
export type BudgetOptions = { readonly share: number; readonly onWait: OnWait }

/** Admits requests by their weight. */
export class WeightBudget {
  readonly #clock: Clock
  readonly #server: ServerClock
  readonly #options: BudgetOptions
  readonly #spending: Spending
  readonly #weights = new PathWeights()
  /** Were the limits never read from the exchange? */
  #isAssumed = true
  #slowdowns = 0
  /** By who waits: one that may spend less waits longer, and must not hold up others. */
  readonly #turns = new WeakMap<OnWait, Promise<unknown>>()
  #slowdown = 1
  #slowdownWindow = 0

  constructor(
    clock: Clock,
    server: ServerClock,
    limits: readonly RateLimit[],
    options: BudgetOptions,
  ) {
    this.#clock = clock
    this.#server = server
    this.#options = options
    this.#spending = new Spending(clock, server, limits)
  }

  /** Sets new limits; what was counted for unchanged limits is kept. */
  setLimits(limits: readonly RateLimit[]): void {
    this.#isAssumed = false
    this.#spending.setLimits(limits)
  }

  /** Takes limits from another process, until {@link setLimits} is called with what was read. */
  assume(limits: readonly RateLimit[]): void {
    if (this.#isAssumed) this.setLimits(limits)
  }

  /** The number of 429s; after each the limits may have changed. */
  get slowdowns(): number {
    return this.#slowdowns
  }

  /** Request weight available per minute, by the tightest limit. */
  weightPerMinute(): number {
    const rates = this.#weightMeters().map(
      ({ limit }) => (limit.limit * this.#options.share * 60_000) / limit.windowMs,
    )
    return Math.min(...rates, Number.MAX_SAFE_INTEGER)
  }

  /** Seconds until `weight` more is spent, if nothing but the limits holds it up. */
  secondsFor(weight: number): number {
    const waits = this.#weightMeters().map((meter) => {
      const { limit, windowMs } = meter.limit
      const cap = limit * this.#options.share * this.#slowdown
      const used = this.#spending.usedNow(meter)
      return spendingMs(weight, { cap, windowMs }, { used, atMs: this.#server.nowMs() % windowMs })
    })
    return Math.max(0, ...waits) / 1_000
  }

  /** The current use of the tightest weight limit. */
  use(): BudgetUse {
    const uses = this.#weightMeters().map((meter) => ({
      used: this.#spending.usedNow(meter),
      limit: meter.limit.limit,
    }))
    return uses.sort((a, b) => b.used / b.limit - a.used / a.limit)[0] ?? { used: 0, limit: 0 }
  }

  #weightMeters(): readonly Meter[] {
    return this.#spending.meters.filter(({ limit }) => limit.type === 'REQUEST_WEIGHT')
  }

  /**
   * Resolves when a request of `weight` may be sent; first come, first served, among those of one process.
   *
   * @param signal - Stops waiting; rejects with its reason.
   * @param of - On whose behalf, where it is not this process.
   */
  async reserve(
    path: string,
    weight: number,
    signal?: AbortSignal,
    of: BudgetOptions = this.#options,
  ): Promise<Ticket> {
    const before = this.#turns.get(of.onWait) ?? Promise.resolve()
    const turn = before.then(() => this.#admit(path, weight, { signal, ...of }))
    const done = turn.catch(() => undefined)
    this.#turns.set(of.onWait, done)
    return turn
  }

  /** Returns a reservation that was never sent. */
  release(ticket: Ticket): void {
    this.#spending.drop(ticket)
  }

  /** A reserved request is sent only now. */
  restamp(ticket: Ticket): void {
    ticket.sentMs = this.#clock.monotonicMs()
  }

  /** Counts a request that another process has under way already. */
  adopt(path: string, weight: number): Ticket {
    return this.#spending.begin(path, weight)
  }

  /**
   * Books a request that was sent, answered or not.
   *
   * @param header - Looks up a header of the answer; absent when there was no answer.
   */
  settle(ticket: Ticket, header?: (name: string) => string | undefined): void {
    this.#spending.settle(ticket, header, (delta) => {
      if (ticket.isAlone) this.#weights.learn(ticket.path, ticket.weight, delta)
    })
  }

  /** The names of the headers that {@link settle} looks up. */
  get headers(): readonly string[] {
    return this.#spending.meters.flatMap(({ limit: { header } }) => header ?? [])
  }

  /** What is spent of the windows that may be open, to be {@link heard} by another process. */
  uses(): readonly WindowUse[] {
    return this.#spending.uses()
  }

  /** Takes in what another process counted. */
  heard(uses: readonly WindowUse[]): void {
    this.#spending.heard(uses)
  }

  /** Spends nothing more in the windows that may be open: nobody knows what others spent in them. */
  fill(): void {
    this.#spending.fill()
  }

  /** Continues more slowly after a 429. */
  slowDown(): void {
    this.#slowdown = Math.max(0.1, this.#slowdown * SLOWDOWN)
    this.#slowdowns += 1
  }

  async #admit(
    path: string,
    weight: number,
    { share, onWait, signal }: BudgetOptions & { readonly signal: AbortSignal | undefined },
  ): Promise<Ticket> {
    const cost = Math.max(weight, this.#weights.of(path))
    for (;;) {
      signal?.throwIfAborted()
      const waitMs = this.#waitMs(cost, share)
      if (waitMs === 0) return this.#spending.begin(path, cost)
      if (waitMs > WAIT_MS_MIN)
        onWait({ reason: 'budget', ms: waitMs, message: this.#waitText(cost, share) })
      await this.#clock.sleep(waitMs, signal)
    }
  }

  /** Of what a request of `weight` waits for, in words. */
  #waitText(weight: number, share: number): string {
    const [tightest] = this.#spending.meters
      .map((meter) => ({
        meter,
        waitMs: this.#meterWaitMs(meter, weight, share),
        used: this.#spending.usedNow(meter),
      }))
      .sort((a, b) => b.waitMs - a.waitMs)
    if (tightest === undefined) return 'limit used up'
    const { meter, used } = tightest
    const { limit } = meter.limit
    const isFull = used + costOf(meter, weight) > limit * share * this.#slowdown
    return `${isFull ? 'limit used up' : 'keeping within the limit'} (${used} of ${limit})`
  }

  /** Milliseconds until a request of `weight` may fit; 0 if it does now. */
  #waitMs(weight: number, share: number): number {
    this.#spending.meetClock()
    this.#recover()
    const waits = this.#spending.meters.map((meter) => this.#meterWaitMs(meter, weight, share))
    return Math.max(0, ...waits)
  }

  #meterWaitMs(meter: Meter, weight: number, share: number): number {
    const { windowMs } = meter.limit
    const cost = costOf(meter, weight)
    const first = this.#spending.windowAt(meter, -1)
    const last = this.#spending.windowAt(meter, 1)
    forget(meter, first)
    // The server counts past the assumed limit and still answers: the limit must be higher.
    if (this.#isAssumed && (meter.reported.get(first) ?? 0) > meter.limit.limit) return 0
    const cap = Math.max(meter.limit.limit * share * this.#slowdown, cost)
    const now = this.#server.nowMs()
    let waitMs = meter.pace.waitMs(cost, { cap, windowMs })
    for (let window = first; window <= last; window++) {
      const used = this.#spending.used(meter, window) + cost
      const opensMs = window * windowMs
      if (used > cap) {
        // Full: the next window is the first chance, once it has certainly begun.
        const nextMs = opensMs + windowMs + this.#server.uncertaintyMs() - now
        waitMs = Math.max(waitMs, Math.ceil(nextMs) + 1)
        continue
      }
      // From when it may have opened. Where the clock's uncertainty exceeds a window, the latest window that may be
      // open is always ahead, and waiting for it would never end.
      const mayOpenMs = opensMs - this.#server.uncertaintyMs()
      const elapsed = (used / cap - AT_ONCE) / BURST
      waitMs = Math.max(waitMs, Math.ceil(mayOpenMs + elapsed * windowMs - now))
    }
    return waitMs
  }

  #recover(): void {
    const window = Math.floor(this.#server.nowMs() / 60_000)
    if (window === this.#slowdownWindow) return
    this.#slowdownWindow = window
    this.#slowdown = Math.min(1, this.#slowdown * RECOVERY)
  }
}
