/**
 * The weight budget: admits requests so that no window of the server's clock ever holds more than our share of any
 * limit, whatever the delay of an answer and however the clocks differ.
 *
 * A request counts in every window in which the server may have received it: from when it was sent until it was
 * answered, widened by what is uncertain of the server's clock. Answers correct the count: the larger of what we
 * sent and what the server says wins, since others may share the address.
 *
 * @see binance-spot-api-docs, rest-api.md, "IP Limits"; web-socket-api.md, "How to interpret rate limits".
 */

import type { Clock } from '../base/ports.ts'
import type { RateLimit } from '../binance/limit.ts'
import { AT_ONCE, BURST, Pace } from './pace.ts'
import type { ServerClock } from './server-clock.ts'

/** After a 429 the rate is cut to this share and recovers window by window. */
const SLOWDOWN = 0.7
const RECOVERY = 1.1

/** Answered requests that are kept, to be counted by limits that are learned of later. */
const RECENT_MAX = 1_000

/** An admitted request; must be settled exactly once. */
export type Ticket = {
  readonly path: string
  readonly weight: number
  /** When it was sent, by the monotonic clock. */
  readonly sentMs: number
  /** Were there no other requests in flight when this one was sent? */
  isAlone: boolean
}

type Meter = {
  readonly limit: RateLimit
  /** How fast what is ours may be spent, across windows. */
  readonly pace: Pace
  /** What answered requests took, by window. */
  readonly settled: Map<number, number>
  /** The most that the server reported, by window. */
  readonly reported: Map<number, number>
  /** The most of it that cannot have been ours, by window: others on this address, or weights that grew. */
  readonly foreign: Map<number, number>
}

/** A request that was answered, by the monotonic clock. */
type Booking = { readonly sentMs: number; readonly doneMs: number; readonly weight: number }

/** What is spent of the tightest limit now. */
export type BudgetUse = { readonly used: number; readonly limit: number }

/** Admits requests by their weight. */
export class WeightBudget {
  readonly #clock: Clock
  readonly #server: ServerClock
  readonly #share: number
  readonly #inFlight = new Set<Ticket>()
  readonly #learned = new Map<string, { delta: number; weight: number }>()
  #recent: Booking[] = []
  #meters: Meter[]
  /** Was the server's clock unknown until now? Then the books stand in windows of another clock. */
  #isClockAssumed = true
  /** Were the limits never read from the exchange? */
  #isAssumed = true
  #slowdowns = 0
  #turn: Promise<unknown> = Promise.resolve()
  #slowdown = 1
  #slowdownWindow = 0

  constructor(clock: Clock, server: ServerClock, limits: readonly RateLimit[], share: number) {
    this.#clock = clock
    this.#server = server
    this.#share = share
    this.#meters = limits.map((limit) => newMeter(limit, new Pace(clock)))
  }

