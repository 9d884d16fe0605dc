/** Klines of any interval from trades. A pure function over batches. */

import type { RecordBatch } from 'apache-arrow'
import { covers, type Coverage } from '../base/coverage.ts'
import { DataError } from '../base/errors.ts'
import { formatMicros, micros, type Micros, type Window } from '../base/time.ts'
import type { Dataset } from '../binance/dataset.ts'
import { INTERLEAVE } from '../binance/disorder.ts'
import { Bar, type BarRow } from './bar.ts'
import { barBatch, type BarTarget, type DoneBar } from './bar-batch.ts'
import { BATCH_ROWS } from './columns.ts'
import type { Grid } from './grid.ts'
import { isDummy, TradeReader, type TradeRows } from './trade-rows.ts'

/** What is resampled, and how. */
export type TradeResampling = {
  readonly trades: Dataset
  readonly target: BarTarget
  readonly grid: Grid
  /** What is covered of the trades. */
  readonly coverage: Coverage
}

/** The bar of one slot of time. */
export type SlotBar = BarRow & { readonly slot: Window }

/** A slot of the grid, with its bounds as doubles. */
type Slot = {
  readonly window: Window
  readonly from: number
  readonly to: number
  readonly bar: Bar
}

/**
 * Times may go back while ids increase, though not by more than this (docs/decisions/0012): a slot that ended so long
 * before the newest row is finished.
 */
const LATE = Number(INTERLEAVE)

/**
 * Makes klines of trades: each opens with the trade of the lowest id in its slot, and closes with that of the highest. A
 * slot without a trade gives none.
 *
 * @param batches - All columns, as they are stored.
 */
export async function* tradeKlines(
  batches: AsyncIterable<RecordBatch>,
  { trades, target, grid, coverage }: TradeResampling,
): AsyncGenerator<RecordBatch, void, void> {
  let done: DoneBar[] = []
  for await (const bars of slotBars(batches, trades, grid)) {
    for (const bar of bars) done.push({ ...bar, isPartial: !covers(coverage, bar.slot) })
    if (done.length < BATCH_ROWS) continue
    yield barBatch(done, target)
    done = []
  }
  if (done.length > 0) yield barBatch(done, target)
}

/** The bars of the slots in which there are trades, in order, some at a time. */
export async function* slotBars(
  batches: AsyncIterable<RecordBatch>,
  trades: Dataset,
  grid: Grid,
): AsyncGenerator<readonly SlotBar[], void, void> {
  const reader = new TradeReader(trades)
  const slots = new Slots(grid)
  const barOf = ({ window, bar }: Slot): SlotBar => ({ ...bar.row(window), slot: window })
  for await (const batch of batches) {
    const rows = reader.read(batch)
    for (let row = 0; row < rows.count; row++) if (!isDummy(rows, row)) slots.add(rows, row)
    yield slots.ended().map(barOf)
  }
  yield slots.all().map(barOf)
}

/** The slots that rows may still fall into, oldest first when they are given out. */
class Slots {
  readonly #grid: Grid
  /** By their beginnings. */
  readonly #open = new Map<Micros, Slot>()
  #current: Slot | undefined
  #newest = -Infinity
  /** Where the slots end that were given out. */
  #end = -Infinity

  constructor(grid: Grid) {
    this.#grid = grid
  }

  add(rows: TradeRows, row: number): void {
    const time = rows.times[row] ?? 0
    if (time > this.#newest) this.#newest = time
    const current = this.#current
    const isCurrent = current !== undefined && time >= current.from && time < current.to
    const slot = isCurrent ? current : this.#slotOf(time)
    this.#current = slot
    slot.bar.add(rows, row)
  }

  #slotOf(time: number): Slot {
    const from = this.#grid.floor(micros(BigInt(time)))
    const known = this.#open.get(from)
    if (known !== undefined) return known
    if (Number(from) < this.#end)
      throw new DataError(`a trade of ${formatMicros(micros(BigInt(time)))} comes an hour late`)
    const window = { from, to: this.#grid.next(from) }
    const slot = { window, from: Number(from), to: Number(window.to), bar: new Bar() }
    this.#open.set(from, slot)
    return slot
  }

  /** Those that no row falls into any more. */
  ended(): readonly Slot[] {
    return this.#take(this.#newest - LATE)
  }

  all(): readonly Slot[] {
    return this.#take(Infinity)
  }

  #take(until: number): readonly Slot[] {
    const ended = [...this.#open.values()]
      .filter(({ to }) => to <= until)
      .sort((a, b) => a.from - b.from)
    for (const { window } of ended) this.#open.delete(window.from)
    if (ended.length > 0) this.#current = undefined
    this.#end = Math.max(this.#end, ...ended.slice(-1).map(({ to }) => to))
    return ended
  }
}
