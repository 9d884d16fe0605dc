/** Reads the server's clock, and holds the dates of answers against it. */

import { ClockError, TransportError } from '../base/errors.ts'
import type { Clock, HttpAnswer } from '../base/ports.ts'
import { formatMicros, fromMillis, micros, toMillis, type Micros } from '../base/time.ts'
import {
  isMadeBefore,
  madeAt,
  offsetOf,
  weigh,
  type Belief,
  type Testimony,
} from './clock-witness.ts'
import type { Query } from './query.ts'
import type { ServerClock } from './server-clock.ts'

/** What asks for the server's clock: whoever waits for it, waits for all else. */
export const TIME_QUERY: Query = {
  path: '/api/v3/time',
  params: [],
  weight: 1,
  priority: 1e9,
  hosts: 'public',
}

/** How often `/time` is asked while its answers are contradicted. */
const READS_MAX = 3

const HINT =
  "Nothing is stored of time that may not have been. Check this machine's clock and any proxy, then run again."

/** How the server's clock is asked for. */
export type ClockSyncOptions = {
  /** Asks `/time` until `read` accepts an answer; `onSend` is called when a request leaves. */
  readonly ask: (read: (answer: HttpAnswer) => Belief, onSend: () => void) => Promise<Belief>
  readonly onWarning: ((message: string) => void) | undefined
}

/** Keeps the server's clock known. */
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

  /** Reads the clock if that is due; once for all who wait for it. @throws ClockError when none can be believed */
  async whenDue(): Promise<void> {
    if (!this.#server.isStale()) return
    this.#syncing ??= this.#read().finally(() => (this.#syncing = undefined))
    await this.#syncing
  }

  async #read(): Promise<void> {
    let sentMs = 0
    let reads = 0
    const onSend = (): void => void (sentMs = this.#clock.monotonicMs())
    const belief = await this.#options.ask((answer) => {
      const found = weigh(this.#testimony(answer, sentMs))
      reads += 1
      if (found.kind !== 'sound' && reads < READS_MAX) throw new TransportError(found.why)
      return found
    }, onSend)
    if (belief.kind === 'refused') throw new ClockError(belief.why, { hint: HINT })
    if (belief.kind === 'sound') {
      this.#server.trust(belief.clock)
      if (belief.note !== undefined) this.#warn(belief.note)
      return
    }
    this.#server.trust(belief.clock, belief.notAfterMs)
    this.#warn(`${belief.why}: what is past goes by the earlier of the two`)
  }

  #testimony(answer: HttpAnswer, sentMs: number): Testimony {
    const ms = Number(readServerTime(answer.body)) / 1_000
    const made = madeAt(answer)
    const receivedMs = this.#clock.monotonicMs()
    const span = { sentMs, receivedMs }
    return {
      // It may have been cut to whole milliseconds.
      told: offsetOf({ leastMs: ms - 1, mostMs: ms + 1 }, span),
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

/** Reads the body of `/api/v3/time`, in whichever unit it came. @throws TransportError when it is something else */
function readServerTime(body: Uint8Array): Micros {
  const match = /^\s*\{\s*"serverTime"\s*:\s*(\d{13}|\d{16})\s*\}\s*$/.exec(
    new TextDecoder().decode(body),
  )
  if (match?.[1] === undefined) throw new TransportError('/api/v3/time: not a server time')
  const value = BigInt(match[1])
  return micros(match[1].length === 13 ? value * 1_000n : value)
}

/** An answer that was made before the end of the time that it is to tell of. */
export class OutdatedError extends TransportError {}

/** @throws OutdatedError for an answer whose date lies before `until`. */
export function checkDate(answer: HttpAnswer, path: string, until: Micros): void {
  const made = madeAt(answer)
  if (made === undefined || !isMadeBefore(answer, toMillis(until))) return
  const date = formatMicros(fromMillis(made.leastMs))
  throw new OutdatedError(`${path}: asked at or up to ${formatMicros(until)}, answered ${date}`)
}

/** @throws ClockError when what was taken for now turned out not to have been. */
export function assertNotAhead(server: ServerClock): void {
  if (!server.wasAhead) return
  const message = `the exchange's clock went back: it is ${formatMicros(server.past())}, and a later time was asked for`
  throw new ClockError(message, { hint: HINT })
}
