/**
 * A series from the public archive: file by file, oldest first. A file that cannot be used leaves its time missing;
 * nothing of it is committed.
 */

import { isKeyedByTime } from '../../binance/dataset.ts'
import { datasetOf } from '../../binance/market.ts'
import { clip, leftToAsk, union, type Coverage } from '../../base/coverage.ts'
import { ArchiveError } from '../../base/errors.ts'
import { earliest, latest, type Window } from '../../base/time.ts'
import { archivePath } from '../../binance/archive.ts'
import type { Progress } from '../../progress.ts'
import { ReadAhead } from '../walk.ts'
import { Openings } from './openings.ts'
import type { ArchiveEntry } from '../../store/manifest.ts'
import type { ArchiveRun } from './archive-run.ts'
import { ArchiveStore } from './store-files.ts'
import { isUnconfirmed } from './file-ends.ts'
import type { ArchiveTask, PublishedFile } from '../../plan/task.ts'

export type { ArchiveRun } from './archive-run.ts'

/** Files downloaded ahead of the one being read. */
const DOWNLOADS_AHEAD = 3

/** Stores the files of a task, oldest first; covers only what they prove. */
export async function* storeTask(
  run: ArchiveRun,
  { files, window }: ArchiveTask,
): AsyncGenerator<Progress, void, void> {
  const agreed = union(run.holes)
  const spent = files.filter((file) => isSpent(run, file, window))
  const others = files.filter((file) => !spent.includes(file))
  yield* storeFiles(run, window, others, agreed)
  for (const file of spent) {
    const parts = clip(left(run, window), file.window)
    for (const part of parts) yield* storeFiles(run, part, [file])
    // The file may have been replaced: then it may prove ends next to it that it did not prove before.
    const open = parts.length === 0 ? [] : adjacentTo(left(run, window), file)
    for (const other of others)
      for (const part of clip(open, other.window)) yield* storeFiles(run, part, [other])
  }
}

function left({ series }: ArchiveRun, window: Window): Coverage {
  return leftToAsk([window], series.manifest.coverage)
}

/** The stretches that begin where a file ends, or end where it begins. */
function adjacentTo(stretches: Coverage, { window }: PublishedFile): Coverage {
  return stretches.filter(({ from, to }) => from === window.to || to === window.from)
}

/**
 * Is this a stored file of trades that only needs its ends confirmed? The neighbouring files may do so: it is read
 * again only when they do not.
 */
function isSpent(
  { plan: { key }, series }: ArchiveRun,
  file: PublishedFile,
  window: Window,
): boolean {
  const { manifest } = series
  const dataset = datasetOf(key)
  const isStored = manifest.archives.has(archivePath(key, file.period))
  return (
    !isKeyedByTime(dataset) &&
    dataset.areIdsSparse !== true &&
    isStored &&
    isUnconfirmed(manifest, clipped(file.window, window))
  )
}

/**
 * Stores these files, as far as they lie in `window`.
 *
 * @param agreed - Holes that other files of this time have too.
 * @returns the files that could be used, by their path in the archive
 */
export async function* storeFiles(
  run: ArchiveRun,
  window: Window,
  files: readonly PublishedFile[],
  agreed: Coverage = [],
): AsyncGenerator<Progress, Readonly<Record<string, ArchiveEntry>>, void> {
  if (files.length === 0) return {}
  const { key } = run.plan
  const opening = new Openings(run, window)
  const depth = Math.max(DOWNLOADS_AHEAD, run.session.packers?.filesMax ?? 0)
  const ahead = new ReadAhead(
    (file: PublishedFile, signal) => opening.open(file, signal),
    depth,
    run.signal,
    // All of them are wanted.
    depth,
  )
  const queue = [...files]
  const storing = new ArchiveStore(run, window, agreed)
  try {
    for (;;) {
      const taken = await ahead.take(() => queue.shift())
      if (taken === undefined) break
      const { task: file, value: opened } = taken
      const problem =
        opened === undefined || opened instanceof ArchiveError
          ? opened
          : yield* storing.file(file, opened)
      await opening.close(opened)
      if (problem !== undefined) yield { kind: 'warning', key, message: problem.message }
    }
    yield* storing.finish()
    return storing.taken
  } finally {
    ahead.close()
    try {
      await storing.abort()
    } finally {
      await opening.closeAll()
    }
  }
}

function clipped(a: Window, b: Window): Window {
  return { from: latest(a.from, b.from), to: earliest(a.to, b.to) }
}
