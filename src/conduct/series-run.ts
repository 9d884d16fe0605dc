/**
 * One series, from its plan to its partitions: steps of a walk come in, in order; partitions go out, in order; so
 * coverage grows from the left. Whatever ends the walk, what arrived whole is committed first.
 */

import type { RecordBatch } from 'apache-arrow'
import { clip, union, type Coverage } from '../base/coverage.ts'
import type { Gap } from '../base/gap.ts'
import {
  earliest,
  formatMicros,
  formatWindow,
  latest,
  micros,
  periodOf,
  periodWindow,
  type Micros,
  type Window,
} from '../base/time.ts'
import { columnIndex, DATASETS } from '../binance/dataset.ts'
import { gridFloor, intervalStep } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Progress } from '../progress.ts'
import { openOrderWindows } from '../pull/walk-account.ts'
import type { Step } from '../pull/walk.ts'
import { int64Values } from '../rows/batch.ts'
import type { Page } from '../rows/page.ts'
import { periodsStoredIn } from '../store/ledger.ts'
import type { ArchiveEntry } from '../store/manifest.ts'
import type { PartitionWriter } from '../store/partition.ts'
import type { Committed, Series } from '../store/series.ts'

/** A step, and where it came from. */
export type SourcedStep = Step<Page> & {
  readonly source: string
  readonly archives?: Readonly<Record<string, ArchiveEntry>>
}

/** What one series run added up to. */
export type Tally = {
  /** Rows that came, stored or not, new or not. */
  received: number
  /** Rows that the lake holds and did not hold before; counted when they are committed. */
  rows: number
  revisions: number
  /** The size in bytes of each file that was written, as it was last, by its path. */
  readonly files: Map<string, number>
}

/** Before anything was done. */
export function emptyTally(): Tally {
  return { received: 0, rows: 0, revisions: 0, files: new Map() }
}

/** Rows that are younger than this many intervals are asked for once more by the next run. */
const FRESH_INTERVALS = 2n

/**
 * The clock that {@link freshPart} goes by where rows are taken `settle` after their close: the last of them is young
 * however long that is, since no later one was asked for.
 */
export function youthClock({ interval }: SeriesKey, now: Micros, settle: bigint): Micros {
  const step = interval === undefined ? settle : intervalStep(interval)
  return settle > step ? micros(now - settle + step) : now
}

/** The part of a series that is young enough to change yet; klines only. */
export function freshPart(key: SeriesKey, window: Window, now: Micros): Coverage {
  if (key.interval === undefined) return []
  const from = gridFloor(key.interval, micros(now - FRESH_INTERVALS * intervalStep(key.interval)))
  return from >= window.to ? [] : [{ from: latest(from, window.from), to: window.to }]
}

/**
 * The slots before stretches that nothing confirms to be empty: a host that lags behind its clock has no later rows yet,
 * and the last one as it was while that was open.
 */
function lastSlots({ interval }: SeriesKey, gaps: readonly Gap[]): Coverage {
  if (interval === undefined) return []
  return gaps
    .filter(({ reason }) => reason === 'unconfirmed')
    .map(({ from }) => ({ from: gridFloor(interval, micros(from - 1n)), to: from }))
}

type Writer = { readonly period: string; readonly open: PartitionWriter }

type Order = { readonly time: Micros; readonly status: string }

const ORDER_TIME = columnIndex(DATASETS.allOrders, 'time')

function ordersOf(batch: RecordBatch): Order[] {
  const times = int64Values(batch, ORDER_TIME)
  const statuses = batch.getChild('status')
  return Array.from(times, (time, row) => ({
    time: micros(time),
    status: String(statuses?.get(row)),
  }))
}

/** Orders change after they are made: when to ask again for those of a batch that are open. */
export function openOrdersIn(batch: RecordBatch): Coverage {
  return openOrderWindows(ordersOf(batch))
}

/** Stores the steps of one window. */
export class WindowStore {
  readonly #series: Series
  readonly #now: Micros
  readonly #tally: Tally
  #writer: Writer | undefined
  /** Everything before this is on disk or recorded. */
  #stored: Micros
  /** Everything before this has arrived. */
  #reached: Micros
  #gaps: Gap[] = []
  #source = ''
  /** Orders change after they are made: the open ones are asked for again by the next run. */
  readonly #open: Window[] = []
  #archives: Record<string, ArchiveEntry> = {}

  /** @param now - The server's clock, read before the first request. */
  constructor(series: Series, window: Window, now: Micros, tally: Tally) {
    this.#series = series
    this.#now = now
    this.#tally = tally
    this.#stored = window.from
    this.#reached = window.from
  }

  /** Everything before this has arrived. */
  get reached(): Micros {
    return this.#reached
  }

  /** Are there rows that arrived and are not committed yet? */
  get hasRows(): boolean {
    return this.#writer !== undefined
  }

