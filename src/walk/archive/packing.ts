/** Files of the archive in the hands of other threads, which pack their rows ahead of the one that stores them. */

import { ArchiveError, ThreadError } from '../../base/errors.ts'
import type { Threads } from '../../base/ports.ts'
import type { PackedPage } from '../../store/packed-page.ts'
import type { PackedFile, Seen } from './file-rows.ts'
import { pageOfSent, type PackJob, type SentRows } from './pack-file.ts'

/** Files at once, for each thread: one that it packs, and one that is packed and waits for its turn. */
const FILES_PER_THREAD = 2

/** The threads of one run, for files of all its series. */
export class Packers {
  readonly #threads: Threads
  readonly #places: Places

  constructor(threads: Threads) {
    this.#threads = threads
    this.#places = new Places(FILES_PER_THREAD * threads.count)
  }

  /** Smaller files are packed where they are read. */
  get bytesMin(): number {
    return this.#threads.bytesMin
  }

  /** How many files are worth being at hand. */
  get filesMax(): number {
    return FILES_PER_THREAD * this.#threads.count
  }

  /**
   * Begins to pack a file, as soon as there is a place.
   *
   * @param before - The file before of the same series: a later file that began first could hold the place that it needs.
   */
  begin(job: PackJob, before: Promise<Packing | undefined>): Packing {
    return new Packing(job, this.#threads, this.#places, before)
  }
}

/** A file that another thread packs. Must be closed. */
export class Packing implements PackedFile {
  seen: Seen | undefined
  readonly #job: PackJob
  readonly #begun: Promise<Begun | undefined>
  #isClosed = false

  constructor(
    job: PackJob,
    threads: Threads,
    places: Places,
    before: Promise<Packing | undefined>,
  ) {
    this.#job = job
    this.#begun = this.#begin(threads, places, before)
  }

  /** The rows, a row group at a time. Call once. @throws ArchiveError when the file cannot be used */
  async *pages(): AsyncGenerator<PackedPage, void, void> {
    const begun = await this.#begun
    if (begun === undefined) throw new RangeError('a file that was closed is read')
    try {
      for (let next = await begun.first; next.done !== true; next = await begun.sent.next())
        if ('packed' in next.value) yield pageOfSent(this.#job, next.value)
        else this.seen = next.value
    } catch (error) {
      throw error instanceof ThreadError ? lost(this.#job.path, error) : error
    } finally {
      begun.release()
    }
  }

  /** Resolves when no thread works on the file any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    const begun = await this.#begun
    // What it threw was thrown to the reader, or is of no interest any more.
    await begun?.first.catch(() => undefined)
    await begun?.sent.return?.()
    begun?.release()
  }

  async #begin(
    threads: Threads,
    places: Places,
    before: Promise<Packing | undefined>,
  ): Promise<Begun | undefined> {
    const earlier = await before
    if (earlier !== undefined) await earlier.#begun
    const release = await places.take()
    if (this.#isClosed) {
      release()
      return undefined
    }
    const sent = threads.run('packFile', this.#job)[Symbol.asyncIterator]() as Sent
    const first = sent.next()
    // It is waited for when the file's turn comes.
    first.catch(() => undefined)
    return { sent, first, release }
  }
}

type Sent = AsyncIterator<SentRows | Seen, undefined>

type Begun = {
  readonly sent: Sent
  readonly first: ReturnType<Sent['next']>
  /** Gives the place back, once. */
  readonly release: () => void
}

function lost(path: string, error: ThreadError): ArchiveError {
  return new ArchiveError('thread', path, `${path}: ${error.message}`, { cause: error })
}

/** A number of places, given in the order in which they are asked for. */
class Places {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Resolves to the function that gives the place back. */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
