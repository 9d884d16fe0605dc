/**
 * A series from the public archive: file by file, oldest first. A file that cannot be used leaves its time missing,
 * with nothing committed of it; what the files leave missing, REST fills in where it may.
 */

import { ArchiveError } from '../base/errors.ts'
import { isKnown, type Gap } from '../base/gap.ts'
import { earliest, latest, micros, type Micros, type Window } from '../base/time.ts'
import { hasKnownGrid } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import type { Progress } from '../progress.ts'
import type { Archive } from '../pull/archive/download.ts'
import { missingSlots } from '../pull/slots.ts'
import { emptyStep, ReadAhead, type Step } from '../pull/walk.ts'
import { lowerBound } from '../rows/int64.ts'
import type { Page } from '../rows/page.ts'
import type { Series } from '../store/series.ts'
import { rowsOf, type ArchiveFile, type ArchiveSession } from './archive-session.ts'
import { WindowStore, type SourcedStep, type Tally } from './series-run.ts'

/** Files downloaded ahead of the one being read. */
const DOWNLOADS_AHEAD = 3

/** What storing from the archive needs. */
export type ArchiveRun = {
  readonly plan: SeriesPlan
  readonly series: Series
  readonly session: ArchiveSession
  readonly now: Micros
  readonly tally: Tally
  readonly signal: AbortSignal
  /** Asks REST for the row with this id or the next; `undefined` where REST may not be asked. */
  readonly rowAt: ((id: bigint) => Promise<{ id: bigint; time: Micros } | undefined>) | undefined
}

/** The row that a file ended with: where the next one must go on. */
type Tail = { readonly nextId: bigint; readonly to: Micros; readonly lastTime: Micros }

/** Stores what the archive has of `window`; covers only what it proves. */
export async function* storeArchive(
  run: ArchiveRun,
  window: Window,
): AsyncGenerator<Progress, void, void> {
  const { plan, session, now, signal } = run
  const files = await session.filesFor(plan.key, window, now)
  const ahead = new ReadAhead(
    (file: ArchiveFile, aborted) => opened(session, plan.key, file, aborted),
    DOWNLOADS_AHEAD,
    signal,
  )
  const queue = [...files]
  const storing = new ArchiveStore(run, window)
  try {
    for (;;) {
      const taken = await ahead.take(() => queue.shift())
      if (taken === undefined) break
      const { task: file, value } = taken
      const problem = yield* storing.file(file, value)
      if (problem === undefined) continue
      yield { kind: 'warning', key: plan.key, message: problem.message }
      if (file.period.length !== 7) continue
      for (const day of await session.dailyFilesOf(plan.key, file.window, now)) {
        const dayProblem = yield* storing.file(day, await opened(session, plan.key, day, signal))
        if (dayProblem !== undefined)
          yield { kind: 'warning', key: plan.key, message: dayProblem.message }
      }
    }
    yield* storing.finish()
  } finally {
    ahead.close()
    await storing.abort()
  }
}

/** A file, or why it cannot be had. */
async function opened(
  session: ArchiveSession,
  key: SeriesKey,
  file: ArchiveFile,
  signal: AbortSignal | undefined,
): Promise<Archive | ArchiveError | undefined> {
  try {
    return await session.open(key, file.period, signal)
  } catch (error) {
    if (error instanceof ArchiveError) return error
    throw error
  }
}

class ArchiveStore {
  readonly #run: ArchiveRun
  readonly #window: Window
  #store: WindowStore
  #tail: Tail | undefined

  constructor(run: ArchiveRun, window: Window) {
    this.#run = run
    this.#window = window
    this.#store = this.#storeFrom(window.from)
  }

  /** Stores one file. Returns why it could not be used; then nothing of it is stored. */
  async *file(
    file: ArchiveFile,
    archive: Archive | ArchiveError | undefined,
  ): AsyncGenerator<Progress, ArchiveError | undefined, void> {
    if (archive instanceof ArchiveError) return archive
    if (archive === undefined) return undefined
    const part = this.#partOf(file)
    const rows = this.#run.tally.rows
    try {
      const steps = this.#run.plan.key.interval === undefined ? this.#trades : this.#klines
      for await (const step of steps.call(this, file, archive, part)) {
        // A step that only closes the file before this one comes first, and belongs to that one's time.
        const isOwn = step.page !== undefined || step.reached > part.from
        if (isOwn && this.#store.reached < part.from) yield* this.#moveTo(part.from)
        yield* this.#store.take(step)
      }
      return undefined
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      await this.#store.rewind()
      this.#run.tally.rows = rows
      this.#tail = undefined
      return error
    } finally {
      await archive.close()
    }
  }

  /** Commits what is whole; asks REST whether the last file was. */
  async *finish(): AsyncGenerator<Progress, void, void> {
    yield* this.#closeTail()
    yield* this.#store.finish()
  }

  async abort(): Promise<void> {
    await this.#store.abort()
  }

  #partOf({ window }: ArchiveFile): Window {
    return {
      from: latest(window.from, this.#window.from),
      to: earliest(window.to, this.#window.to),
    }
  }

  #storeFrom(from: Micros): WindowStore {
    const { series, now, tally } = this.#run
    return new WindowStore(series, { from, to: this.#window.to }, now, tally)
  }

  /** Leaves what lies before `from` missing. */
  async *#moveTo(from: Micros): AsyncGenerator<Progress, void, void> {
    yield* this.#store.finish()
    this.#store = this.#storeFrom(from)
  }

  /** A file of klines: short enough to be looked at whole before any of it is stored. */
  async *#klines(
    file: ArchiveFile,
    archive: Archive,
    part: Window,
  ): AsyncGenerator<SourcedStep, void, void> {
    const { plan } = this.#run
    const pages: Page[] = []
    for await (const page of rowsOf(plan.key, plan.settings.numbers, file, archive))
      pages.push(page)
    const gaps = this.#klineGaps(pages, part)
    for (const page of pages) yield this.#sourced(file, archive, within(page, part))
    yield this.#sourced(file, archive, emptyStep(part.to, gaps))
  }

  /** Slots without a kline: a hole in what the exchange published. REST may know better, where it may be asked. */
  #klineGaps(pages: readonly Page[], part: Window): Gap[] {
    const { plan, series, rowAt } = this.#run
    const { interval } = plan.key
    if (interval === undefined || !hasKnownGrid(interval)) return []
    const opens = BigInt64Array.from(
      pages.flatMap((page) => [...page.keys]).filter((key) => part.from <= key && key < part.to),
    )
    const first = opens[0]
    const known = series.manifest.gaps.filter(isKnown)
    return missingSlots(interval, part, opens).map((gap): Gap => {
      // What was asked about before is known already.
      const before = known.find(({ from, to }) => from <= gap.from && gap.to <= to)
      if (before !== undefined) return { ...gap, reason: before.reason }
      if (rowAt !== undefined || gap.to === part.to) return { ...gap, reason: 'not-published' }
      const isHead = first === undefined || gap.to <= first
      const isFirst = isHead && gap.from === part.from && !series.hasRowsBefore(part.from)
      return { ...gap, reason: isFirst ? 'before-listing' : 'outage' }
    })
  }

