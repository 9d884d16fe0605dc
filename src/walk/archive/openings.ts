/** Files of a series on their way from the archive to the lake: downloaded, and packed by other threads. */

import { ArchiveError } from '../../base/errors.ts'
import { periodOf, type Window } from '../../base/time.ts'
import type { PublishedFile } from '../../plan/task.ts'
import type { Archive } from '../../pull/archive/download.ts'
import type { ArchiveRun } from './archive-run.ts'
import type { Packing } from './packing.ts'

/** A file on the disk. */
export type Opened = {
  readonly archive: Archive
  /** The file in the hands of another thread, if one packs it. */
  readonly packing: Packing | undefined
}

/** Open files and pending downloads: all are closed when the work ends, however it ends. */
export class Openings {
  readonly #run: ArchiveRun
  readonly #window: Window
  /** The last file that was asked for and is packed. */
  #last: Promise<Packing | undefined> = Promise.resolve(undefined)
  readonly #pending = new Set<Promise<unknown>>()
  readonly #open = new Set<Opened>()

  /** @param window - The time that is wanted. */
  constructor(run: ArchiveRun, window: Window) {
    this.#run = run
    this.#window = window
  }

  /** A file, or why it is unavailable; `undefined` when it is not published. Call in the order of the files. */
  async open(
    file: PublishedFile,
    signal: AbortSignal | undefined,
  ): Promise<Opened | ArchiveError | undefined> {
    const before = this.#last
    const opening = this.#download(file, before, signal)
    this.#last = opening.then(
      async (opened) => opened?.packing ?? (await before),
      () => before,
    )
    this.#pending.add(opening)
    try {
      return await opening
    } catch (error) {
      if (error instanceof ArchiveError) return error
      throw error
    } finally {
      this.#pending.delete(opening)
    }
  }

  async close(opened: Opened | ArchiveError | undefined): Promise<void> {
    if (opened === undefined || opened instanceof ArchiveError) return
    this.#open.delete(opened)
    await opened.packing?.close()
    await opened.archive.close()
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled([...this.#pending])
    const closings = [...this.#open].map((opened) => this.close(opened))
    await Promise.allSettled(closings)
    await Promise.all(closings)
  }

  async #download(
    file: PublishedFile,
    before: Promise<Packing | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<Opened | undefined> {
    const { plan, session } = this.#run
    const archive = await session.open(plan.key, file.period, signal)
    if (archive === undefined) return undefined
    const opened = { archive, packing: this.#pack(file, archive, before) }
    this.#open.add(opened)
    return opened
  }

  /** Has a file packed if it will be a whole and new partition: its row groups go there as they are. */
  #pack(
    { period, window }: PublishedFile,
    { path, file: { descriptor, sizeBytes } }: Archive,
    before: Promise<Packing | undefined>,
  ): Packing | undefined {
    const {
      plan: { key, settings },
      series: { manifest },
      session: { packers },
    } = this.#run
    const isWhole = this.#window.from <= window.from && window.to <= this.#window.to
    const isNew =
      periodOf(window.from, manifest.partition) === period && !manifest.partitions.has(period)
    if (packers === undefined || descriptor === undefined || !isWhole || !isNew) return undefined
    if (sizeBytes < packers.bytesMin) return undefined
    const { numbers, compression } = settings
    const job = { key, numbers, compression, file: { period, window }, path, descriptor, sizeBytes }
    return packers.begin(job, before)
  }
}
