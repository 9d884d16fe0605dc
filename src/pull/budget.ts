/**
 * The weight budget: admits requests so that no window of the server's clock ever holds more than our share of any
 * limit, however late answers are and however the clocks differ.
 *
 * A request counts in every window in which the server may have received it: from sending to answer, widened by the
 * uncertainty of the server's clock. Answers correct the count: the larger of what we sent and what the server reports
 * is used, since others may share the address.
 *
 * @see binance-spot-api-docs, rest-api.md, "IP Limits"; web-socket-api.md, "How to interpret rate limits".
 */

import type { Clock } from '../base/ports.ts'
import { WAIT_MS_MIN } from '../base/wait.ts'
import type { RateLimit } from '../binance/limit.ts'
import type { OnWait } from './gate.ts'
import { add, costOf, forget, newMeter, parseUsed, windowOf, type Meter } from './meter.ts'
import { AT_ONCE, BURST, Pace, spendingMs } from './pace.ts'
import type { ServerClock } from './server-clock.ts'

/** After a 429 the rate is cut to this share and recovers window by window. */
const SLOWDOWN = 0.7
const RECOVERY = 1.1

/** Answered requests kept, to be counted in limits that become known later. */
const RECENT_MAX = 1_000

/** An admitted request; must be settled exactly once. */
export type Ticket = {
  readonly path: string
  readonly weight: number
  /** When it was sent, by the monotonic clock. */
  readonly sentMs: number
  /** Were no other requests in flight when this one was sent? */
  isAlone: boolean
}

/** An answered request, by the monotonic clock. */
type Booking = { readonly sentMs: number; readonly doneMs: number; readonly weight: number }

/** The current use of the tightest limit. */
export type BudgetUse = { readonly used: number; readonly limit: number }

/** How much of the limits may be spent, and who hears of waits. */
export type BudgetOptions = { readonly share: number; readonly onWait: OnWait }

/** Admits requests by their weight. */
export class WeightBudget {
  readonly #clock: Clock
  readonly #server: ServerClock
  readonly #share: number
  readonly #onWait: OnWait
  readonly #inFlight = new Set<Ticket>()
  readonly #learned = new Map<string, { delta: number; weight: number }>()
  #recent: Booking[] = []
  #meters: Meter[]
  /** Was the server's clock unknown until now? Then the windows counted so far are those of another clock. */
  #isClockAssumed = true
  /** Were the limits never read from the exchange? */
  #isAssumed = true
  #slowdowns = 0
  #turn: Promise<unknown> = Promise.resolve()
  #slowdown = 1
  #slowdownWindow = 0

  constructor(
    clock: Clock,
    server: ServerClock,
    limits: readonly RateLimit[],
    { share, onWait }: BudgetOptions,
  ) {
    this.#clock = clock
    this.#server = server
    this.#share = share
    this.#onWait = onWait
    this.#meters = limits.map((limit) => newMeter(limit, new Pace(clock)))
  }

