/** Which series of a lake say the same, and can be held against each other. */

import { intervalStep, type Interval } from '../../binance/interval.ts'
import { datasetOf } from '../../binance/market.ts'
import { seriesName, type SeriesKey } from '../../binance/series.ts'

/** Two series: what the first says follows from the second. */
export type Pair = {
  readonly kind: 'klines' | 'trades' | 'aggregates'
  readonly whole: SeriesKey
  readonly parts: SeriesKey
}

/** Markets whose klines, aggregates and trades count the same trades. */
const ONE_COUNT: ReadonlySet<string> = new Set(['spot'])

/**
 * Each longer kline against the longest shorter one that fills it, the shortest klines against aggregates or else
 * trades, and aggregates against trades: what holds of neighbours holds of all.
 */
export function pairsOf(keys: readonly SeriesKey[]): readonly Pair[] {
  const groups = new Map<string, SeriesKey[]>()
  for (const key of keys) {
    const name = seriesName({ market: key.market, dataset: 'aggTrades', symbol: key.symbol })
    groups.set(name, [...(groups.get(name) ?? []), key])
  }
  return [...groups.values()].flatMap(pairsOfSymbol)
}

function pairsOfSymbol(keys: readonly SeriesKey[]): readonly Pair[] {
  const klines = keys
    .flatMap((key) =>
      key.dataset === 'klines' && key.interval !== undefined && hasQuoteVolume(key)
        ? [{ key, interval: key.interval }]
        : [],
    )
    .sort((a, b) => (intervalStep(a.interval) < intervalStep(b.interval) ? -1 : 1))
  const pairs = klines.flatMap(({ key, interval }, index): Pair[] => {
    const parts = klines.slice(0, index).findLast((shorter) => isFilled(interval, shorter.interval))
    return parts === undefined ? [] : [{ kind: 'klines', whole: key, parts: parts.key }]
  })
  const find = (dataset: SeriesKey['dataset']): SeriesKey | undefined =>
    keys.find((key) => key.dataset === dataset && ONE_COUNT.has(key.market))
  const [aggregates, trades] = [find('aggTrades'), find('trades')]
  const [shortest] = klines.filter(({ interval }) => interval !== '3d')
  const source = aggregates ?? trades
  if (shortest !== undefined && source !== undefined)
    pairs.push({ kind: 'trades', whole: shortest.key, parts: source })
  if (aggregates !== undefined && trades !== undefined)
    pairs.push({ kind: 'aggregates', whole: aggregates, parts: trades })
  return pairs
}

/** Klines of COIN-M have other columns. */
function hasQuoteVolume(key: SeriesKey): boolean {
  return datasetOf(key).columns.some(({ name }) => name === 'quote_volume')
}

const DAY = 86_400_000_000n

/** Are klines of one interval made of whole ones of another, on a grid that is known? */
function isFilled(whole: Interval, part: Interval): boolean {
  if (whole === '3d' || part === '3d' || part === '1M') return false
  if (whole === '1M' || whole === '1w') return DAY % intervalStep(part) === 0n
  return intervalStep(whole) % intervalStep(part) === 0n
}
