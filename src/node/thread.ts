/** A thread of its own for work that is long and needs no more than what it is given. */

import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parentPort, Worker } from 'node:worker_threads'
import { StoreError } from '../base/errors.ts'

/**
 * Of the thread's objects that are still young, in MB. Most of its memory are large arrays, which are freed once the
 * small objects that stand for them are found dead: the fewer of those may be young, the sooner.
 */
const YOUNG_MB_MAX = 3

type Question<Task> = { readonly id: number; readonly task: Task }
type Reply<Answer> = { readonly id: number } & (
  { readonly answer: Answer } | { readonly error: unknown }
)
type Waiting<Answer> = {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Can this machine run `module`, compiled JavaScript, at the same time as this thread? */
export function canRunBeside(module: URL): boolean {
  return availableParallelism() > 1 && existsSync(fileURLToPath(module))
}

/** Runs a module that calls {@link answerTasks}. It lets the process end when nothing is asked. */
export class Thread<Task, Answer> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting<Answer>>()
  #lastId = 0
  #isLost = false

  constructor(module: URL) {
    this.#worker = new Worker(module, {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB_MAX },
    })
    this.#worker.on('message', (reply: Reply<Answer>) => {
      this.#settle(reply)
    })
    this.#worker.on('error', (error) => {
      this.#lose(error)
    })
    this.#worker.on('exit', () => {
      this.#lose(undefined)
    })
    this.#worker.unref()
  }

  /** Has it ended? Then nothing may be asked any more. */
  get isLost(): boolean {
    return this.#isLost
  }

  /**
   * Has a task done; tasks are taken in turn.
   *
   * @param memory - Is moved to the thread: arrays over it are empty here from now on.
   * @throws StoreError `E_STORE_IO` when the thread ends before; else what the task throws.
   */
  ask(task: Task, memory: readonly ArrayBuffer[]): Promise<Answer> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.ref()
      this.#worker.postMessage({ id, task } satisfies Question<Task>, memory)
    })
  }

  #settle(reply: Reply<Answer>): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('error' in reply) waiting?.reject(reply.error)
    else waiting?.resolve(reply.answer)
  }

  #lose(cause: unknown): void {
    this.#isLost = true
    const error = new StoreError('E_STORE_IO', 'a thread of this process was lost', {
      cause,
      hint: 'It may have lacked memory. Run again: what is committed is kept.',
    })
    for (const id of [...this.#waiting.keys()]) this.#settle({ id, error })
  }
}

/** Answers what the {@link Thread} of this module is asked; `memory` is moved back with the answer. */
export function answerTasks(
  // Whatever it wants is what it is sent: types end where threads do.
  work: (
    task: never,
  ) => Promise<{ readonly answer: unknown; readonly memory: readonly ArrayBuffer[] }>,
): void {
  const port = parentPort
  port?.on('message', ({ id, task }: Question<never>) => {
    void work(task).then(
      ({ answer, memory }) => {
        port.postMessage({ id, answer } satisfies Reply<unknown>, memory)
      },
      (error: unknown) => {
        port.postMessage({ id, error } satisfies Reply<unknown>)
      },
    )
  })
}
