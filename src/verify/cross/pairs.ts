/** Which series of a lake say the same, and can be held against each other. */

import { intervalStep, type Interval } from '../../binance/interval.ts'
import { seriesName, type SeriesKey } from '../../binance/series.ts'

/** What a series follows from. */
export type Part = {
  readonly kind: 'klines' | 'trades' | 'aggregates' | 'funding' | 'openInterest'
  readonly key: SeriesKey
}

/** A series and those that it follows from, the nearest first. */
export type Family = { readonly whole: SeriesKey; readonly parts: readonly Part[] }

/** Markets whose klines, aggregates and trades count the same trades. */
const ONE_COUNT: ReadonlySet<string> = new Set(['spot'])

/**
 * Every series with what it follows from: klines from shorter ones that fill them, longest first, then from
 * aggregates and from trades; aggregates from trades; settlements of funding and open interest by the shortest klines of
 * the mark price, or of what was traded. What holds of neighbours holds of all, so a stretch of time that one
 * of them covers need not be held against those behind it.
 */
export function familiesOf(keys: readonly SeriesKey[]): readonly Family[] {
  const symbols = new Map<string, SeriesKey[]>()
  for (const key of keys) {
    const name = seriesName({ market: key.market, dataset: 'aggTrades', symbol: key.symbol })
    symbols.set(name, [...(symbols.get(name) ?? []), key])
  }
  return [...symbols.values()].flatMap(familiesOfSymbol)
}

function familiesOfSymbol(keys: readonly SeriesKey[]): readonly Family[] {
  const klines = keys
    .flatMap((key) =>
      key.dataset === 'klines' && key.interval !== undefined
        ? [{ key, interval: key.interval }]
        : [],
    )
    .sort((a, b) => byInterval(b.key, a.key))
  const find = (dataset: SeriesKey['dataset'], kind: Part['kind']): readonly Part[] =>
    keys
      .filter((key) => key.dataset === dataset && ONE_COUNT.has(key.market))
      .map((key) => ({ kind, key }))
  const trades = [...find('aggTrades', 'trades'), ...find('trades', 'trades')]
  const ofKlines = klines.map(({ key, interval }, index): Family => {
    const shorter = klines.slice(index + 1).filter((one) => isFilled(interval, one.interval))
    const parts = shorter.map((one): Part => ({ kind: 'klines', key: one.key }))
    return { whole: key, parts: interval === '3d' ? [] : [...parts, ...trades] }
  })
  const marks = keys.filter(({ dataset }) => dataset === 'markPriceKlines').sort(byInterval)
  const shortest = klines.toReversed().map(({ key }) => key)
  const others = keys
    .filter(({ dataset }) => dataset !== 'klines')
    .map((key): Family => {
      if (key.dataset === 'aggTrades' && ONE_COUNT.has(key.market))
        return { whole: key, parts: find('trades', 'aggregates') }
      if (key.dataset === 'fundingRate') return { whole: key, parts: ofGrid(marks, 'funding') }
      const isOpenInterest = OPEN_INTEREST.has(key.dataset)
      return { whole: key, parts: isOpenInterest ? ofGrid(shortest, 'openInterest') : [] }
    })
  return [...ofKlines, ...others]
}

/** What has `sum_open_interest`; that of a pair has no klines of its name. */
const OPEN_INTEREST: ReadonlySet<string> = new Set(['metrics', 'openInterestHist'])

function byInterval(a: SeriesKey, b: SeriesKey): number {
  return intervalStep(a.interval ?? '1M') < intervalStep(b.interval ?? '1M') ? -1 : 1
}

function ofGrid(keys: readonly SeriesKey[], kind: Part['kind']): readonly Part[] {
  return keys.filter(({ interval }) => interval !== '3d').map((key) => ({ kind, key }))
}

const DAY = 86_400_000_000n

/** Are klines of one interval made of whole ones of another, on a grid that is known? */
function isFilled(whole: Interval, part: Interval): boolean {
  if (whole === '3d' || part === '3d' || part === '1M') return false
  if (whole === '1M' || whole === '1w') return DAY % intervalStep(part) === 0n
  return intervalStep(whole) % intervalStep(part) === 0n
}

/** Why a series is held against no other one of its lake. */
export function aloneWords({ dataset, market, interval }: SeriesKey): string {
  const isOfTrades = dataset === 'aggTrades' || dataset === 'trades'
  if (dataset === 'klines' && interval === '3d')
    return 'where 3d klines open is not documented: they are held against nothing'
  if (dataset === 'klines') return 'the lake has no shorter klines or trades that make it up'
  if (dataset === 'fundingRate') return 'the lake has no klines of its mark price'
  if (OPEN_INTEREST.has(dataset)) return 'the lake has no klines of this name'
  if (!isOfTrades) return 'no other dataset says the same: it is held against nothing'
  if (ONE_COUNT.has(market)) return 'the lake has nothing else of these trades'
  return 'klines there count trades that aggregates leave out: it is held against nothing'
}
