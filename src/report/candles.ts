/** Candles for the page: rows of a kline series put together into few enough buckets to be looked at. */

import type { RecordBatch, Vector } from 'apache-arrow'
import { floorDiv, micros, type Micros, type Window } from '../base/time.ts'
import { intervalStep, type Interval } from '../binance/interval.ts'

/**
 * The columns that candles are made of; {@link CandleBuckets.add} takes batches of exactly these, in this order. The last
 * has another name where volumes count something else, and is absent where there are none.
 */
export const CANDLE_COLUMNS: readonly string[] = [
  'open_time',
  'open',
  'high',
  'low',
  'close',
  'volume',
]

/** Candles as the page has them: columns, oldest first. Times in seconds since 1970, UTC. Rounded for the eye. */
export type Candles = {
  /** The length of a bucket in seconds. */
  readonly step: number
  /** Rows that went into them. */
  readonly rows: number
  /** The first candle. */
  readonly first: number
  /** How far each candle is from the one before, in runs of equal distances: seconds, number. */
  readonly apart: readonly (readonly [seconds: number, count: number])[]
  readonly open: readonly number[]
  readonly high: readonly number[]
  readonly low: readonly number[]
  readonly close: readonly number[]
  readonly volume: readonly number[]
}

const MINUTE = 60_000_000n
const HOUR = 60n * MINUTE
const DAY = 24n * HOUR
const STEPS: readonly bigint[] = [
  1_000_000n,
  5_000_000n,
  15_000_000n,
  MINUTE,
  5n * MINUTE,
  10n * MINUTE,
  15n * MINUTE,
  30n * MINUTE,
  HOUR,
  2n * HOUR,
  4n * HOUR,
  8n * HOUR,
  12n * HOUR,
  DAY,
  2n * DAY,
  7n * DAY,
  28n * DAY,
]

/** The shortest bucket, not shorter than the interval, of which `window` has at most `max`; the interval's own from 3d on. */
export function bucketStep(interval: Interval, window: Window, max: number): bigint {
  const own = intervalStep(interval)
  const isFew = (step: bigint): boolean => Number((window.to - window.from) / step) < max
  if (own >= 3n * DAY || isFew(own)) return own
  return STEPS.find((step) => step > own && step % own === 0n && isFew(step)) ?? 28n * DAY
}

/** The newest part of `[from, to)` that has at most `rows` rows of the interval. */
export function newest({ from, to }: Window, interval: Interval, rows: number): Window {
  const start = to - BigInt(rows) * intervalStep(interval)
  return { from: start > from ? micros(start) : from, to }
}

/** Significant digits of what is drawn. */
const DIGITS = 7

type Bucket = {
  time: bigint
  open: number
  high: number
  low: number
  close: number
  volume: number
}

/** Puts rows together as they come, oldest first. */
export class CandleBuckets {
  readonly #step: bigint
  /** Does each row stand for itself? Then its own time holds, on the grid or not. */
  readonly #isSingle: boolean
  readonly #buckets: Bucket[] = []
  #rows = 0

  constructor(interval: Interval, step: bigint) {
    this.#step = step
    this.#isSingle = step === intervalStep(interval)
  }

  /** Takes rows of {@link CANDLE_COLUMNS}. */
  add(batch: RecordBatch): void {
    const times = batch.getChildAt(0)?.toArray() as BigInt64Array
    const [open, high, low, close] = [1, 2, 3, 4].map((index) =>
      numbers(batch.getChildAt(index)),
    ) as [Numbers, Numbers, Numbers, Numbers]
    const volumes = batch.getChildAt(5)
    const volume = volumes === null ? () => 0 : numbers(volumes)
    for (let row = 0; row < batch.numRows; row++) {
      const bucket = this.#at(micros(times[row] ?? 0n), open(row))
      bucket.high = Math.max(bucket.high, high(row))
      bucket.low = Math.min(bucket.low, low(row))
      bucket.close = close(row)
      bucket.volume += volume(row)
    }
    this.#rows += batch.numRows
  }

  #at(open: Micros, price: number): Bucket {
    const time = this.#isSingle ? open : floorDiv(open, this.#step) * this.#step
    const last = this.#buckets.at(-1)
    if (last?.time === time) return last
    const next = { time, open: price, high: price, low: price, close: price, volume: 0 }
    this.#buckets.push(next)
    return next
  }

  /** What was put together; `undefined` when there were no rows. */
  finish(): Candles | undefined {
    const [first] = this.#buckets
    if (first === undefined) return undefined
    const column = (of: (bucket: Bucket) => number): number[] =>
      this.#buckets.map((bucket) => Number(of(bucket).toPrecision(DIGITS)))
    return {
      step: Number(this.#step / 1_000_000n),
      rows: this.#rows,
      first: seconds(first),
      apart: runsOf(this.#buckets.map(seconds)),
      open: column(({ open }) => open),
      high: column(({ high }) => high),
      low: column(({ low }) => low),
      close: column(({ close }) => close),
      volume: column(({ volume }) => volume),
    }
  }
}

function seconds({ time }: Bucket): number {
  return Number(time) / 1e6
}

/** The distances of ascending moments, in runs. */
export function runsOf(times: readonly number[]): Candles['apart'] {
  const runs: [number, number][] = []
  for (let index = 1; index < times.length; index++) {
    const apart = (times[index] ?? 0) - (times[index - 1] ?? 0)
    const last = runs.at(-1)
    if (last?.[0] === apart) last[1] += 1
    else runs.push([apart, 1])
  }
  return runs
}

type Numbers = (row: number) => number

const SCALE = 1e8

/** Reads a number column of any of the three kinds as doubles, which is exact enough to draw. */
function numbers(vector: Vector | null): Numbers {
  const array: unknown = vector?.toArray()
  if (array instanceof Float64Array) return (row) => array[row] ?? NaN
  return (row) => {
    const value: unknown = vector?.get(row)
    if (value instanceof Uint32Array) return wide(value) / SCALE
    return Number(value)
  }
}

function wide(words: Uint32Array): number {
  return words.reduceRight((sum, word) => sum * 2 ** 32 + word, 0)
}
