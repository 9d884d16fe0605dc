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
  const [volume, quote] = [column('volume'), column('quote_volume')]
  const [taker, takerQuote] = [column('taker_buy_volume'), column('taker_buy_quote_volume')]
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

/** How exact the numbers are that are compared. */
export type Exactness = {
  /** Are some of them doubles? */
  readonly hasDoubles: boolean
  /** Is what was paid price x quantity, which the exchange rounds to 8 decimals for each trade? */
  readonly isMultiplied: boolean
}

/** What two klines of one slot say differently. */
export function differences(
  whole: Kline,
  parts: Kline,
  exactness: Exactness,
): readonly Difference[] {
  const { hasDoubles, isMultiplied } = exactness
  const rounding = (sum: Exact): number => (isMultiplied && sum.scale > 8 ? ROUNDED : 0)
  const columns: readonly (readonly [string, Exact, Exact, number])[] = [
    ['open', whole.prices.open, parts.prices.open, 0],
    ['high', whole.prices.high, parts.prices.high, 0],
    ['low', whole.prices.low, parts.prices.low, 0],
    ['close', whole.prices.close, parts.prices.close, 0],
    ['volume', whole.volume, parts.volume, 0],
    ['quote_volume', whole.quoteVolume, parts.quoteVolume, rounding(parts.quoteVolume)],
    ['trade_count', counted(whole), counted(parts), 0],
    ['taker_buy_volume', whole.takerVolume, parts.takerVolume, 0],
    [
      'taker_buy_quote_volume',
      whole.takerQuoteVolume,
      parts.takerQuoteVolume,
      rounding(parts.takerQuoteVolume),
    ],
  ]
  return columns.flatMap(([column, a, b, perTrade]) => {
    const apart = Math.abs(Number(exactText(plus(a, { ...b, units: -b.units }))))
    const doubles = hasDoubles ? ofDoubles(a, parts.tradeCount) : 0
    const allowed = perTrade * parts.tradeCount + doubles
    if (apart <= allowed) return []
    return [{ column, whole: shortText(a), parts: shortText(b), allowed }]
  })
}

/** Half of the last of 8 decimals. */
const ROUNDED = 5e-9

function counted({ tradeCount }: Kline): Exact {
  return { units: BigInt(tradeCount), scale: 0 }
}

const DIGITS_SAFE = 15

/** Doubles are the decimals that Binance sent, up to 15 digits; with more, each may be off by its last bit. */
function ofDoubles(value: Exact, count: number): number {
  const digits = String(value.units < 0n ? -value.units : value.units).length
  if (digits <= DIGITS_SAFE) return 0
  return Math.abs(Number(exactText(value))) * Number.EPSILON * (count + 1)
}
