/** The archive's pieces put together as the conductor puts them: files in order → steps, and what became of each file. */

import { ArchiveError, type ArchiveProblem } from '../../src/base/errors.ts'
import {
  earliest,
  floorDiv,
  latest,
  micros,
  type Micros,
  type Window,
} from '../../src/base/time.ts'
import { archivePath, entryName, type ArchivePeriod } from '../../src/binance/archive.ts'
import { type Numbers } from '../../src/binance/dataset.ts'
import { datasetOf } from '../../src/binance/market.ts'
import { gridNext } from '../../src/binance/interval.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import type { Step } from '../../src/rows/step.ts'
import type { SourcedStep } from '../../src/store/window-store.ts'
import type { Archive } from '../../src/pull/archive/download.ts'
import { unzip } from '../../src/pull/archive/zip.ts'
import { CsvFile, type CsvEvidence } from '../../src/rows/csv-file.ts'
import type { Page } from '../../src/rows/page.ts'

/** A step whose rows no thread has packed. */
type PlainStep = SourcedStep & Pick<Step, 'page'>

/** What became of one file. */
export type ArchiveOutcome =
  /** Every row of it was given. `reached`: up to here nothing is missing, as far as the file itself can tell. */
  | { readonly kind: 'read'; readonly evidence: CsvEvidence; readonly reached: Micros }
  | {
      readonly kind: 'problem'
      readonly problem: ArchiveProblem | 'not-published'
      readonly path: string
      readonly message: string
    }

/** What is read, and for what. */
export type ArchiveTask = {
  readonly key: SeriesKey
  readonly numbers: Numbers
  readonly window: Window
  readonly file: ArchivePeriod
  /** Begun earlier, so that files are downloaded while others are read. */
  readonly archive: Promise<Archive | undefined>
}

/**
 * The rows of one file that lie in the window, one step a day at most, so that each partition gets its archive.
 *
 * Steps may have been given when the outcome is a problem: take back what is not stored, and ask for the whole of the
 * file's part of the window elsewhere.
 */
export async function* archiveSteps(
  task: ArchiveTask,
): AsyncGenerator<PlainStep, ArchiveOutcome, void> {
  const path = archivePath(task.key, task.file.period)
  let archive: Archive | undefined
  try {
    archive = await task.archive
    if (archive === undefined)
      return { kind: 'problem', problem: 'not-published', path, message: `${path}: not published` }
    return yield* rowsOf(task, archive)
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    return { kind: 'problem', problem: error.problem, path, message: error.message }
  } finally {
    await archive?.close()
  }
}

async function* rowsOf(
  { key, numbers, window, file }: ArchiveTask,
  archive: Archive,
): AsyncGenerator<PlainStep, ArchiveOutcome, void> {
  const { path, sha256 } = archive
  const source = {
    source: 'archive',
    archives: { [path]: { sha256, period: file.period } },
    gaps: [],
  }
  const part = {
    from: latest(window.from, file.window.from),
    to: earliest(window.to, file.window.to),
  }
  const entry = entryName(key, file.period)
  const csv = new CsvFile(datasetOf(key), numbers, { period: file.window, file: entry })
  let last: PlainStep | undefined
  for await (const page of csv.pages(unzip(archive.file, { path, entry })))
    for (const { first, end, reached } of daysOf(page, part)) {
      last = { ...source, page, first, end, reached }
      yield last
    }
  const reached = reachOf(key, csv.evidence, part)
  yield {
    ...source,
    page: undefined,
    first: 0,
    end: 0,
    reached: latest(reached, last?.reached ?? reached),
  }
  return { kind: 'read', evidence: csv.evidence, reached }
}

const DAY = 86_400_000_000n

function* daysOf(
  { times }: Page,
  part: Window,
): Generator<{ first: number; end: number; reached: Micros }> {
  for (let first = firstFrom(times, 0, part.from); first < times.length;) {
    const time = micros(times[first]!)
    if (time >= part.to) return
    const day = micros((floorDiv(time, DAY) + 1n) * DAY)
    const end = firstFrom(times, first, earliest(day, part.to))
    // Rows of the last moment may go on in the next page.
    const reached = end < times.length ? earliest(day, part.to) : micros(times[end - 1]!)
    yield { first, end, reached }
    first = end
  }
}

function firstFrom(times: BigInt64Array, from: number, time: Micros): number {
  let row = from
  while (row < times.length && times[row]! < time) row++
  return row
}

/** Klines prove that they reach the end; of trades only the next file or REST can tell what comes after the last. */
function reachOf({ interval }: SeriesKey, { lastTime }: CsvEvidence, part: Window): Micros {
  if (lastTime === undefined) return part.from
  if (interval === undefined) return part.to
  return latest(part.from, earliest(gridNext(interval, lastTime), part.to))
}
