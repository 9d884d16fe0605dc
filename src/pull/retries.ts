/**
 * Which requests try again, when, and how often. While nothing is answered, a few requests keep trying for all, and the
 * others wait for the outcome. So an exchange that is gone for half a minute ends nothing, and one that is gone for
 * good ends the run once, without every request trying the same.
 */

import type { BackfillError } from '../base/errors.ts'
import type { Clock, Random } from '../base/ports.ts'
import { WAIT_MS_MIN } from '../base/wait.ts'
import { backoffMs } from './backoff.ts'
import { gaveUp } from './failure.ts'
import type { OnWait } from './gate.ts'

/** Default attempts per request: they take 36 to 71 s, plus the time that each answer takes to fail. */
const ATTEMPTS_MAX = 8
/** Requests that try again at the same time while none succeeds. */
const TRYING_MAX = 8

/** The limits of waiting and trying. */
export type Patience = {
  /** Most attempts per request. Default 8. */
  readonly attemptsMax?: number | undefined
  /** The longest wait accepted when the exchange asks for one. */
  readonly maxWaitMs: number
  readonly onWait: OnWait
}

/** One request and its failures. */
export type Trial = {
  isTrying: boolean
  /** The number of successes of all requests when this one began to fail. */
  since: number | undefined
}

/** A failed attempt. */
type Failed = {
  readonly path: string
  /** Counts from 1. */
  readonly attempt: number
  readonly error: BackfillError
  /** The minimum wait that the exchange asks for. */
  readonly atLeastMs: number
  readonly signal: AbortSignal | undefined
}

/** What requests share about each other's failures. */
export class Retries {
  readonly #world: { readonly clock: Clock; readonly random: Random }
  readonly #patience: Patience
  readonly #waiting = new Set<() => void>()
  #successes = 0
  #trying = 0
  /** Did a request use all its attempts, with no success since it began? */
  #isGone = false
  /** The end of the last reported pause: further pauses of the same outage are not reported. */
  #reportedUntilMs = 0

  constructor(world: { readonly clock: Clock; readonly random: Random }, patience: Patience) {
    this.#world = world
    this.#patience = patience
  }

  /**
   * Runs a request; its place among those that try again is released when it ends.
   *
   * @param isAwaited - Do requests that hold places wait for this one? Then it has its own place from the start.
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

  /** A request was answered: waiting ones may try. */
  succeeded(): void {
    this.#successes += 1
    this.#isGone = false
    this.#wake(this.#waiting.size)
  }

  /**
   * Waits until a failed request may be sent again.
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
    this.#report(`${error.message}; trying again`, ms)
    await this.#world.clock.sleep(ms, signal)
  }

  #end(): void {
    this.#isGone = true
    this.#wake(this.#waiting.size)
  }

  /** An exchange that does not answer must not look like a program that hangs. */
  #report(reason: string, ms: number): void {
    const nowMs = this.#world.clock.monotonicMs()
    if (ms <= WAIT_MS_MIN || nowMs < this.#reportedUntilMs) return
    this.#reportedUntilMs = nowMs + ms
    this.#patience.onWait({ reason: 'overload', ms, message: reason })
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
