/** Stored klines as bars, and bars held against each other. */

import type { RecordBatch } from 'apache-arrow'
import { micros } from '../../base/time.ts'
import { columnIndex, type Dataset, type Numbers } from '../../binance/dataset.ts'
import type { BarRow } from '../../resample/bar.ts'
import { exactText, plus, shortText, type Exact } from '../../resample/exact.ts'
import { numberForm } from '../../resample/number-form.ts'
import { columnData, int64Values } from '../../rows/batch.ts'

/** What a kline says of its slot. */
export type Kline = Omit<BarRow, 'firstId' | 'lastId' | 'decimals'>

/** The columns of what was traded and paid, of both sides and of takers: each market names them for what they count. */
export type Volumes = Readonly<
  Record<'volume' | 'quoteVolume' | 'takerVolume' | 'takerQuoteVolume', string>
>

/** Those of klines, which have them in one order. */
export function volumesOf({ columns }: Dataset): Volumes {
  const names = columns.filter(({ type }) => type === 'quantity').map(({ name }) => name)
  const [volume = '', quoteVolume = '', takerVolume = '', takerQuoteVolume = ''] = names
  return { volume, quoteVolume, takerVolume, takerQuoteVolume }
}

/** The klines of a batch with all columns. */
export function klinesIn(batch: RecordBatch, dataset: Dataset, numbers: Numbers): readonly Kline[] {
  const form = numberForm(numbers)
  const column = (name: string): ((row: number) => Exact) => {
    const read = form.reader(columnData(batch, columnIndex(dataset, name)))
    return (row) => form.exact(read(row))
  }
  const whole = (name: string): BigInt64Array => int64Values(batch, columnIndex(dataset, name))
  const [opens, closes, counts] = [whole('open_time'), whole('close_time'), whole('trade_count')]
  const [open, high, low, close] = [column('open'), column('high'), column('low'), column('close')]
  const names = volumesOf(dataset)
  const [volume, quote] = [column(names.volume), column(names.quoteVolume)]
  const [taker, takerQuote] = [column(names.takerVolume), column(names.takerQuoteVolume)]
  return Array.from({ length: batch.numRows }, (_, row) => ({
    opened: micros(opens[row] ?? 0n),
    closed: micros(closes[row] ?? 0n),
    prices: { open: open(row), high: high(row), low: low(row), close: close(row) },
    volume: volume(row),
    quoteVolume: quote(row),
    takerVolume: taker(row),
    takerQuoteVolume: takerQuote(row),
    tradeCount: Number(counts[row] ?? 0n),
  }))
}

/** One value that differs. */
export type Difference = {
  /** The column. */
  readonly column: string
  readonly whole: string
  readonly parts: string
  /** How far they may be apart. */
  readonly allowed: number
}

/** What is compared, and how exact its numbers are. */
export type Exactness = {
  readonly volumes: Volumes
  /** Which sides are stored as doubles? */
  readonly doubles: { readonly whole: boolean; readonly parts: boolean }
  /** Is what was paid price x quantity, which the exchange rounds to 8 decimals for each trade? */
  readonly isMultiplied: boolean
  /** How often else what was paid may have been rounded to 8 decimals: on both sides together. */
  readonly roundings: number
}

/** What two klines of one slot say differently. */
export function differences(
  whole: Kline,
  parts: Kline,
  exactness: Exactness,
): readonly Difference[] {
  const { doubles, isMultiplied, roundings, volumes } = exactness
  const areFactorsRough =
    doubles.parts && [parts.prices.high, parts.volume].some((factor) => sizeOf(factor) >= EXACT)
  /** Parts may be rough twice: each of them, and then their sum; or each of two factors. */
  const ofDoubles = (a: Exact, b: Exact, isRough = sizeOf(b) >= EXACT): number =>
    (doubles.whole && sizeOf(a) >= EXACT ? sizeOf(a) * Number.EPSILON : 0) +
    (doubles.parts && isRough ? 2 * sizeOf(b) * Number.EPSILON : 0)
  const paid = (a: Exact, b: Exact): number => {
    if (!isMultiplied) return rounded(roundings) + ofDoubles(a, b)
    const isRounded = b.scale > 8 || areFactorsRough
    return (isRounded ? rounded(parts.tradeCount) : 0) + ofDoubles(a, b, areFactorsRough)
  }
  const columns: readonly (readonly [string, Exact, Exact, typeof paid])[] = [
    ['open', whole.prices.open, parts.prices.open, ofDoubles],
    ['high', whole.prices.high, parts.prices.high, ofDoubles],
    ['low', whole.prices.low, parts.prices.low, ofDoubles],
    ['close', whole.prices.close, parts.prices.close, ofDoubles],
    [volumes.volume, whole.volume, parts.volume, ofDoubles],
    [volumes.quoteVolume, whole.quoteVolume, parts.quoteVolume, paid],
    ['trade_count', counted(whole), counted(parts), () => 0],
    [volumes.takerVolume, whole.takerVolume, parts.takerVolume, ofDoubles],
    [volumes.takerQuoteVolume, whole.takerQuoteVolume, parts.takerQuoteVolume, paid],
  ]
  return columns.flatMap(([column, a, b, bound]) => {
    const apart = sizeOf(plus(a, { ...b, units: -b.units }))
    const allowed = apart === 0 ? 0 : bound(a, b)
    if (apart <= allowed) return []
    return [{ column, whole: shortText(a), parts: shortText(b), allowed }]
  })
}

/** So many halves of the last of 8 decimals. */
function rounded(times: number): number {
  return times / 2e8
}

/**
 * Below, a text of 8 decimals has no more than 15 digits, and its double prints as that text. From here on it may print
 * as another one, shorter or not: half a unit in the last place from text to double, and half of one from there.
 */
const EXACT = 1e7

function sizeOf(value: Exact): number {
  return Math.abs(Number(exactText(value)))
}

function counted({ tradeCount }: Kline): Exact {
  return { units: BigInt(tradeCount), scale: 0 }
}