  /** Takes a step in; commits each partition that it completes. */
  async *take(step: SourcedStep): AsyncGenerator<Progress, void, void> {
    const { page, first, end } = step
    this.#source = step.source
    Object.assign(this.#archives, step.archives)
    this.#gaps.push(...step.gaps)
    for (const gap of step.gaps)
      yield { kind: 'gap', key: this.#series.key, window: formatWindow(gap), reason: gap.reason }
    for (let row = first; page !== undefined && row < end;) {
      const period = periodOf(micros(page.times[row] ?? 0n), this.#series.manifest.partition)
      const { to } = periodWindow(period)
      const next = firstAtOrAfter(page.times, row, end, to)
      if (this.#writer !== undefined && this.#writer.period !== period)
        yield* this.#commit(periodWindow(this.#writer.period).to)
      const writer = this.#writer ?? (yield* this.#begin(period))
      const batch = page.batch.slice(row, next)
      if (this.#series.key.dataset === 'allOrders') this.#open.push(...openOrdersIn(batch))
      await writer.open.append(batch)
      this.#tally.received += next - row
      row = next
    }
    this.#reached = step.reached
    if (this.#writer === undefined) return
    const { to } = periodWindow(this.#writer.period)
    if (to <= step.reached) yield* this.#commit(to)
  }

  /** Commits what arrived so far, also the part of a partition. */
  async *finish(): AsyncGenerator<Progress, void, void> {
    if (this.#writer !== undefined) yield* this.#commit(this.#reached)
    yield* this.#coverEmpty(this.#reached)
    await this.#series.flush()
  }

  /** Drops the partition that is being written; what was committed stays. */
  async abort(): Promise<void> {
    await this.#writer?.open.abort()
    this.#writer = undefined
  }

  /** Takes back what was not committed, as if it had not come. */
  async rewind(): Promise<void> {
    await this.abort()
    this.#reached = this.#stored
    this.#archives = {}
    this.#gaps = this.#gaps.filter(({ to }) => to <= this.#stored)
  }

  /** Opens a partition, after recording what was empty before it, so that its footer can say so. */
  async *#begin(period: string): AsyncGenerator<Progress, Writer, void> {
    yield* this.#coverEmpty(periodWindow(period).from)
    this.#writer = { period, open: await this.#series.begin(period, this.#stored, this.#source) }
    return this.#writer
  }

  /** Records that nothing came for the time up to `to`. */
  async *#coverEmpty(to: Micros): AsyncGenerator<Progress, void, void> {
    // Where rows are stored of time that was asked for again, their file is to say that they did not come.
    const left = { from: this.#stored, to }
    const periods = to <= this.#stored ? [] : periodsStoredIn(this.#series.manifest, left)
    for (const period of periods) {
      const window = periodWindow(period)
      this.#coverNothing(window.from)
      this.#writer = { period, open: await this.#series.begin(period, this.#stored) }
      yield* this.#commit(earliest(window.to, to))
    }
    this.#coverNothing(to)
  }

  #coverNothing(to: Micros): void {
    if (to <= this.#stored) return
    this.#series.coverEmpty(this.#answered({ from: this.#stored, to }))
    this.#stored = to
  }

  async *#commit(to: Micros): AsyncGenerator<Progress, void, void> {
    const writer = this.#writer
    if (writer === undefined) return
    const window = { from: this.#stored, to: latest(to, micros(this.#stored + 1n)) }
    const answered = to <= this.#stored ? undefined : this.#answered(window)
    if (answered === undefined) {
      // Rows came, but none of their time is complete yet: nothing to stand on.
      await this.abort()
      return
    }
    const { to: end } = periodWindow(writer.period)
    const archives = Object.fromEntries(
      Object.entries(this.#archives).filter(([, entry]) => periodWindow(entry.period).from < end),
    )
    const commit = { ...answered, source: this.#source, archives }
    const committed = await this.#series.commit(writer.period, writer.open, commit)
    this.#writer = undefined
    this.#stored = to
    this.#gaps = this.#gaps.filter((gap) => gap.to > to)
    // A file that is longer than its partition speaks of the next ones too.
    this.#archives = Object.fromEntries(
      Object.entries(this.#archives).filter(([, entry]) => periodWindow(entry.period).to > end),
    )
    yield* this.#report(committed)
  }

  *#report({ path, period, entry, added, revisions, isChanged }: Committed): Generator<Progress> {
    if (!isChanged) return
    this.#tally.rows += added
    this.#tally.files.set(path, entry.bytes)
    this.#tally.revisions += revisions
    const { rows, bytes } = entry
    yield { kind: 'committed', key: this.#series.key, period, path, rows, bytes, revisions }
  }

  #answered(window: Window): { window: Window; gaps: Gap[]; fresh: Coverage } {
    const gaps = this.#gaps.flatMap((gap) =>
      clip([gap], window).map((part) => ({ ...part, reason: gap.reason })),
    )
    const open = clip(union(this.#open), window)
    const { key } = this.#series
    const fresh = union([...freshPart(key, window, this.#now), ...lastSlots(key, gaps)], open)
    return { window, gaps, fresh }
  }
}

function firstAtOrAfter(times: BigInt64Array, begin: number, end: number, time: Micros): number {
  let low = begin
  let high = end
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0n) < time) low = middle + 1
    else high = middle
  }
  return low
}

/** How much of `windows` lies before `reached`, 0 to 1. */
export function doneShare(windows: Coverage, reached: Micros): number {
  const length = (coverage: Coverage): number =>
    coverage.reduce((sum, { from, to }) => sum + Number(to - from), 0)
  const done = windows.flatMap((window) =>
    clip([window], { from: micros(-(2n ** 62n)), to: reached }),
  )
  const all = length(windows)
  return all === 0 ? 1 : length(union(done)) / all
}

/** What a row report says. */
export function rowsReport(
  key: SeriesKey,
  rows: number,
  reached: Micros,
  more: Pick<Extract<Progress, { kind: 'rows' }>, 'done' | 'usage'>,
): Progress {
  return { kind: 'rows', key, rows, reached: formatMicros(reached), ...more }
}
