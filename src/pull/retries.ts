/**
 * Who tries again, when, and how often. While nothing is answered a few requests go on for all and the others wait for
 * what becomes of them: so an exchange that is gone for half a minute ends nothing, and one that is gone for good ends
 * the run once and is not asked the same by everybody.
 */

import type { BackfillError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { backoffMs } from './backoff.ts'
import { gaveUp } from './failure.ts'
import type { OnWait } from './gate.ts'

/** How often a request is sent, unless told otherwise: for 36 to 71 s, and as long as its answers take to fail. */
const ATTEMPTS_MAX = 8
/** Requests that try again at once while none succeeds. */
const TRYING_MAX = 8
/** Waits before another try that are shorter are nobody's business. */
const TOLD_MS_MIN = 2_000

/** How much patience there is. */
export type Patience = {
  /** How often a request is sent at most. Default 8. */
  readonly attemptsMax?: number | undefined
  /** The longest wait that the exchange may ask for. */
  readonly maxWaitMs: number
  readonly onWait: OnWait
}

/** One request and its failures. */
export type Trial = {
  isTrying: boolean
  /** Successes of all requests, when this one began to fail. */
  since: number | undefined
}

/** A try that failed. */
type Failed = {
  readonly path: string
  /** Counts from 1. */
  readonly attempt: number
  readonly error: BackfillError
  /** What the exchange asks to wait at least. */
  readonly atLeastMs: number
  readonly signal: AbortSignal | undefined
}

/** What all requests know of each other's failures. */
export class Retries {
  readonly #world: { readonly clock: Clock; readonly random: Random }
  readonly #patience: Patience
  readonly #waiting = new Set<() => void>()
  #successes = 0
  #trying = 0
  /** Did a request try to the end, and nothing succeed since it began to? */
  #isGone = false
  /** Until when a pause that was told of lasts: the others of the same outage are not worth a word. */
  #toldUntilMs = 0

  constructor(world: { readonly clock: Clock; readonly random: Random }, patience: Patience) {
    this.#world = world
    this.#patience = patience
  }

  /**
   * Runs a request: its place among those that try again is given back when it ends.
   *
   * @param isAwaited - Do requests that hold places wait for this one? Then it has a place of its own from the start.
   */
  async during<T>(request: (trial: Trial) => Promise<T>, isAwaited = false): Promise<T> {
    const trial: Trial = { isTrying: isAwaited, since: undefined }
    if (isAwaited) this.#trying += 1
    try {
      return await request(trial)
    } finally {
      if (trial.isTrying) {
        this.#trying -= 1
        if (this.#trying < TRYING_MAX) this.#wake(1)
      }
    }
  }

  /** Something was answered: whoever waits may try. */
  succeeded(): void {
    this.#successes += 1
    this.#isGone = false
    this.#wake(this.#waiting.size)
  }

  /**
   * Waits until a request that failed may be sent once more.
   *
   * @throws UnreachableError when it failed too often, when another one did and nothing succeeds any more, or when the
   * exchange asks for a longer wait than the user allows; or the signal's reason.
   */
  async pause(trial: Trial, failed: Failed): Promise<void> {
    const { attempt, error, atLeastMs, signal } = failed
    const { attemptsMax = ATTEMPTS_MAX, maxWaitMs } = this.#patience
    trial.since ??= this.#successes
    if (attempt >= attemptsMax) {
      if (trial.since === this.#successes) this.#end()
      throw gaveUp(failed, attempt, error)
    }
    if (!trial.isTrying && !this.#isGone && this.#trying >= TRYING_MAX) await this.#turn(signal)
    if (this.#isGone) throw gaveUp(failed, attempt, error)
    if (!trial.isTrying) this.#trying += 1
    trial.isTrying = true
    const ms = backoffMs(attempt, this.#world.random, atLeastMs)
    if (atLeastMs > 0 && ms > maxWaitMs) throw gaveUp(failed, attempt, error)
    this.#tell(`${error.message}; trying again`, ms)
    await this.#world.clock.sleep(ms, signal)
  }

  #end(): void {
    this.#isGone = true
    this.#wake(this.#waiting.size)
  }

  /** An exchange that does not answer must not look like a program that hangs. */
  #tell(reason: string, ms: number): void {
    const nowMs = this.#world.clock.monotonicMs()
    if (ms < TOLD_MS_MIN || nowMs < this.#toldUntilMs) return
    this.#toldUntilMs = nowMs + ms
    this.#patience.onWait(reason, ms)
  }

  #wake(count: number): void {
    for (const go of [...this.#waiting].slice(0, count)) go()
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const leave = (): void => {
        this.#waiting.delete(go)
        signal?.removeEventListener('abort', abort)
      }
      const go = (): void => {
        leave()
        resolve()
      }
      const abort = (): void => {
        leave()
        reject(signal?.reason as Error)
      }
      this.#waiting.add(go)
      signal?.addEventListener('abort', abort, { once: true })
    })
  }
}
