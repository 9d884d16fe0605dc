/**
 * The walk over an account's own trades and orders of one symbol. A time finds the first row, in windows of at most a
 * day, which is the most that Binance searches at once. From there on the cursor is an id, so that no page limit and no
 * burst can hide a row.
 *
 * Ids and times may be in slightly different order: an order may have a lower id than another but a later time. So rows
 * are regrouped: all rows of one partition come before all of the next, and keys increase within a partition.
 *
 * @see binance-spot-api-docs, rest-api.md, "Account trade list" and "All orders": ids and times are inclusive, the
 * time between startTime and endTime can't be longer than 24 hours, and ids are never sent together with times.
 */

import { clip } from '../base/coverage.ts'
import { DataError } from '../base/errors.ts'
import {
  earliest,
  formatMicros,
  latest,
  micros,
  periodOf,
  periodWindow,
  type Micros,
  type Partition,
  type Window,
} from '../base/time.ts'
import { INTERLEAVE } from '../binance/disorder.ts'
import { oldBefore } from '../binance/lag.ts'
import { type Step, emptyStep } from '../rows/step.ts'
import type { Page } from '../rows/page.ts'
import {
  firstId,
  newestOf,
  rowsFrom,
  type AccountStart,
  type AccountWalkOptions,
} from './account-start.ts'
import { judgeEnd, restartWarning, unconfirmedGaps } from './id-end.ts'
import { type AskPage } from './walk.ts'

/** How often rows that another answer shows are requested. */
const TRIES_MAX = 6

/**
 * Walks the rows in `window`.
 *
 * Each step has rows of one partition only. Partitions come in order; keys increase within each. `reached` stays back
 * until rows are an hour past it, so that no earlier row can follow. Times without rows are not gaps. An end without a
 * later row and without proof is returned as a gap, and recent time is to be requested again.
 *
 * @throws DataError when rows come that were not requested, or ids and times are apart by more than an hour.
 */
export async function* walkAccount(
  window: Window,
  ask: AskPage,
  options: AccountWalkOptions,
): AsyncGenerator<Step, void, void> {
  const { nextId, partition } = options
  const regroup = new Regroup(window, partition)
  const start: AccountStart =
    nextId === undefined ? await firstId(window, ask, options) : { id: nextId, isPassed: false }
  let next = start.id
  let { newest } = start
  for (let tries = 0; next !== undefined && !regroup.isDone;) {
    const page: Page = await rowsFrom(next, ask, options)
    const last = page.keys[page.rowCount - 1]
    if (last !== undefined && last >= next) {
      yield* regroup.take(page, next)
      next = last + 1n
      tries = 0
      continue
    }
    newest = await newestOf(next > 0n ? next - 1n : undefined, ask, options)
    if (newest === undefined || newest.id < next || ++tries === TRIES_MAX) break
  }
  if (start.isPassed || regroup.isDone) yield* regroup.finish()
  else yield* regroup.end(next, { ...start, newest }, options)
}

type Row = { readonly page: Page; readonly row: number; readonly time: Micros }

/** Rows in the order of their ids, regrouped by partition. */
class Regroup {
  readonly #window: Window
  readonly #partition: Partition
  /** Rows that wait until earlier partitions are complete, by key. */
  #held: Row[] = []
  /** No row before this can come any more. */
  #settled: Micros
  #reached: Micros
  /** The latest time seen. */
  #newest: Micros

  constructor(window: Window, partition: Partition) {
    this.#window = window
    this.#partition = partition
    this.#settled = window.from
    this.#reached = window.from
    this.#newest = window.from
  }

  /** Is the whole window done? */
  get isDone(): boolean {
    return this.#settled >= this.#window.to
  }

  *take(page: Page, fromId: bigint): Generator<Step> {
    const { from, to } = this.#window
    let newest = this.#settled + INTERLEAVE
    for (let row = 0; row < page.rowCount; row++) {
      const time = micros(page.times[row] ?? 0n)
      const id = page.keys[row] ?? 0n
      if (id >= fromId && time >= from && time < to) {
        if (time < this.#settled) throw overtaken(id, time, this.#settled)
        this.#held.push({ page, row, time })
      }
      if (time > newest) newest = time
      this.#newest = latest(this.#newest, time)
    }
    this.#settled = latest(this.#settled, micros(newest - INTERLEAVE))
    yield* this.#flush()
  }

  /** Returns all held rows. No more will come, as a row after the window shows. */
  *finish(): Generator<Step> {
    this.#settled = this.#window.to
    yield* this.#flush()
    if (this.#reached < this.#window.to) yield emptyStep(this.#window.to)
  }

  /** Returns all held rows when no more come. The newest row decides how far the end is trusted. */
  *end(
    expected: bigint | undefined,
    { newest, isNever = false }: AccountStart,
    { now, askedUntil }: AccountWalkOptions,
  ): Generator<Step> {
    const { to } = this.#window
    const old = earliest(to, oldBefore(now))
    const stretch = { from: this.#newest, to: old }
    // Judged as if it were old: only the owner has access to an account. So where the newest row agrees with the end,
    // recent time is covered, and the next run requests it again.
    const verdict = judgeEnd({ stretch, expected, newest, now: micros(2n ** 62n) })
    const agreed = isNever ? earliest(old, askedUntil ?? this.#settled) : to
    const known = isNever || verdict === 'empty' ? latest(agreed, this.#settled) : this.#settled
    const fresh = clip([{ from: latest(old, this.#settled), to: known }], this.#window)
    const isRestarted = verdict === 'restarted' && expected !== undefined && newest !== undefined
    const warnings = isRestarted ? [restartWarning(expected, newest)] : []
    // Comes before the rows, so that it is committed with their partitions.
    yield { ...emptyStep(this.#reached, unconfirmedGaps({ from: known, to })), warnings, fresh }
    yield* this.finish()
  }

  *#flush(): Generator<Step> {
    while (this.#held.length > 0) {
      const first = this.#held.reduce((min, { time }) => earliest(min, time), this.#window.to)
      const period = periodWindow(periodOf(first, this.#partition))
      if (period.from > this.#settled) return
      const ready = this.#held.filter(({ time }) => time < period.to)
      this.#held = this.#held.filter(({ time }) => time >= period.to)
      const isComplete = period.to <= this.#settled
      const reached = isComplete ? earliest(period.to, this.#window.to) : this.#settled
      yield* this.#steps(ready, earliest(reached, this.#window.to))
    }
  }

  /** Consecutive rows of one page; the last step has reached `reached`. */
  *#steps(rows: readonly Row[], reached: Micros): Generator<Step> {
    let first = 0
    for (let next = 1; next <= rows.length; next++) {
      const [begin, before, row] = [rows[first], rows[next - 1], rows[next]]
      if (begin === undefined || before === undefined) return
      if (row?.page === before.page && row.row === before.row + 1) continue
      if (next === rows.length) this.#reached = latest(this.#reached, reached)
      yield {
        page: begin.page,
        first: begin.row,
        end: before.row + 1,
        reached: this.#reached,
        gaps: [],
      }
      first = next
    }
  }
}

function overtaken(key: bigint, time: Micros, settled: Micros): DataError {
  return new DataError(
    `ids and times disagree: id ${key} at ${formatMicros(time)} came after rows more than an hour past ${formatMicros(settled)}`,
  )
}