  /** A file of trades: stored as it is read, and taken back as a whole when it turns out to be wrong. */
  async *#trades(
    file: ArchiveFile,
    archive: Archive,
    part: Window,
  ): AsyncGenerator<SourcedStep, void, void> {
    const { plan } = this.#run
    let last: { id: bigint; time: Micros } | undefined
    for await (const page of rowsOf(plan.key, plan.settings.numbers, file, archive)) {
      if (last === undefined) yield* this.#joined(file, archive, page)
      const step = within(page, part)
      const gaps = idJumps(page, last)
      last = {
        id: page.keys[page.rowCount - 1] ?? 0n,
        time: micros(page.times[page.rowCount - 1] ?? 0n),
      }
      yield this.#sourced(file, archive, { ...step, gaps })
    }
    if (last === undefined) return
    const { id, time } = last
    if (time >= part.to) yield this.#sourced(file, archive, emptyStep(part.to))
    else this.#tail = { nextId: id + 1n, to: part.to, lastTime: time }
  }

  /** Does this file go on where the one before it ended? Then that one was whole. */
  async *#joined(
    file: ArchiveFile,
    archive: Archive,
    page: Page,
  ): AsyncGenerator<SourcedStep, void, void> {
    const tail = this.#tail
    this.#tail = undefined
    if (tail === undefined || page.keys[0] !== tail.nextId) return
    yield this.#sourced(file, archive, emptyStep(tail.to))
  }

  /** Is the last file whole? The row after its last one tells: the next file's, or the one that REST has. */
  async *#closeTail(): AsyncGenerator<Progress, void, void> {
    const tail = this.#tail
    this.#tail = undefined
    if (tail === undefined) return
    if (await this.#isWhole(tail))
      yield* this.#store.take({ ...emptyStep<Page>(tail.to), source: 'archive' })
  }

  async #isWhole({ nextId, to, lastTime }: Tail): Promise<boolean> {
    const { rowAt } = this.#run
    // Without another witness the file's word must do, if it ends near the end of its time.
    if (rowAt === undefined) return to - lastTime <= END_MICROS_MAX
    const next = await rowAt(nextId)
    return next?.id === nextId && next.time >= to
  }

  #sourced({ period }: ArchiveFile, { path, sha256 }: Archive, step: Step<Page>): SourcedStep {
    return { ...step, source: 'archive', archives: { [path]: { sha256, period } } }
  }
}

/** How far from the end of its day the last trade of a file may lie when nothing else can be asked: six hours. */
const END_MICROS_MAX = 6n * 3_600_000_000n

/** The rows of `page` in `part`. */
function within(page: Page, part: Window): Step<Page> {
  const first = lowerBound(page.times, part.from)
  const end = lowerBound(page.times, part.to)
  const last = page.times[end - 1]
  const reached = first === end || last === undefined ? part.from : micros(last)
  return { page, first, end, reached, gaps: [] }
}

/** Ids that are skipped: rows that this file lacks. */
function idJumps(page: Page, before: { id: bigint; time: Micros } | undefined): Gap[] {
  const { keys, times, rowCount } = page
  const first = keys[0] ?? 0n
  const last = keys[rowCount - 1] ?? 0n
  const isJoined = before === undefined || first === before.id + 1n
  if (isJoined && last - first === BigInt(rowCount - 1)) return []
  const gaps: Gap[] = []
  const jump = (from: Micros, row: number): void => {
    gaps.push({ from, to: micros((times[row] ?? 0n) + 1n), reason: 'not-published' })
  }
  if (!isJoined) jump(before.time, 0)
  for (let row = 1; row < rowCount; row++)
    if (keys[row] !== (keys[row - 1] ?? 0n) + 1n) jump(micros(times[row - 1] ?? 0n), row)
  return gaps
}
