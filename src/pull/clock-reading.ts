/** Reads the server's clock, and compares the dates of answers with it. */

import { ClockError, TransportError } from '../base/errors.ts'
import type { Clock, HttpAnswer } from '../base/ports.ts'
import { formatMicros, fromMillis, micros, toMillis, type Micros } from '../base/time.ts'
import {
  isMadeBefore,
  madeAt,
  offsetOf,
  compareClocks,
  type ClockVerdict,
  type ClockReadings,
} from './clock-check.ts'
import type { Query } from './query.ts'
import type { ServerClock } from './server-clock.ts'

/** The request for the server's clock. It goes first, since everything else waits for it. */
export function timeQuery(path: string): Query {
  return { path, params: [], weight: 1, priority: 1e9, hosts: 'public' }
}

/** How often `/time` is requested while other clocks contradict it. */
const READS_MAX = 3

const HINT =
  "Nothing is stored for a time that may not have come yet. Check this machine's clock and any proxy, then run again."

/** How to request the server's clock. */
export type ClockSyncOptions = {
  /** Requests `/time` until `read` accepts an answer; `onSend` is called when a request is sent. */
  readonly ask: (
    read: (answer: HttpAnswer) => ClockVerdict,
    onSend: () => void,
  ) => Promise<ClockVerdict>
  readonly onWarning: ((message: string) => void) | undefined
}

/** Keeps the server's clock up to date. */
export class ClockSync {
  readonly #clock: Clock
  readonly #server: ServerClock
  readonly #options: ClockSyncOptions
  #syncing: Promise<void> | undefined
  #hasWarned = false

  constructor(clock: Clock, server: ServerClock, options: ClockSyncOptions) {
    this.#clock = clock
    this.#server = server
    this.#options = options
  }

  /**
   * Reads the clock if a reading is due; once for all who wait for it. @throws ClockError when no clock can be trusted
   */
  async whenDue(): Promise<void> {
    if (!this.#server.isStale()) return
    this.#syncing ??= this.#read().finally(() => (this.#syncing = undefined))
    await this.#syncing
  }

  async #read(): Promise<void> {
    let sentMs = 0
    let reads = 0
    const onSend = (): void => void (sentMs = this.#clock.monotonicMs())
    const verdict = await this.#options.ask((answer) => {
      const found = compareClocks(this.#readings(answer, sentMs))
      reads += 1
      if (found.kind !== 'trusted' && reads < READS_MAX) throw new TransportError(found.why)
      return found
    }, onSend)
    if (verdict.kind === 'refused') throw new ClockError(verdict.why, { hint: HINT })
    if (verdict.kind === 'trusted') {
      this.#server.trust(verdict.clock)
      if (verdict.note !== undefined) this.#warn(verdict.note)
      return
    }
    this.#server.trust(verdict.clock, verdict.notAfterMs)
    this.#warn(`${verdict.why}: the earlier of the two decides what is past`)
  }

  #readings(answer: HttpAnswer, sentMs: number): ClockReadings {
    const ms = Number(readServerTime(answer.body)) / 1_000
    const made = madeAt(answer)
    const receivedMs = this.#clock.monotonicMs()
    const span = { sentMs, receivedMs }
    return {
      // It may have been truncated to whole milliseconds.
      stated: offsetOf({ leastMs: ms - 1, mostMs: ms + 1 }, span),
      dated: made === undefined ? undefined : offsetOf(made, span),
      machineMs: toMillis(this.#clock.now()) - receivedMs,
    }
  }

  #warn(message: string): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#options.onWarning?.(message)
  }
}

/** Reads the body of a market's `/time`, in either unit. @throws TransportError when it is something else */
function readServerTime(body: Uint8Array): Micros {
  const match = /^\s*\{\s*"serverTime"\s*:\s*(\d{13}|\d{16})\s*\}\s*$/.exec(
    new TextDecoder().decode(body),
  )
  if (match?.[1] === undefined) throw new TransportError('/time: not a server time')
  const value = BigInt(match[1])
  return micros(match[1].length === 13 ? value * 1_000n : value)
}

/** An answer made before the end of the time that it has to cover. */
export class OutdatedError extends TransportError {}

/** @throws OutdatedError for an answer dated before `until`. */
export function checkDate(answer: HttpAnswer, path: string, until: Micros): void {
  const made = madeAt(answer)
  if (made === undefined || !isMadeBefore(answer, toMillis(until))) return
  const date = formatMicros(fromMillis(made.leastMs))
  throw new OutdatedError(
    `${path}: requested at or up to ${formatMicros(until)}, but answered at ${date}`,
  )
}

/** @throws ClockError when a time that was used as now turned out to be in the future. */
export function assertNotAhead(server: ServerClock): void {
  if (!server.wasAhead) return
  const message = `the exchange's clock went back: it is ${formatMicros(server.past())}, but a later time was already requested`
  throw new ClockError(message, { hint: HINT })
}

/** The server's clock, as surely as it is known: deadlines refer to it, and ours may be hours off. */
export function serverMs(
  server: ServerClock,
  answer: HttpAnswer,
  clock: Pick<Clock, 'now'>,
): number {
  if (server.isKnown()) return Number(server.stamp()) / 1_000
  const date = Date.parse(answer.header('date') ?? '')
  return Number.isNaN(date) ? Number(clock.now()) / 1_000 : date
}
