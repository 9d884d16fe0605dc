/** Remembers a run in the lake: what happened is counted as it goes by, and written down once the outcome is known. */

import {
  BackfillError,
  describeError,
  isFatal,
  StoreError,
  type ErrorEntry,
} from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { formatMicros, formatWindow, type Micros } from '../base/time.ts'
import type { Wait } from '../base/wait.ts'
import type { SeriesKey } from '../binance/series.ts'
import { jobNames, type Job } from '../job/job.ts'
import type { Shard } from '../options.ts'
import type { Plan } from '../plan/plan.ts'
import type { Measured } from '../plan/speed.ts'
import type { Progress, SeriesResult, Summary } from '../progress.ts'
import { askedSeries } from '../store/asked.ts'
import {
  RUN_FORMAT,
  type RunLack,
  type RunRecord,
  type RunSpeed,
  type RunWaits,
} from '../store/run-record.ts'
import { writeRun } from '../store/runs.ts'
import { VERSION } from '../version.ts'

/** What keeps a record small, whatever the run: so many of each are written down, and the others counted. */
const SERIES_MAX = 100
const WINDOWS_MAX = 10
const JOBS_MAX = 10
const SYMBOLS_MAX = 10_000
const ASKED_MAX = 10_000

/** Why a run ends whose caller takes no more of its progress. */
export const LEFT: Error = new Error('the caller has left the run')

/** What a run that its caller stopped ends with: what is whole is kept, and running again goes on. */
const STOPPED_BY_CALLER = 3

/** How a run ends, as far as its progress does not say it. */
export type RunEnding = {
  /** What failed so far. */
  readonly errors: readonly unknown[]
  /** The caller's own wish to stop. */
  readonly signal: AbortSignal | undefined
}

type Spent = { readonly requests: number; readonly weight: number }

/** What a run tells of itself. */
export type RunNotes = Pick<Recorder, 'asks' | 'measures' | 'answered' | 'wait' | 'watch'>

/** For a run that is written down together with others: what is spent and measured is told for all of them. */
export function notesFor(whole: Recorder): RunNotes {
  return {
    asks: () => undefined,
    measures: () => undefined,
    answered: whole.answered.bind(whole),
    wait: whole.wait.bind(whole),
    watch: (run) => run,
  }
}

/** Records one run. */
export class Recorder {
  readonly #world: World
  readonly #jobs: readonly Job[]
  readonly #shard: Shard | undefined
  readonly #started: Micros
  readonly #waits: Partial<Record<Wait['reason'], RunWaits>> = {}
  readonly #answered: SeriesKey[] = []
  #plan: Plan | undefined
  #spent: () => Spent = () => ({ requests: 0, weight: 0 })
  #measured: () => Measured = () => ({})

  /** To be made when the run begins. */
  constructor(world: World, jobs: readonly Job[], shard?: Shard) {
    this.#world = world
    this.#jobs = jobs
    this.#shard = shard
    this.#started = world.clock.now()
  }

  /** Takes note of where it is known what the run has spent. */
  asks(spent: () => Spent): void {
    this.#spent = spent
  }

  /** Takes note of where it is known how fast the sources are. */
  measures(measured: () => Measured): void {
    this.#measured = measured
  }

  /** Takes note of a series: all that was asked of it is answered. */
  answered(key: SeriesKey): void {
    this.#answered.push(key)
  }

  /** Counts a wait. */
  wait({ reason, ms }: Wait): void {
    const { count, ms: before } = this.#waits[reason] ?? { count: 0, ms: 0 }
    this.#waits[reason] = { count: count + 1, ms: before + ms }
  }

  /**
   * Passes the progress of a run on. Before its last report, or the error that takes the place of it, the record is
   * written; that it could not be written is a warning, and changes nothing else.
   */
  async *watch(
    run: AsyncGenerator<Progress, void, void>,
    ending: RunEnding,
  ): AsyncGenerator<Progress, void, void> {
    let isRecorded = false
    try {
      for await (const item of run) {
        if (item.kind === 'plan') this.#plan = item.plan
        if (item.kind === 'summary') {
          isRecorded = true
          const cause = ending.errors.find(isFatal) ?? ending.errors[0]
          yield* this.#record(item, item.exit, cause, ending)
        }
        yield item
      }
    } catch (error) {
      const exit = error instanceof BackfillError ? error.exit : 1
      if (!isRecorded) yield* this.#record(undefined, exit, error, ending)
      throw error
    }
  }

