/** What the rows of a partition prove about themselves, counted batch by batch while they are written. */

import type { RecordBatch } from 'apache-arrow'
import { covers, intersect, union, type Coverage } from '../base/coverage.ts'
import { isKnown, type Gap } from '../base/gap.ts'
import { micros, type Micros, type Window } from '../base/time.ts'
import { gridOf, isKeyedByTime, type Dataset } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { DISORDER } from '../binance/disorder.ts'
import { gridNext, hasKnownGrid, slotCount, type Interval } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import { pageOf } from './batch.ts'
import { GridOffset } from './grid.ts'
import { halvesOf } from './int64.ts'
import {
  breakOf,
  namedTrades,
  namesTrades,
  type Break,
  type NamedTrades,
  type Trade,
} from './named-trades.ts'
import type { Page } from './page.ts'

/** Facts by name; docs/FORMAT.md says what each means. */
export type RowProof = Readonly<Record<string, string | number | boolean>>

/** What is known about the time of a partition besides its rows, within its period. */
export type KnownTime = { readonly coverage: Coverage; readonly gaps: readonly Gap[] }

/** What provers look at: keys and times of rows, and the trades that they name. */
export type ProvenRows = Pick<Page, 'keys' | 'times'> & {
  readonly trades: readonly NamedTrades[]
}

/** Counts facts about rows in the order of their keys. */
export type RowProver = {
  take(rows: ProvenRows): void
  /** What the rows taken so far prove, given the coverage and gaps. */
  proof(known: KnownTime): RowProof
  /** The stretches of `window` in whose slots no row opens; only where the grid is known. */
  missing?(window: Window): Coverage
}

/** What a prover looks at in rows of `dataset`. */
export function provenRows(dataset: Dataset, batch: RecordBatch): ProvenRows {
  const { keys, times } = pageOf(dataset, batch)
  const trades = namedTrades(dataset, batch, times)
  return { keys, times, trades: trades === undefined ? [] : [trades] }
}

/** The prover for a series. */
export function proverOf(key: SeriesKey): RowProver {
  const dataset = datasetOf(key)
  const interval = gridOf(dataset, key.interval)
  if (dataset.walk === 'openTime' || dataset.walk === 'archive')
    return interval !== undefined && hasKnownGrid(interval)
      ? new SlotProver(interval)
      : NOTHING_TO_PROVE
  // Ids of an account's rows, and of block trades, are naturally not contiguous.
  return isKeyedByTime(dataset) ||
    dataset.walk === 'accountWindow' ||
    dataset.walk === 'accountTime' ||
    dataset.walk === 'blockTradeId'
    ? NOTHING_TO_PROVE
    : new IdProver(dataset)
}

const NOTHING_TO_PROVE: RowProver = { take: () => undefined, proof: () => ({}) }

/** Klines: is there one for every covered slot of the grid, except those in known gaps? */
class SlotProver implements RowProver {
  readonly #interval: Interval
  readonly #offset: GridOffset
  #onGrid = 0
  #offGrid = 0
  /** Slots filled only by a row off the grid. */
  readonly #bent: number[] = []
  /** Skipped slots: the last one before them and the first one after. */
  readonly #passed: { readonly last: number; readonly next: number }[] = []
  #first: number | undefined
  #last = Number.NaN

  constructor(interval: Interval) {
    this.#interval = interval
    this.#offset = new GridOffset(interval)
  }