  /** Sets new limits; what was counted for unchanged limits is kept. */
  setLimits(limits: readonly RateLimit[]): void {
    this.#isAssumed = false
    this.#meters = limits.map((limit) => {
      const old = this.#meters.find(
        ({ limit: { type, windowMs } }) => type === limit.type && windowMs === limit.windowMs,
      )
      return old === undefined ? this.#booked(limit) : { ...old, limit }
    })
  }

  /** The number of 429s; after each the limits may have changed. */
  get slowdowns(): number {
    return this.#slowdowns
  }

  /** Request weight available per minute, by the tightest limit. */
  weightPerMinute(): number {
    const rates = this.#meters
      .filter(({ limit }) => limit.type === 'REQUEST_WEIGHT')
      .map(({ limit }) => (limit.limit * this.#share * 60_000) / limit.windowMs)
    return Math.min(...rates, Number.MAX_SAFE_INTEGER)
  }

  /** Seconds until `weight` more is spent, if nothing but the limits holds it up. */
  secondsFor(weight: number): number {
    const waits = this.#meters
      .filter(({ limit }) => limit.type === 'REQUEST_WEIGHT')
      .map((meter) => {
        const { limit, windowMs } = meter.limit
        const cap = limit * this.#share * this.#slowdown
        const used = this.#used(meter, this.#windowAt(meter, 0))
        return spendingMs(
          weight,
          { cap, windowMs },
          { used, atMs: this.#server.nowMs() % windowMs },
        )
      })
    return Math.max(0, ...waits) / 1_000
  }

  /** The current use of the tightest weight limit. */
  use(): BudgetUse {
    const uses = this.#meters
      .filter(({ limit }) => limit.type === 'REQUEST_WEIGHT')
      .map((meter) => ({
        used: this.#used(meter, this.#windowAt(meter, 0)),
        limit: meter.limit.limit,
      }))
    return uses.sort((a, b) => b.used / b.limit - a.used / a.limit)[0] ?? { used: 0, limit: 0 }
  }

  /**
   * Resolves when a request of `weight` may be sent; first come, first served.
   *
   * @param signal - Stops waiting; rejects with its reason.
   */
  async reserve(path: string, weight: number, signal?: AbortSignal): Promise<Ticket> {
    const turn = this.#turn.then(() => this.#admit(path, weight, signal))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Returns a reservation that was never sent. */
  release(ticket: Ticket): void {
    this.#inFlight.delete(ticket)
    for (const meter of this.#meters) meter.pace.spend(-costOf(meter, ticket.weight))
  }

  /**
   * Books a request that was sent, answered or not.
   *
   * @param header - Looks up a header of the answer; absent when there was no answer.
   */
  settle(ticket: Ticket, header?: (name: string) => string | undefined): void {
    this.#inFlight.delete(ticket)
    this.#meetClock()
    const { sentMs, weight } = ticket
    const booking = { sentMs, doneMs: this.#clock.monotonicMs(), weight }
    this.#recent.push(booking)
    if (this.#recent.length > 2 * RECENT_MAX) this.#recent = this.#recent.slice(-RECENT_MAX)
    for (const meter of this.#meters) {
      const { first, last } = this.#book(meter, booking)
      const name = meter.limit.header
      const used = name === undefined ? undefined : parseUsed(header?.(name))
      if (used === undefined) continue
      // A report that may be of either of two windows counts in the earlier: should that be over, it does no harm
      // there. In neither, what others spend while a window may be ending would go unseen.
      const before = meter.reported.get(first)
      if (before !== undefined && first === last) this.#learn(ticket, used - before)
      meter.reported.set(first, Math.max(used, before ?? 0))
      const foreign = used - (meter.settled.get(first) ?? 0) - this.#inFlightIn(meter, first)
      meter.foreign.set(first, Math.max(foreign, meter.foreign.get(first) ?? 0))
    }
  }

  /** Continues more slowly after a 429. */
  slowDown(): void {
    this.#slowdown = Math.max(0.1, this.#slowdown * SLOWDOWN)
    this.#slowdowns += 1
  }

  async #admit(path: string, weight: number, signal?: AbortSignal): Promise<Ticket> {
    const cost = Math.max(weight, this.#learned.get(path)?.weight ?? 0)
    for (;;) {
      signal?.throwIfAborted()
      const waitMs = this.#waitMs(cost)
      if (waitMs === 0) break
      if (waitMs > WAIT_MS_MIN)
        this.#onWait({ reason: 'budget', ms: waitMs, message: this.#spent(cost) })
      await this.#clock.sleep(waitMs, signal)
    }
    for (const other of this.#inFlight) other.isAlone = false
    const sentMs = this.#clock.monotonicMs()
    const ticket = { path, weight: cost, sentMs, isAlone: this.#inFlight.size === 0 }
    this.#inFlight.add(ticket)
    for (const meter of this.#meters) meter.pace.spend(costOf(meter, cost))
    return ticket
  }

  /** Of what a request of `weight` waits for, in words. */
  #spent(weight: number): string {
    const [tightest] = this.#meters
      .map((meter) => ({
        meter,
        waitMs: this.#meterWaitMs(meter, weight),
        used: this.#used(meter, this.#windowAt(meter, 0)),
      }))
      .sort((a, b) => b.waitMs - a.waitMs)
    if (tightest === undefined) return 'limit used up'
    const { meter, used } = tightest
    const { limit } = meter.limit
    const isFull = used + costOf(meter, weight) > limit * this.#share * this.#slowdown
    return `${isFull ? 'limit used up' : 'keeping within the limit'} (${used} of ${limit})`
  }

  /** Counts an answered request in every window in which it may have arrived. */
  #book(meter: Meter, { sentMs, doneMs, weight }: Booking): { first: number; last: number } {
    const server = this.#server
    const cost = costOf(meter, weight)
    const first = windowOf(meter, server.at(sentMs) - server.uncertaintyMs())
    const last = windowOf(meter, server.at(doneMs) + server.uncertaintyMs())
    for (let window = first; window <= last; window++) add(meter.settled, window, cost)
    return { first, last }
  }

  /** A meter for `limit` that includes what was sent before the limit was known. */
  #booked(limit: RateLimit, pace: Pace = new Pace(this.#clock)): Meter {
    const meter = newMeter(limit, pace)
    for (const booking of this.#recent) this.#book(meter, booking)
    return meter
  }

  /** Once the server's clock is known, counts earlier requests again by its windows. */
  #meetClock(): void {
    if (!this.#isClockAssumed || !this.#server.isKnown()) return
    this.#isClockAssumed = false
    this.#meters = this.#meters.map(({ limit, pace }) => this.#booked(limit, pace))
  }

  /** Milliseconds until a request of `weight` may fit; 0 if it does now. */
  #waitMs(weight: number): number {
    this.#meetClock()
    this.#recover()
    return Math.max(0, ...this.#meters.map((meter) => this.#meterWaitMs(meter, weight)))
  }

  #meterWaitMs(meter: Meter, weight: number): number {
    const { windowMs } = meter.limit
    const cost = costOf(meter, weight)
    const first = this.#windowAt(meter, -1)
    const last = this.#windowAt(meter, 1)
    forget(meter, first)
    // The server counts past the assumed limit and still answers: the limit must be higher.
    if (this.#isAssumed && (meter.reported.get(first) ?? 0) > meter.limit.limit) return 0
    const cap = Math.max(meter.limit.limit * this.#share * this.#slowdown, cost)
    const now = this.#server.nowMs()
    let waitMs = meter.pace.waitMs(cost, { cap, windowMs })
    for (let window = first; window <= last; window++) {
      const used = this.#used(meter, window) + cost
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

  #used(meter: Meter, window: number): number {
    const own = (meter.settled.get(window) ?? 0) + (meter.foreign.get(window) ?? 0)
    return Math.max(own, meter.reported.get(window) ?? 0) + this.#inFlightIn(meter, window)
  }

  /** The weight in flight that may count in `window`. */
  #inFlightIn(meter: Meter, window: number): number {
    let sum = 0
    for (const ticket of this.#inFlight)
      if (this.#windowSince(meter, ticket) <= window) sum += costOf(meter, ticket.weight)
    return sum
  }

  /** The window at the server's current time, at the early (-1) or late (1) edge of its uncertainty. */
  #windowAt(meter: Meter, edge: -1 | 0 | 1): number {
    return windowOf(meter, this.#server.nowMs() + edge * this.#server.uncertaintyMs())
  }

  /** The first window in which the server may have received a request. */
  #windowSince(meter: Meter, { sentMs }: Ticket): number {
    return windowOf(meter, this.#server.at(sentMs) - this.#server.uncertaintyMs())
  }

  /**
   * When requests that are alone raise the server's count by the same amount twice in a row, and it exceeds their
   * weight, that is what the path costs.
   */
  #learn(ticket: Ticket, delta: number): void {
    if (!ticket.isAlone || delta <= ticket.weight) return
    const seen = this.#learned.get(ticket.path)
    const weight = seen?.delta === delta ? delta : (seen?.weight ?? 0)
    this.#learned.set(ticket.path, { delta, weight })
  }

  #recover(): void {
    const window = Math.floor(this.#server.nowMs() / 60_000)
    if (window === this.#slowdownWindow) return
    this.#slowdownWindow = window
    this.#slowdown = Math.min(1, this.#slowdown * RECOVERY)
  }
}
