/**
 * A series from the public archive: file by file, oldest first. A file that cannot be used leaves its time missing,
 * with nothing committed of it; then files of the other length are tried, and what those leave missing, REST fills in
 * where it may.
 */

import { clip, leftToAsk, union, type Coverage } from '../base/coverage.ts'
import { ArchiveError } from '../base/errors.ts'
import { earliest, latest, type Window } from '../base/time.ts'
import { archivePath } from '../binance/archive.ts'
import type { Progress } from '../progress.ts'
import type { Archive } from '../pull/archive/download.ts'
import { ReadAhead } from '../pull/walk.ts'
import type { ArchiveEntry } from '../store/manifest.ts'
import type { ArchiveRun } from './archive-run.ts'
import type { ArchiveFile } from './archive-session.ts'
import { ArchiveStore } from './archive-store.ts'
import { isDoubted } from './file-ends.ts'

export type { ArchiveRun } from './archive-run.ts'

/** Files downloaded ahead of the one being read. */
const DOWNLOADS_AHEAD = 3

/** Stores what the archive has of `window`; covers only what it proves. */
export async function* storeArchive(
  run: ArchiveRun,
  window: Window,
): AsyncGenerator<Progress, void, void> {
  const { plan, session, now, ask } = run
  const files = await session.filesFor(plan.key, window, now)
  const spent = files.filter((file) => isSpent(run, file, window))
  const others = files.filter((file) => !spent.includes(file))
  const { holes } = yield* storeFiles(run, window, others)
  for (const file of spent) {
    const parts = clip(left(run, window), file.window)
    for (const part of parts) yield* storeFiles(run, part, [file])
    // It may have been replaced: then it proves ends beside it that it did not prove before.
    const open = parts.length === 0 ? [] : besides(left(run, window), file)
    for (const other of others)
      for (const part of clip(open, other.window)) yield* storeFiles(run, part, [other])
  }
  const options = { now, tried: files, isLast: ask === undefined }
  // Days are taken whole, so that a day and the month that it is a part of are compared: the day is right.
  const days = await session.daysInstead(plan.key, left(run, window), options)
  for (const [first, ...rest] of neighbours(days)) {
    if (first === undefined) continue
    const last = rest.at(-1) ?? first
    const span = { from: first.window.from, to: last.window.to }
    yield* storeFiles(run, clipped(span, window), [first, ...rest], holes)
  }
  for (const month of await session.monthsInstead(plan.key, left(run, window), options))
    for (const part of clip(left(run, window), month.window)) yield* storeFiles(run, part, [month])
}

function left({ series }: ArchiveRun, window: Window): Coverage {
  return leftToAsk([window], series.manifest.coverage)
}

/** The stretches that begin where a file ends, or end where it begins. */
function besides(stretches: Coverage, { window }: ArchiveFile): Coverage {
  return stretches.filter(({ from, to }) => from === window.to || to === window.from)
}

/**
 * Was a file of trades stored already, and has only its ends to be confirmed? The files beside it may do so: it is read
 * again only when they do not.
 */
function isSpent(
  { plan: { key }, series }: ArchiveRun,
  file: ArchiveFile,
  window: Window,
): boolean {
  const { manifest } = series
  const isStored = manifest.archives.has(archivePath(key, file.period))
  return key.interval === undefined && isStored && isDoubted(manifest, clipped(file.window, window))
}

/** What storing files came to. */
export type Stored = {
  /** Holes between klines. */
  readonly holes: Coverage
  /** The files that could be used, by their path in the archive. */
  readonly taken: Readonly<Record<string, ArchiveEntry>>
}

/**
 * Stores these files, as far as they lie in `window`.
 *
 * @param agreed - Holes that other files of this time were found to have.
 */
export async function* storeFiles(
  run: ArchiveRun,
  window: Window,
  files: readonly ArchiveFile[],
  agreed: Coverage = [],
): AsyncGenerator<Progress, Stored, void> {
  if (files.length === 0) return { holes: [], taken: {} }
  const { key } = run.plan
  const opening = new Openings(run)
  const ahead = new ReadAhead(
    (file: ArchiveFile, signal) => opening.open(file, signal),
    DOWNLOADS_AHEAD,
    run.signal,
  )
  const queue = [...files]
  const storing = new ArchiveStore(run, window, agreed)
  try {
    for (;;) {
      const taken = await ahead.take(() => queue.shift())
      if (taken === undefined) break
      const { task: file, value: archive } = taken
      const problem =
        archive === undefined || archive instanceof ArchiveError
          ? archive
          : yield* storing.file(file, archive)
      await opening.close(archive)
      if (problem !== undefined) yield { kind: 'warning', key, message: problem.message }
    }
    yield* storing.finish()
    return { holes: union(storing.holes), taken: storing.taken }
  } finally {
    ahead.close()
    try {
      await storing.abort()
    } finally {
      await opening.closeAll()
    }
  }
}

/** Files that are open, or about to be: none of them outlives the work, however it ends. */
class Openings {
  readonly #run: ArchiveRun
  readonly #pending = new Set<Promise<unknown>>()
  readonly #open = new Set<Archive>()

  constructor(run: ArchiveRun) {
    this.#run = run
  }

  /** A file, or why it cannot be had; `undefined` when it is not published. */
  async open(
    { period }: ArchiveFile,
    signal: AbortSignal | undefined,
  ): Promise<Archive | ArchiveError | undefined> {
    const { plan, session } = this.#run
    const opening = session.open(plan.key, period, signal)
    this.#pending.add(opening)
    try {
      const archive = await opening
      if (archive !== undefined) this.#open.add(archive)
      return archive
    } catch (error) {
      if (error instanceof ArchiveError) return error
      throw error
    } finally {
      this.#pending.delete(opening)
    }
  }

  async close(archive: Archive | ArchiveError | undefined): Promise<void> {
    if (archive === undefined || archive instanceof ArchiveError) return
    this.#open.delete(archive)
    await archive.close()
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled([...this.#pending])
    const closings = [...this.#open].map((archive) => this.close(archive))
    await Promise.allSettled(closings)
    await Promise.all(closings)
  }
}

/** Files in groups that follow each other without a break. */
function neighbours(files: readonly ArchiveFile[]): readonly (readonly ArchiveFile[])[] {
  const groups: ArchiveFile[][] = []
  for (const file of files) {
    const last = groups.at(-1)
    if (last?.at(-1)?.window.to === file.window.from) last.push(file)
    else groups.push([file])
  }
  return groups
}

function clipped(a: Window, b: Window): Window {
  return { from: latest(a.from, b.from), to: earliest(a.to, b.to) }
}
