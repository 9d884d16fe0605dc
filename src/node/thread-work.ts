/** The side of a thread that works: takes a job, and sends what it yields while the reader keeps up. */

import type { MessagePort } from 'node:worker_threads'
import { pour } from './poured.ts'
import { plainError, type PlainError } from './thread-error.ts'

/** What a thread can do, by name. */
export type Works = Readonly<Record<string, (job: never) => AsyncIterable<object>>>

/** A job on its way to a thread. */
export type Order = { readonly work: string; readonly job: object; readonly port: MessagePort }

/** What a thread sends: what the work yields, its bytes apart; and at last how it ended. */
export type Sent =
  | { readonly data: unknown; readonly buffer: ArrayBuffer }
  | { readonly end: true; readonly error?: PlainError }

/** How many bytes a thread is ahead of its reader at most, before the one that it is at. */
export const AHEAD_BYTES = 24 << 20

/** The function that a pool calls in its threads. */
export function threadOf(works: Works): (order: Order) => Promise<void> {
  return async ({ work, job, port }) => {
    const reader = new Reader(port)
    const run = works[work] as ((job: object) => AsyncIterable<object>) | undefined
    try {
      if (run === undefined) throw new RangeError(`no thread does ${work}`)
      for await (const value of run(job)) if (!(await reader.send(value))) return
      port.postMessage({ end: true } satisfies Sent)
    } catch (error) {
      port.postMessage({ end: true, error: plainError(error) } satisfies Sent)
    }
  }
}

/** The reader in the other thread: it tells how many bytes it took, and closes the port when it wants no more. */
class Reader {
  readonly #port: MessagePort
  #aheadBytes = 0
  #isGone = false
  #wake: (() => void) | undefined

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (takenBytes: number) => {
      this.#aheadBytes -= takenBytes
      this.#wake?.()
    })
    port.on('close', () => {
      this.#isGone = true
      this.#wake?.()
    })
  }

  /** Resolves once there is room; `false` when nobody reads any more. */
  async send(value: object): Promise<boolean> {
    while (!this.#isGone && this.#aheadBytes >= AHEAD_BYTES)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#isGone) return false
    const poured = pour(value)
    this.#aheadBytes += poured.buffer.byteLength
    this.#port.postMessage(poured, [poured.buffer])
    // What the reader told meanwhile is heard between two pieces, not after all of them.
    await new Promise(setImmediate)
    return !this.#isGone
  }
}