  take({ keys: opens }: ProvenRows): void {
    const halves = halvesOf(opens)
    const { step } = this.#offset
    for (let row = 0; row < opens.length; row++) {
      const open = numberOf(halves, row)
      const offset = this.#offset.of(open)
      const slot = open - offset
      this.#first ??= slot
      if (offset === 0) this.#onGrid++
      else {
        this.#offGrid++
        if (slot !== this.#last) this.#bent.push(slot)
      }
      if (slot - this.#last > step) this.#passed.push({ last: this.#last, next: slot })
      this.#last = slot
    }
  }

  missing(window: Window): Coverage {
    if (this.#first === undefined) return [window]
    const inside = this.#passed.flatMap(({ last, next }) => {
      const from = gridNext(this.#interval, microsOf(last))
      return from < microsOf(next) ? [{ from, to: microsOf(next) }] : []
    })
    const head = { from: window.from, to: microsOf(this.#first) }
    const tail = { from: gridNext(this.#interval, microsOf(this.#last)), to: window.to }
    return [head, ...inside, tail].filter(({ from, to }) => from < to)
  }

  proof({ coverage, gaps }: KnownTime): RowProof {
    const count = (windows: Coverage): number =>
      windows.reduce((sum, window) => sum + slotCount(this.#interval, window), 0)
    const inGaps = intersect(coverage, union(gaps.filter(isKnown)))
    const isIn = (windows: Coverage, slot: number): boolean =>
      isCovered(windows, microsOf(slot), microsOf(slot))
    const bent = this.#bent.filter((slot) => isIn(coverage, slot))
    // A window cut within a slot may have a gap where the slot begins, and a kline that opens later in it.
    const filled = bent.filter((slot) => isIn(inGaps, slot))
    return {
      slots_expected: count(coverage),
      slots_present: this.#onGrid + bent.length,
      slots_in_gaps: count(inGaps) - filled.length,
      off_grid: this.#offGrid,
    }
  }
}

/** The breaks inside one continuous stretch of coverage; between stretches, rows are expected to be missing. */
function breaksIn(breaks: readonly Break[], coverage: Coverage): readonly Break[] {
  return breaks.filter(({ first, last }) => isCovered(coverage, first, last))
}

/**
 * Breaks next to the start or end of the coverage: times go back while ids increase, so the ids between may lie on the
 * other side. Reported only if there are any.
 */
function edgeFacts(breaks: readonly Break[], coverage: Coverage): RowProof {
  const starts = new Set<Break>()
  const ends = new Set<Break>()
  for (const { from, to } of coverage)
    for (const one of breaks) {
      if (one.first < from || one.last >= to) continue
      if (one.first < from + DISORDER) starts.add(one)
      else if (one.last >= to - DISORDER) ends.add(one)
    }
  if (starts.size + ends.size === 0) return {}
  const [begin, end] = [coverage[0], coverage.at(-1)]
  const idsOf = (edge: ReadonlySet<Break>, window: Window | undefined): number =>
    [...edge]
      .filter(({ first }) => window !== undefined && window.from <= first && first < window.to)
      .reduce((sum, { ids }) => sum + ids, 0)
  return {
    id_breaks_at_edges: starts.size + ends.size,
    ids_left_out_at_start: idsOf(starts, begin),
    ids_left_out_at_end: idsOf(ends, end),
  }
}

function isCovered(coverage: Coverage, first: Micros, last: Micros): boolean {
  return covers(coverage, { from: first, to: micros(last + 1n) })
}

/**
 * Ids: are they contiguous? And where the rows name their trades, does each begin with the trade after the last one of
 * the row before?
 */
class IdProver implements RowProver {
  readonly #chain: TradeChain | undefined
  readonly #breaks: Break[] = []
  #last: { readonly id: bigint; readonly time: bigint } | undefined

  constructor(dataset: Dataset) {
    this.#chain = namesTrades(dataset) ? new TradeChain() : undefined
  }

  take({ keys: ids, times, trades }: ProvenRows): void {
    const first = ids[0]
    const last = ids[ids.length - 1]
    if (first === undefined || last === undefined) return
    if (this.#last !== undefined && first !== this.#last.id + 1n)
      this.#breaks.push(breakOf(this.#last.time, times[0], first - this.#last.id - 1n))
    // Ids increase strictly, so first and last alone show whether any is missing between.
    if (last - first !== BigInt(ids.length - 1))
      for (let row = 1; row < ids.length; row++) {
        const leftOut = (ids[row] ?? 0n) - (ids[row - 1] ?? 0n) - 1n
        if (leftOut !== 0n) this.#breaks.push(breakOf(times[row - 1], times[row], leftOut))
      }
    this.#last = { id: last, time: times[times.length - 1] ?? 0n }
    for (const named of trades) this.#chain?.take(named)
  }

  proof({ coverage }: KnownTime): RowProof {
    const breaks = breaksIn(this.#breaks, coverage)
    return {
      id_breaks: breaks.length,
      ...edgeFacts(breaks, coverage),
      ...this.#chain?.proof(coverage),
    }
  }
}

/** The trades named by aggregate trades: each row's first follows the last of the row before. */
class TradeChain {
  readonly #breaks: Break[] = []
  #dummies = 0
  #firstTrade = ''
  #last: Trade | undefined

  take({ first, last, breaks, dummies }: NamedTrades): void {
    this.#dummies += dummies
    if (first === undefined || last === undefined) return
    if (this.#last === undefined) this.#firstTrade = String(first.id)
    else if (first.id !== this.#last.id + 1n)
      this.#breaks.push(breakOf(this.#last.time, first.time))
    for (const one of breaks) this.#breaks.push(one)
    this.#last = last
  }

  proof(coverage: Coverage): RowProof {
    return {
      chain_breaks: breaksIn(this.#breaks, coverage).length,
      dummies: this.#dummies,
      first_trade_id: this.#firstTrade,
      last_trade_id: String(this.#last?.id ?? ''),
    }
  }
}

function numberOf(halves: Int32Array, row: number): number {
  return (halves[2 * row + 1] ?? 0) * 4294967296 + ((halves[2 * row] ?? 0) >>> 0)
}

function microsOf(time: number): Micros {
  return micros(BigInt(time))
}
