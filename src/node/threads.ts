/** Threads of this process, in a pool that starts them when there is work. */

import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import { ThreadError } from '../base/errors.ts'
import type { Threads } from '../base/ports.ts'
import { ownPath } from './asset.ts'
import { refill } from './poured.ts'
import { errorOf } from './thread-error.ts'
import type { Order, Sent } from './thread-work.ts'

/** Threads beyond this many would wait for one another's commits. */
const THREADS_MAX = 8

/** A thread begins in about 0.2 s; so much of a zip or of a partition is read and checked in a quarter of that. */
const BYTES_MIN = 1 << 20

/** By default a thread ends with its job, and the next one has to load and warm up all that this one knew. */
const IDLE_MS = 60_000

/** As many threads as are wanted: by default one a core, at most eight; `undefined` for one, which needs no pool. */
export function nodeThreads(
  count = Math.min(availableParallelism(), THREADS_MAX),
): Threads | undefined {
  const file = ownPath('dist/thread/main.js')
  return count < 2 || !existsSync(file) ? undefined : new ThreadPool(file, count)
}

/** So many threads at most, each of which loads `file`: a module whose default export is by `threadOf`. */
export class ThreadPool implements Threads {
  readonly count: number
  readonly bytesMin = BYTES_MIN
  readonly #file: string
  #pool: Promise<Piscina> | undefined

  constructor(file: string, count: number) {
    this.#file = file
    this.count = count
  }

  async *run(work: string, job: object): AsyncGenerator<object, void, void> {
    const pool = await (this.#pool ??= this.#open())
    const { port1, port2 } = new MessageChannel()
    const inbox = new Inbox(port1)
    const order: Order = { work, job, port: port2 }
    const over = pool.run(order, { transferList: [port2] }).then(
      () => undefined,
      (error: unknown) => {
        inbox.fail(new ThreadError(`a thread died: ${String(error)}`, { cause: error }))
      },
    )
    try {
      for (;;) {
        const sent = await inbox.next()
        if ('end' in sent) {
          if (sent.error !== undefined) throw errorOf(sent.error)
          return
        }
        yield refill(sent) as object
        port1.postMessage(sent.buffer.byteLength)
      }
    } finally {
      port1.close()
      // What the job reads by may be closed once nobody works on it.
      await over
    }
  }

  async close(): Promise<void> {
    const pool = await this.#pool
    this.#pool = undefined
    await pool?.destroy()
  }

  async #open(): Promise<Piscina> {
    const { Piscina } = await import('piscina')
    return new Piscina({
      filename: this.#file,
      minThreads: 0,
      maxThreads: this.count,
      concurrentTasksPerWorker: 1,
      idleTimeout: IDLE_MS,
    })
  }
}

/** Messages in the order in which they came. */
class Inbox {
  readonly #messages: Sent[] = []
  #error: Error | undefined
  #wake: (() => void) | undefined

  constructor(port: MessagePort) {
    port.on('message', (message: Sent) => {
      this.#messages.push(message)
      this.#wake?.()
    })
  }

  fail(error: Error): void {
    this.#error = error
    this.#wake?.()
  }

  async next(): Promise<Sent> {
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) return message
      if (this.#error !== undefined) throw this.#error
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
