/** What the rows of a partition prove about themselves, counted batch by batch while they are written. */

import type { RecordBatch } from 'apache-arrow'
import { covers, intersect, union, type Coverage } from '../base/coverage.ts'
import { isKnown, type Gap } from '../base/gap.ts'
import { micros, type Micros, type Window } from '../base/time.ts'
import { columnIndex, gridOf, type Dataset } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { DISORDER } from '../binance/disorder.ts'
import { gridNext, hasKnownGrid, slotCount, type Interval } from '../binance/interval.ts'
import type { SeriesKey } from '../binance/series.ts'
import { int64Values } from './batch.ts'
import { GridOffset } from './grid.ts'
import { halvesOf } from './int64.ts'

/** Facts by name; docs/FORMAT.md says what each means. */
export type RowProof = Readonly<Record<string, string | number | boolean>>

/** What is known about the time of a partition besides its rows, within its period. */
export type KnownTime = { readonly coverage: Coverage; readonly gaps: readonly Gap[] }

/** Counts facts about rows in the order of their keys. */
export type RowProver = {
  take(batch: RecordBatch): void
  /** What the rows taken so far prove, given the coverage and gaps. */
  proof(known: KnownTime): RowProof
  /** The stretches of `window` in whose slots no row opens; only where the grid is known. */
  missing?(window: Window): Coverage
}

/** The prover for a series. */
export function proverOf(key: SeriesKey): RowProver {
  const dataset = datasetOf(key)
  const interval = gridOf(dataset, key.interval)
  if (dataset.walk === 'openTime' || dataset.walk === 'archive')
    return interval !== undefined && hasKnownGrid(interval)
      ? new SlotProver(interval, dataset)
      : NOTHING_TO_PROVE
  // Ids of an account's rows, and of block trades, are naturally not contiguous.
  return dataset.walk === 'time' ||
    dataset.walk === 'accountWindow' ||
    dataset.walk === 'blockTradeId'
    ? NOTHING_TO_PROVE
    : new IdProver(dataset)
}

const NOTHING_TO_PROVE: RowProver = { take: () => undefined, proof: () => ({}) }

/** Klines: is there one for every covered slot of the grid, except those in known gaps? */
class SlotProver implements RowProver {
  readonly #interval: Interval
  readonly #keyIndex: number
  readonly #offset: GridOffset
  #onGrid = 0
  #offGrid = 0
  /** Slots filled only by a row off the grid. */
  readonly #bent: number[] = []
  /** Skipped slots: the last one before them and the first one after. */
  readonly #passed: { readonly last: number; readonly next: number }[] = []
  #first: number | undefined
  #last = Number.NaN

  constructor(interval: Interval, dataset: Dataset) {
    this.#interval = interval
    this.#keyIndex = columnIndex(dataset, dataset.key)
    this.#offset = new GridOffset(interval)
  }

  take(batch: RecordBatch): void {
    const opens = int64Values(batch, this.#keyIndex)
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

/** Two consecutive rows that do not join: the earlier and the later of their times, and how many ids lie between. */
type Break = { readonly first: Micros; readonly last: Micros; readonly ids: number }

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
  readonly #keyIndex: number
  readonly #timeIndex: number
  readonly #chain: TradeChain | undefined
  readonly #breaks: Break[] = []
  #last: { readonly id: bigint; readonly time: bigint } | undefined

  constructor(dataset: Dataset) {
    this.#keyIndex = columnIndex(dataset, dataset.key)
    this.#timeIndex = columnIndex(dataset, dataset.time)
    const hasChain = dataset.columns.some(({ name }) => name === 'first_trade_id')
    this.#chain = hasChain ? new TradeChain(dataset) : undefined
  }

  take(batch: RecordBatch): void {
    const ids = int64Values(batch, this.#keyIndex)
    const times = int64Values(batch, this.#timeIndex)
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
    this.#chain?.take(batch, times)
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

function breakOf(before = 0n, after = 0n, ids = 0n): Break {
  const [first, last] = before < after ? [before, after] : [after, before]
  return { first: micros(first), last: micros(last), ids: Number(ids) }
}

/** The trades named by aggregate trades: each row's first follows the last of the row before. */
class TradeChain {
  readonly #firstIndex: number
  readonly #lastIndex: number
  readonly #breaks: Break[] = []
  #dummies = 0
  #firstTrade = ''
  /** The last row that names trades: its last trade, also in halves, and its time. */
  #last: { readonly id: bigint; readonly time: bigint } | undefined
  #low = 0
  // Before every trade, so that the first row begins the chain, whichever it is.
  #high = -2

  constructor(dataset: Dataset) {
    this.#firstIndex = columnIndex(dataset, 'first_trade_id')
    this.#lastIndex = columnIndex(dataset, 'last_trade_id')
  }

  take(batch: RecordBatch, times: BigInt64Array): void {
    const firsts = int64Values(batch, this.#firstIndex)
    const lasts = int64Values(batch, this.#lastIndex)
    const [first, last] = [halvesOf(firsts), halvesOf(lasts)]
    let [low, high] = [this.#low, this.#high]
    let lastRow = -1
    for (let row = 0; row < firsts.length; row++) {
      const firstHigh = first[2 * row + 1] ?? 0
      // Invalidated records have no trades (CHANGELOG 2022-04-12); the chain continues across them.
      if (firstHigh < 0) {
        this.#dummies++
        continue
      }
      // Exact where it matters: only a difference of 1 has to be distinguished.
      const distance = (firstHigh - high) * 4294967296 + (((first[2 * row] ?? 0) >>> 0) - low)
      if (distance !== 1)
        this.#begin(firsts[row], lastRow < 0 ? this.#last?.time : times[lastRow], times[row])
      low = (last[2 * row] ?? 0) >>> 0
      high = last[2 * row + 1] ?? 0
      lastRow = row
    }
    if (lastRow < 0) return
    this.#last = { id: lasts[lastRow] ?? 0n, time: times[lastRow] ?? 0n }
    this.#low = low
    this.#high = high
  }

  /** Begins the chain, or begins it again. */
  #begin(id: bigint | undefined, before: bigint | undefined, after: bigint | undefined): void {
    if (this.#firstTrade === '') this.#firstTrade = String(id)
    else this.#breaks.push(breakOf(before, after))
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
