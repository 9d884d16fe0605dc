/** Several streams of progress as one, in the order things happen. */

/** Most items that wait for the consumer; the sources pause beyond it. */
const WAITING_MAX = 256

/** News that do not wait for their turn: what is put here comes out of the stream that carries it at once. */
export class Mailbox<T> {
  #deliver: ((item: T) => void) | undefined
  readonly #early: T[] = []

  /** Sends an item; kept until a stream carries this mailbox. */
  put(item: T): void {
    if (this.#deliver === undefined) this.#early.push(item)
    else this.#deliver(item)
  }

  /** Connects to a stream. */
  connect(deliver: (item: T) => void): void {
    this.#deliver = deliver
    for (const item of this.#early.splice(0)) deliver(item)
  }
}

/**
 * Runs `sources` with at most `concurrency` at once, each begun in order, and yields what they yield as it comes. An
 * error of one ends it, once the others have ended.
 *
 * @param onClose - Called when the consumer stops early: should make the sources end, which is then waited for.
 * @param mailbox - Carried along; few and small items, since they wait for nothing.
 */
export async function* mergeStreams<T>(
  sources: readonly (() => AsyncGenerator<T, void, void>)[],
  concurrency: number,
  onClose: () => void,
  mailbox?: Mailbox<T>,
): AsyncGenerator<T, void, void> {
  const merge = new StreamMerge(sources)
  mailbox?.connect((item) => {
    merge.push(item)
  })
  const workers = Array.from({ length: Math.min(concurrency, sources.length) }, () => merge.work())
  const ended = allEnded(workers).finally(() => {
    merge.end()
  })
  ended.catch(() => undefined)
  let isDone = false
  try {
    for (let items = await merge.take(); items.length > 0; items = await merge.take()) yield* items
    isDone = true
  } finally {
    if (!isDone) onClose()
    merge.drop()
    await ended
  }
}

/**
 * Several lanes of sources side by side, each as {@link mergeStreams} runs it: what waits in one does not hold up the
 * others.
 */
export function mergeLanes<T>(
  lanes: readonly (readonly (() => AsyncGenerator<T, void, void>)[])[],
  concurrency: number,
  onClose: () => void,
): AsyncGenerator<T, void, void> {
  const streams = lanes.map((lane) => () => mergeStreams(lane, concurrency, onClose))
  return mergeStreams(streams, lanes.length, onClose)
}

/** Waits for all, then throws what the first of them to fail threw. */
async function allEnded(workers: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(workers)
  await Promise.all(workers)
}

class StreamMerge<T> {
  readonly #sources: readonly (() => AsyncGenerator<T, void, void>)[]
  #next = 0
  #waiting: T[] = []
  #hasEnded = false
  #isDropped = false
  #changed: (() => void)[] = []

  constructor(sources: readonly (() => AsyncGenerator<T, void, void>)[]) {
    this.#sources = sources
  }

  /** Runs one source after the other. */
  async work(): Promise<void> {
    try {
      for (
        let source = this.#sources[this.#next++];
        source !== undefined;
        source = this.#sources[this.#next++]
      )
        for await (const item of source()) await this.#put(item)
    } catch (error) {
      this.#next = this.#sources.length
      throw error
    }
  }

  async #put(item: T): Promise<void> {
    while (this.#waiting.length >= WAITING_MAX && !this.#isDropped) await this.#change()
    this.push(item)
  }

  /** Adds an item without waiting for room. */
  push(item: T): void {
    if (this.#isDropped) return
    this.#waiting.push(item)
    this.#notify()
  }

  /** What has come since the last call, in order; waits for something; empty when all has come. */
  async take(): Promise<T[]> {
    while (this.#waiting.length === 0 && !this.#hasEnded) await this.#change()
    const items = this.#waiting
    this.#waiting = []
    this.#notify()
    return items
  }

  /** No more will come. */
  end(): void {
    this.#hasEnded = true
    this.#notify()
  }

  /** No more is wanted. */
  drop(): void {
    this.#isDropped = true
    this.#waiting = []
    this.#notify()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve))
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = []
    for (const resolve of changed) resolve()
  }
}
