/** Settlements of funding and samples of open interest, held against klines by what the exchange's rules allow. */

import type { RecordBatch } from 'apache-arrow'
import { covers, type Coverage } from '../../base/coverage.ts'
import { formatMicros, micros, type Window } from '../../base/time.ts'
import { columnIndex, type Dataset } from '../../binance/dataset.ts'
import { gridFloor, gridNext, slotCount, type Interval } from '../../binance/interval.ts'
import { columnData, int64Values } from '../../rows/batch.ts'
import { valueReader } from '../../rows/value-text.ts'

/** One series of a comparison: its batches have all columns. */
export type SampleSide = {
  readonly name: string
  readonly dataset: Dataset
  readonly batches: AsyncIterable<RecordBatch>
}

/** Samples, and klines of the same time. */
export type SampleSides = {
  readonly samples: SampleSide
  readonly klines: SampleSide
  readonly interval: Interval
  /** How far the label of a sample may be from when it was taken. */
  readonly slack: bigint
  /** What both cover. */
  readonly common: Coverage
}

/** A row as texts, by the names of its columns. */
type Row = { readonly time: bigint; text(name: string): string | undefined }

const HOUR = 3_600_000_000n
/**
 * What is taken for the farthest that a settlement may be off the hour: the deviation of fees that Binance's FAQ 360033525031
 * names, "Introduction to Binance Futures Funding Rates". 0 to 19 ms were seen.
 */
const LATE = 15_000_000n

/**
 * Each settlement is on the hour, there is a kline of the mark price then, and its own mark price lies within those klines.
 * A special one is when the exchange says.
 */
export async function* compareFunding(
  { samples, klines, interval, common }: SampleSides,
  count: (rows: number) => void,
): AsyncGenerator<string, void, void> {
  const marks = new Spans(rowsIn(klines), interval)
  for await (const row of rowsIn(samples)) {
    const { time } = row
    const around = { from: micros(time - LATE), to: micros(time + LATE) }
    if (!covers(common, around)) continue
    count(1)
    const at = `${formatMicros(micros(time))}: `
    if (row.text('rate_type') !== 'Special' && time % HOUR > LATE && time % HOUR < HOUR - LATE)
      yield `${at}the settlement in ${samples.name} is ${(time % HOUR) / 1_000_000n} s after the hour; it may be ${LATE / 1_000_000n} s off`
    const touched = await marks.touching(around)
    if (touched.length === 0) {
      yield `${at}${samples.name} has a settlement, and ${klines.name} has no row: what is omitted is the row of ${klines.name}`
      continue
    }
    const price = row.text('mark_price')
    const [low, high] = [lowest(touched, 'low'), -lowest(touched, 'high', -1)]
    if (price !== undefined && (Number(price) < low || Number(price) > high))
      yield `${at}mark_price is ${price} in ${samples.name}, and from ${low} to ${high} in ${klines.name} within ${LATE / 1_000_000n} s of it; it must lie between`
  }
}

/** Positions that have no sample for so long begin anew. */
const APART = 24n * HOUR

/**
 * Open interest changes by no more than what is traded: each contract that changes hands opens one position, closes one, or
 * moves one. Only steps are looked at whose time has all its klines.
 */
export async function* compareOpenInterest(
  { samples, klines, interval, slack, common }: SampleSides,
  count: (rows: number) => void,
): AsyncGenerator<string, void, void> {
  const spans = new Spans(rowsIn(klines), interval)
  const volume = klines.dataset.columns.find(({ type }) => type === 'quantity')?.name ?? ''
  let before: { readonly time: bigint; readonly value: number } | undefined
  for await (const row of rowsIn(samples)) {
    const text = row.text('sum_open_interest')
    const [last, now] = [before, text === undefined ? undefined : Number(text)]
    before = now === undefined ? undefined : { time: row.time, value: now }
    if (last === undefined || now === undefined || row.time - last.time > APART) continue
    const window = wholeSlots(interval, micros(last.time - slack), micros(row.time + slack))
    if (!covers(common, window)) continue
    const between = await spans.touching(window)
    if (between.length !== slotCount(interval, window)) continue
    count(1)
    const traded = between.reduce((sum, kline) => sum + Number(kline.text(volume)), 0)
    // Sums of doubles.
    if (Math.abs(now - last.value) <= traded * (1 + 1e-9)) continue
    yield `${formatMicros(micros(row.time))}: sum_open_interest goes from ${last.value} to ${now} in ${samples.name}, and ${traded} were traded by ${klines.name}; without auto-deleveraging or delivery it changes by no more`
  }
}

function wholeSlots(interval: Interval, from: Window['from'], to: Window['to']): Window {
  const floor = gridFloor(interval, to)
  return { from: gridFloor(interval, from), to: floor === to ? to : gridNext(interval, to) }
}

function lowest(rows: readonly Row[], name: string, sign: 1 | -1 = 1): number {
  return Math.min(...rows.map((row) => sign * Number(row.text(name))))
}

async function* rowsIn({ dataset, batches }: SampleSide): AsyncGenerator<Row, void, void> {
  for await (const batch of batches) {
    const times = int64Values(batch, columnIndex(dataset, dataset.time))
    const readers = new Map(
      dataset.columns.map((column, index) => [
        column.name,
        valueReader(column, columnData(batch, index)),
      ]),
    )
    for (const [row, time] of times.entries())
      yield { time, text: (name) => readers.get(name)?.(row) }
  }
}

/** Klines in order, of which those are kept that later windows may touch. */
class Spans {
  readonly #rows: AsyncGenerator<Row, void, void>
  readonly #interval: Interval
  #kept: Row[] = []
  #isDone = false

  constructor(rows: AsyncGenerator<Row, void, void>, interval: Interval) {
    this.#rows = rows
    this.#interval = interval
  }

  /** Those that have a part of `window`, which begins no earlier than the one before it. */
  async touching({ from, to }: Window): Promise<readonly Row[]> {
    while (!this.#isDone && (this.#kept.at(-1)?.time ?? -1n) < to) {
      const { done, value } = await this.#rows.next()
      if (done === true) this.#isDone = true
      else this.#kept.push(value)
    }
    this.#kept = this.#kept.filter(({ time }) => gridNext(this.#interval, micros(time)) > from)
    return this.#kept.filter(({ time }) => time < to)
  }
}