  /** Takes over new limits; what was counted for limits that stay is kept. */
  setLimits(limits: readonly RateLimit[]): void {
    this.#isAssumed = false
    this.#meters = limits.map((limit) => {
      const old = this.#meters.find(
        ({ limit: { type, windowMs } }) => type === limit.type && windowMs === limit.windowMs,
      )
      return old === undefined ? this.#booked(limit) : { ...old, limit }
    })
  }

  /** How many 429s there were; after each the limits may not be what they were. */
  get slowdowns(): number {
    return this.#slowdowns
  }

  /** Request weight that may be spent in a minute, by the tightest limit. */
  weightPerMinute(): number {
    const rates = this.#meters
      .filter(({ limit }) => limit.type === 'REQUEST_WEIGHT')
      .map(({ limit }) => (limit.limit * this.#share * 60_000) / limit.windowMs)
    return Math.min(...rates, Number.MAX_SAFE_INTEGER)
  }

  /** What is used of the tightest weight limit in its current window. */
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
   * @param signal - Gives up waiting; rejects with its reason.
   */
  async reserve(path: string, weight: number, signal?: AbortSignal): Promise<Ticket> {
    const turn = this.#turn.then(() => this.#admit(path, weight, signal))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Gives a reservation back that was never sent. */
  release(ticket: Ticket): void {
    this.#inFlight.delete(ticket)
    for (const meter of this.#meters) meter.pace.spend(-costOf(meter, ticket.weight))
  }

  /**
   * Books a request that was sent, answered or not.
   *
   * @param header - Looks up a header of the answer; absent when none came.
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
      // A report that may belong to either of two windows tells nothing sure of any.
      if (used === undefined || first !== last) continue
      const before = meter.reported.get(first)
      if (before !== undefined) this.#learn(ticket, used - before)
      meter.reported.set(first, Math.max(used, before ?? 0))
      const foreign = used - (meter.settled.get(first) ?? 0) - this.#inFlightIn(meter, first)
      meter.foreign.set(first, Math.max(foreign, meter.foreign.get(first) ?? 0))
    }
  }

  /** Goes on slower, after a 429. */
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
      await this.#clock.sleep(waitMs, signal)
    }
    for (const other of this.#inFlight) other.isAlone = false
    const sentMs = this.#clock.monotonicMs()
    const ticket = { path, weight: cost, sentMs, isAlone: this.#inFlight.size === 0 }
    this.#inFlight.add(ticket)
    for (const meter of this.#meters) meter.pace.spend(costOf(meter, cost))
    return ticket
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

  /** A meter for `limit` that counts what was sent before it was known. */
  #booked(limit: RateLimit, pace: Pace = new Pace(this.#clock)): Meter {
    const meter = newMeter(limit, pace)
    for (const booking of this.#recent) this.#book(meter, booking)
    return meter
  }

  /** Once the server's clock is known, what was sent before is counted anew, by its windows. */
  #meetClock(): void {
    if (!this.#isClockAssumed || !this.#server.isKnown()) return
    this.#isClockAssumed = false
    this.#meters = this.#meters.map(({ limit, pace }) => this.#booked(limit, pace))
  }

  /** Milliseconds until a request of `weight` may fit; 0 when it does now. */
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
    // The server counts past the limit that was assumed and still answers: it must be higher.
    if (this.#isAssumed && (meter.reported.get(first) ?? 0) > meter.limit.limit) return 0
    const cap = Math.max(meter.limit.limit * this.#share * this.#slowdown, cost)
    const now = this.#server.nowMs()
    let waitMs = meter.pace.waitMs(cost, { cap, windowMs })
    for (let window = first; window <= last; window++) {
      const used = this.#used(meter, window) + cost
      const opensMs = window * windowMs
      if (used > cap) {
        // Full: the next window is the first chance, once it has surely begun.
        const nextMs = opensMs + windowMs + this.#server.uncertaintyMs() - now
        waitMs = Math.max(waitMs, Math.ceil(nextMs) + 1)
        continue
      }
      // From when it may have opened: where the clock is less certain than a window is long, the latest of them
      // that may be open is always ahead, and whoever waits for it waits for ever.
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

  /** What is under way and may count in `window`. */
  #inFlightIn(meter: Meter, window: number): number {
    let sum = 0
    for (const ticket of this.#inFlight)
      if (this.#windowSince(meter, ticket) <= window) sum += costOf(meter, ticket.weight)
    return sum
  }

  /** The window at the server's now, at the early (-1) or late (1) edge of what is uncertain. */
  #windowAt(meter: Meter, edge: -1 | 0 | 1): number {
    return windowOf(meter, this.#server.nowMs() + edge * this.#server.uncertaintyMs())
  }

  /** The first window in which the server may have received a request. */
  #windowSince(meter: Meter, { sentMs }: Ticket): number {
    return windowOf(meter, this.#server.at(sentMs) - this.#server.uncertaintyMs())
  }

  /** A request that was alone and raised the server's count by more than its weight twice over costs that much. */
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

function newMeter(limit: RateLimit, pace: Pace): Meter {
  return { limit, pace, settled: new Map(), reported: new Map(), foreign: new Map() }
}

function windowOf({ limit }: Meter, ms: number): number {
  return Math.floor(ms / limit.windowMs)
}

function costOf({ limit }: Meter, weight: number): number {
  return limit.type === 'RAW_REQUESTS' ? 1 : weight
}

function add(map: Map<number, number>, window: number, cost: number): void {
  map.set(window, (map.get(window) ?? 0) + cost)
}

/** Drops windows that are past for good, so that the books do not grow with the run. */
function forget(meter: Meter, first: number): void {
  for (const map of [meter.settled, meter.reported, meter.foreign])
    for (const window of map.keys()) if (window < first - 1) map.delete(window)
}

function parseUsed(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text.trim()) ? Number(text) : undefined
}
