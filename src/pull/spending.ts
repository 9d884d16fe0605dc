/**
 * What is spent of each limit, window by window of the server's clock. A request counts in every window in which the
 * server may have received it: from sending to answer, widened by the uncertainty of the server's clock. Answers correct
 * the count: the larger of what we sent and what the server reports is used, since others may share the address.
 */

import type { Clock } from '../base/ports.ts'
import type { RateLimit } from '../binance/limit.ts'
import { add, costOf, newMeter, parseUsed, windowOf, type Meter } from './meter.ts'
import { Pace } from './pace.ts'
import type { ServerClock } from './server-clock.ts'

/** Answered requests kept, to be counted in limits that become known later. */
const RECENT_MAX = 1_000

/** An admitted request; must be settled exactly once. */
export type Ticket = {
  readonly path: string
  readonly weight: number
  /** When it was sent, by the monotonic clock. */
  sentMs: number
  /** Were no other requests in flight when this one was sent? */
  isAlone: boolean
}

/** What was spent in a window of one limit. */
export type WindowUse = Pick<RateLimit, 'type' | 'windowMs'> & {
  readonly window: number
  readonly used: number
}

/** An answered request, by the monotonic clock. */
type Booking = { readonly sentMs: number; readonly doneMs: number; readonly weight: number }

/** The books of all limits. */
export class Spending {
  readonly #clock: Clock
  readonly #server: ServerClock
  readonly #inFlight = new Set<Ticket>()
  #recent: Booking[] = []
  #meters: readonly Meter[]
  /** Was the server's clock unknown until now? Then the windows counted so far are those of another clock. */
  #isClockAssumed = true

  constructor(clock: Clock, server: ServerClock, limits: readonly RateLimit[]) {
    this.#clock = clock
    this.#server = server
    this.#meters = limits.map((limit) => newMeter(limit, new Pace(clock)))
  }

  /** One for each limit. */
  get meters(): readonly Meter[] {
    return this.#meters
  }

  /** Sets new limits; what was counted for unchanged limits is kept. */
  setLimits(limits: readonly RateLimit[]): void {
    this.#meters = limits.map((limit) => {
      const old = this.#meters.find(
        ({ limit: { type, windowMs } }) => type === limit.type && windowMs === limit.windowMs,
      )
      return old === undefined ? this.#booked(limit) : { ...old, limit }
    })
  }

  /** Counts a request that is sent now. */
  begin(path: string, weight: number): Ticket {
    for (const other of this.#inFlight) other.isAlone = false
    const sentMs = this.#clock.monotonicMs()
    const ticket = { path, weight, sentMs, isAlone: this.#inFlight.size === 0 }
    this.#inFlight.add(ticket)
    for (const meter of this.#meters) meter.pace.spend(costOf(meter, weight))
    return ticket
  }

  /** Forgets a request that was never sent. */
  drop(ticket: Ticket): void {
    this.#inFlight.delete(ticket)
    for (const meter of this.#meters) meter.pace.spend(-costOf(meter, ticket.weight))
  }

  /**
   * Books a request that was sent, answered or not.
   *
   * @param header - Looks up a header of the answer; absent when there was no answer.
   * @param rose - Told by how much the server's count rose since the answer before, where both are of one window.
   */
  settle(
    ticket: Ticket,
    header: ((name: string) => string | undefined) | undefined,
    rose: (delta: number) => void,
  ): void {
    this.#inFlight.delete(ticket)
    this.meetClock()
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
      if (before !== undefined && first === last) rose(used - before)
      meter.reported.set(first, Math.max(used, before ?? 0))
      const foreign = used - (meter.settled.get(first) ?? 0) - this.#inFlightIn(meter, first)
      meter.foreign.set(first, Math.max(foreign, meter.foreign.get(first) ?? 0))
    }
  }

  /** Once the server's clock is known, counts earlier requests again by its windows. */
  meetClock(): void {
    if (!this.#isClockAssumed || !this.#server.isKnown()) return
    this.#isClockAssumed = false
    this.#meters = this.#meters.map(({ limit, pace }) => this.#booked(limit, pace))
  }

  /** What is spent of a window, with what is in flight. */
  used(meter: Meter, window: number): number {
    const own = (meter.settled.get(window) ?? 0) + (meter.foreign.get(window) ?? 0)
    return Math.max(own, meter.reported.get(window) ?? 0) + this.#inFlightIn(meter, window)
  }

  /** What is spent of the present window, with what is in flight. */
  usedNow(meter: Meter): number {
    return this.used(meter, this.windowAt(meter, 0))
  }

  /** The window at the server's current time, at the early (-1) or late (1) edge of its uncertainty. */
  windowAt(meter: Meter, edge: -1 | 0 | 1): number {
    return windowOf(meter, this.#server.nowMs() + edge * this.#server.uncertaintyMs())
  }

  /** What is spent of the windows that may be open, to be {@link heard} by another process. */
  uses(): readonly WindowUse[] {
    const edges = [-1, 1] as const
    return this.#meters.flatMap((meter) =>
      edges.map((edge) => {
        const window = this.windowAt(meter, edge)
        const { type, windowMs } = meter.limit
        return { type, windowMs, window, used: this.used(meter, window) }
      }),
    )
  }

  /** Takes in what another process counted. */
  heard(uses: readonly WindowUse[]): void {
    for (const { limit, reported } of this.#meters)
      for (const { type, windowMs, window, used } of uses)
        if (type === limit.type && windowMs === limit.windowMs)
          reported.set(window, Math.max(used, reported.get(window) ?? 0))
  }

  /** Counts the windows that may be open as spent. */
  fill(): void {
    for (const meter of this.#meters)
      for (const edge of [-1, 1] as const) {
        const window = this.windowAt(meter, edge)
        const { limit } = meter.limit
        meter.reported.set(window, Math.max(limit, meter.reported.get(window) ?? 0))
      }
  }

  /** A meter for `limit` that includes what was sent before the limit was known. */
  #booked(limit: RateLimit, pace: Pace = new Pace(this.#clock)): Meter {
    const meter = newMeter(limit, pace)
    for (const booking of this.#recent) this.#book(meter, booking)
    return meter
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

  /** The weight in flight that may count in `window`. */
  #inFlightIn(meter: Meter, window: number): number {
    let sum = 0
    for (const ticket of this.#inFlight)
      if (this.#windowSince(meter, ticket) <= window) sum += costOf(meter, ticket.weight)
    return sum
  }

  /** The first window in which the server may have received a request. */
  #windowSince(meter: Meter, { sentMs }: Ticket): number {
    return windowOf(meter, this.#server.at(sentMs) - this.#server.uncertaintyMs())
  }
}