  async *#record(
    summary: Summary | undefined,
    exit: number,
    cause: unknown,
    ending: RunEnding,
  ): AsyncGenerator<Progress, void, void> {
    // What was refused as a whole has not touched the lake.
    if (LEAVES_NONE.has(exit)) return
    const shard = this.#shard
    try {
      const isCallers = isStopOfCaller(cause, ending)
      const error = cause === undefined || isCallers ? {} : { error: bounded(describeError(cause)) }
      const record: Omit<RunRecord, 'id'> = {
        format: RUN_FORMAT,
        version: VERSION,
        job: jobNames(this.#jobs, JOBS_MAX),
        ...(shard === undefined ? {} : { shard: `${shard.index}/${shard.count}` }),
        started: formatMicros(this.#started),
        finished: formatMicros(this.#world.clock.now()),
        exit: isCallers ? STOPPED_BY_CALLER : exit,
        ...this.#spent(),
        ...figures(summary),
        waits: wholeWaits(this.#waits),
        ...speedIn(this.#measured()),
        ...lacks(summary?.series ?? []),
        ...symbolsOf(keysOf(summary, this.#plan)),
        asked: askedSeries(this.#answered.slice(0, ASKED_MAX)),
        moreAsked: Math.max(0, this.#answered.length - ASKED_MAX),
        ...error,
      }
      await writeRun(this.#world.files, record, this.#world.random)
    } catch (error) {
      // Whatever it is, it must not fail the run; and a disk that ended the run need not be named twice.
      if (isSameRefusal(error, cause)) return
      const why = error instanceof Error ? quoteText(error.message) : 'unknown error'
      yield { kind: 'warning', message: `this run is missing from the history: ${why}` }
    }
  }
}

function speedIn({ pageSeconds, fileSeconds, bytesPerSecond }: Measured): { speed?: RunSpeed } {
  const speed = {
    ...(pageSeconds === undefined ? {} : { pageMs: Math.round(1_000 * pageSeconds) }),
    ...(fileSeconds === undefined ? {} : { fileMs: Math.round(1_000 * fileSeconds) }),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond: Math.round(bytesPerSecond) }),
  }
  return Object.keys(speed).length === 0 ? {} : { speed }
}

/** Exit codes of what was refused before anything was done. */
const LEAVES_NONE: ReadonlySet<number> = new Set([2, 6])

/** Did the caller end the run, by leaving it or by a wish of its own, rather than a failure or a signal? */
function isStopOfCaller(cause: unknown, { signal }: RunEnding): boolean {
  const isWish = signal?.aborted === true && cause === signal.reason
  return (cause === LEFT || isWish) && !(cause instanceof BackfillError)
}

function wholeWaits(waits: RunRecord['waits']): RunRecord['waits'] {
  const whole = ([reason, { count, ms }]: [string, RunWaits]): [string, RunWaits] => [
    reason,
    { count, ms: Math.round(ms) },
  ]
  return Object.fromEntries(Object.entries(waits).map(whole))
}

function isSameRefusal(a: unknown, b: unknown): boolean {
  return a instanceof StoreError && b instanceof StoreError && a.code === b.code
}

function figures(
  summary: Summary | undefined,
): Pick<RunRecord, 'complete' | 'rows' | 'revisions' | 'partitions' | 'bytes' | 'series'> {
  const { complete = false, rows = 0, partitions = 0, bytes = 0, series = [] } = summary ?? {}
  const revisions = series.reduce((sum, one) => sum + one.revisions, 0)
  return { complete, rows, revisions, partitions, bytes, series: series.length }
}

function lacks(series: readonly SeriesResult[]): Pick<RunRecord, 'missing' | 'moreMissing'> {
  const incomplete = series.filter(({ complete }) => !complete)
  return {
    missing: incomplete.slice(0, SERIES_MAX).map(lack),
    moreMissing: Math.max(0, incomplete.length - SERIES_MAX),
  }
}

function lack({ key, missing, error }: SeriesResult): RunLack {
  return {
    ...key,
    windows: missing.slice(0, WINDOWS_MAX).map(formatWindow),
    moreWindows: Math.max(0, missing.length - WINDOWS_MAX),
    ...(error === undefined ? {} : { error: bounded(error) }),
  }
}

const MESSAGE_MAX = 500

function bounded({ code, message, hint }: ErrorEntry): ErrorEntry {
  const said = { code, message: quoteText(message, MESSAGE_MAX) }
  return hint === undefined ? said : { ...said, hint: quoteText(hint, MESSAGE_MAX) }
}

function keysOf(summary: Summary | undefined, plan: Plan | undefined): readonly SeriesKey[] {
  return (summary?.series ?? plan?.series ?? []).map(({ key }) => key)
}

function symbolsOf(keys: readonly SeriesKey[]): Pick<RunRecord, 'symbols' | 'moreSymbols'> {
  const found = new Map(keys.map(({ market, symbol }) => [`${market} ${symbol}`, [market, symbol]]))
  const symbols: Record<string, string[]> = {}
  for (const [market = '', symbol = ''] of [...found.values()].slice(0, SYMBOLS_MAX))
    (symbols[market] ??= []).push(symbol)
  return { symbols, moreSymbols: Math.max(0, found.size - SYMBOLS_MAX) }
}
