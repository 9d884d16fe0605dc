/** One window of a series over REST: where the walk begins, and how its steps are stored. */

import { clip, covers, type Coverage } from '../base/coverage.ts'
import { BackfillError, DamageError, StoreError } from '../base/errors.ts'
import { earliest, micros, periodOf, periodWindow, type Micros, type Window } from '../base/time.ts'
import { isKeyedByTime } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import type { Progress, Standing } from '../progress.ts'
import { firstIdAfter, hasRowsBefore } from '../store/id-ends.ts'
import type { Series } from '../store/series.ts'
import { nextIdOf } from './id-start.ts'
import { walkRest, type RestWorld } from './rest.ts'
import { askSeam, rowsBefore, storeSeam } from './seam.ts'
import { rowsReport } from './rows-report.ts'
import { WindowStore, type Tally } from '../store/window-store.ts'
import { youthClock } from '../store/fresh.ts'
import type { Step } from '../rows/step.ts'

/** What a window needs. */
export type WindowWorld = {
  readonly rest: RestWorld
  /** The server's clock, read before the first request. */
  readonly now: Micros
  readonly tally: Tally
  /** How far the series is, when REST has come so far in the window. */
  readonly standing: (window: Window, reached: Micros) => Standing
  /** The codes of warnings already given: each once per series and run. */
  readonly warned: Set<string>
  /** Stretches that an earlier run left unconfirmed. */
  readonly unconfirmed: Coverage
  /** Stretches missing from archive files read in this run. */
  readonly lacking: Coverage
  /** The stretches among them that lie between klines of one file. */
  readonly between: Coverage
  readonly signal: AbortSignal
}

/** One window of a series over REST. */
export async function* restWindow(
  plan: SeriesPlan,
  series: Series,
  asked: Window,
  world: WindowWorld,
): AsyncGenerator<Progress, void, void> {
  yield* seamBefore(plan, series, asked, world)
  const { manifest } = series
  const nextId = await nextIdOf(series, asked.from)
  const covered = manifest.coverage.find(({ from, to }) => from < asked.from && asked.from <= to)
  // By id the walk continues right after the last row; only requests by time need whole milliseconds.
  const isNear =
    covered !== undefined && covered.to < earliest(micros(asked.from + 1_000n), asked.to)
  const window = nextId !== undefined && isNear ? { from: covered.to, to: asked.to } : asked
  const before = {
    hasRowsBefore: hasRowsBefore(manifest, window.from),
    nextId,
    coveredFrom: covered?.from,
    isCovered: covers(manifest.coverage, window),
    askedUntil: world.unconfirmed.find(({ from, to }) => from <= window.from && window.from < to)
      ?.to,
    laterId: firstIdAfter(manifest, window.from),
    joinId: firstIdAfter(manifest, window.to),
    hasRowsAfter: nextId === undefined && (await hasRowsAfter(series, window.from)),
    partition: manifest.partition,
    unconfirmed: world.unconfirmed,
    lacking: world.lacking,
    between: world.between,
  }
  const young = youthClock(plan.key, world.now, plan.settings.settle)
  const store = new WindowStore(series, window, young, world.tally)
  const standing = (reached: Micros): Standing => world.standing(asked, reached)
  const steps = walkRest(plan.key, window, before, world.rest)
  yield* storeRest(plan, store, steps, { ...world, standing })
}

/** Compares the newest rows before `window` with REST, where the archive brought them. */
async function* seamBefore(
  { key }: SeriesPlan,
  series: Series,
  { from }: Window,
  { now, tally, rest: { ask } }: WindowWorld,
): AsyncGenerator<Progress, void, void> {
  const stored = await rowsBefore(series, from, 'archive')
  const difference = stored === undefined ? undefined : await askSeam(key, stored, from, ask)
  if (difference !== undefined)
    yield* storeSeam(series, difference, { source: 'rest', gaps: [] }, { now, tally })
}

/** Are trades stored between `from` and the end of its partition? */
async function hasRowsAfter(series: Series, from: Micros): Promise<boolean> {
  const { key, coverage, gaps, partition } = series.manifest
  if (isKeyedByTime(datasetOf(key))) return false
  const rest = { from, to: periodWindow(periodOf(from, partition)).to }
  // Time about which nothing is known has no stored rows: the file need not be read.
  if (clip(coverage, rest).length + clip(gaps, rest).length === 0) return false
  return (await series.newestRows(rest, 1)).length > 0
}

type StepsWorld = Pick<WindowWorld, 'tally' | 'signal' | 'warned'> & {
  readonly standing: (reached: Micros) => Standing
}

/** Stores one window: steps in, partitions out. What arrived whole is kept, however the walk ends. */
async function* storeRest(
  plan: SeriesPlan,
  store: WindowStore,
  steps: AsyncGenerator<Step, void, void>,
  { standing, tally, signal, warned }: StepsWorld,
): AsyncGenerator<Progress, void, void> {
  let reported = tally.received
  try {
    for await (const step of steps) {
      for (const { code, message } of step.warnings ?? []) {
        if (!warned.has(code)) yield { kind: 'warning', key: plan.key, message }
        warned.add(code)
      }
      yield* store.take({ ...step, source: 'rest' })
      const rows = tally.received - reported
      yield rowsReport(plan.key, rows, store.reached, standing(store.reached))
      reported = tally.received
    }
    yield* store.finish()
  } catch (error) {
    // Do not write to a disk that refuses, a lake that another run took over, or a damaged file.
    const isRefused = error instanceof StoreError || error instanceof DamageError
    const isExpected = error instanceof BackfillError || (signal.aborted && error === signal.reason)
    if (isExpected && !isRefused) yield* store.finish()
    throw error
  } finally {
    await store.abort()
  }
}
