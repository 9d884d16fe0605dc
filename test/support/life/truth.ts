/** What is true in a life: every row that there ever is, since when a sound host serves it, and what it says when. */

import { micros, type Micros, type Window } from '../../../src/base/time.ts'
import { gridNext, type Interval } from '../../../src/binance/interval.ts'
import type { SeriesKey } from '../../../src/binance/series.ts'
import type { AggTrade, Kline, Trade } from '../../../src/simulator/rows.ts'
import { mix } from './dice.ts'

/** One row that there is. */
export type TruthRow = {
  readonly key: bigint
  readonly time: Micros
  /** From here on a sound host serves it, final. */
  readonly visibleFrom: Micros
  /** From here on it says something else. */
  readonly restatedAt?: Micros
  /** Of an aggregate trade: its first trade and its last. */
  readonly trades?: readonly [bigint, bigint]
}

/** A series as it is in truth; rows in the order of their keys. */
export type SeriesTruth = {
  readonly key: SeriesKey
  readonly salt: number
  readonly rows: readonly TruthRow[]
}

/** A symbol: when it was traded, and its series. */
export type SymbolTruth = {
  readonly symbol: string
  /** When it was listed, the first time and again; the last may be open. */
  readonly listed: readonly Window[]
  /** Were ids left out when it was listed again? Then nobody can prove that nothing is missing there. */
  readonly hasNewIds: boolean
  /** All that the exchange has of it: trades are found through aggregate trades, whether these are wanted or not. */
  readonly served: readonly SeriesTruth[]
  /** What jobs may want. */
  readonly series: readonly SeriesTruth[]
}

/** All that is true. */
export type Truth = { readonly seed: number; readonly symbols: readonly SymbolTruth[] }

const byKey = new WeakMap<SeriesTruth, ReadonlyMap<bigint, TruthRow>>()

/** The row with a key. */
export function rowOf(series: SeriesTruth, key: bigint): TruthRow | undefined {
  const rows = byKey.get(series) ?? new Map(series.rows.map((row) => [row.key, row]))
  byKey.set(series, rows)
  return rows.get(key)
}

/** A row as it is written. */
export type AnyRow = Kline | AggTrade | Trade

/** Is the symbol traded at `now`? */
export function isTrading({ listed }: SymbolTruth, now: Micros): boolean {
  return listed.some(({ from, to }) => from <= now && now < to)
}

/** How often a row was said anew by `now`. */
export function versionAt({ restatedAt }: TruthRow, now: Micros): number {
  return restatedAt !== undefined && restatedAt <= now ? 1 : 0
}

/** The end of a kline. */
export function closeOf(interval: Interval, open: Micros): Micros {
  return gridNext(interval, open)
}

/** What a sound host that stands at `view` says of a row; `undefined` while it has none. */
export function rowAt(series: SeriesTruth, row: TruthRow, view: Micros): AnyRow | undefined {
  if (row.visibleFrom <= view) return finalRow(series, row, versionAt(row, view))
  const { interval } = series.key
  if (interval === undefined || row.time > view) return undefined
  const close = closeOf(interval, row.time)
  // A kline that comes late is not there before either.
  if (row.visibleFrom > close) return undefined
  const share = Number(view - row.time) / Number(close - row.time)
  return unfinished(finalRow(series, row, 0) as Kline, share)
}

/** A row in its `version`. */
export function finalRow(
  { key: { dataset, interval }, salt }: SeriesTruth,
  { key, time, trades }: TruthRow,
  version: number,
): AnyRow {
  const draw = mix(salt, key, version)
  const price = `${100 + (draw % 900)}.${String(draw % 97).padStart(2, '0')}000000`
  const quantity = `${1 + ((draw >>> 8) % 50)}.50000000`
  if (interval !== undefined) return klineOf(time, closeOf(interval, time), draw)
  const common = { id: key, price, quantity, time, isBuyerMaker: draw % 2 === 0, isBestMatch: true }
  if (dataset === 'trades') return { ...common, quoteQuantity: `${draw % 100_000}.25000000` }
  const [firstTradeId, lastTradeId] = trades ?? [key, key]
  return { ...common, firstTradeId, lastTradeId }
}

function klineOf(openTime: Micros, end: Micros, draw: number): Kline {
  const low = 10 + (draw % 80)
  const volume = 10 + ((draw >>> 4) % 90)
  return {
    openTime,
    open: `${low + 1}.00000000`,
    high: `${low + 9}.00000000`,
    low: `${low}.00000000`,
    close: `${low + ((draw >>> 12) % 9)}.00000000`,
    volume: `${volume}.00000000`,
    closeTime: micros(end - 1n),
    quoteVolume: `${volume * 50}.00000000`,
    tradeCount: 20 + ((draw >>> 7) % 60),
    takerVolume: `${Math.floor(volume / 2)}.00000000`,
    takerQuoteVolume: `${volume * 20}.00000000`,
  }
}

function unfinished(row: Kline, share: number): Kline {
  const part = (text: string): string => `${Math.floor(Number(text) * share)}.00000000`
  return {
    ...row,
    close: row.open,
    volume: part(row.volume),
    quoteVolume: part(row.quoteVolume),
    tradeCount: Math.floor(row.tradeCount * share),
    takerVolume: `${Math.floor((Number(row.volume) * share) / 2)}.00000000`,
    takerQuoteVolume: part(row.takerQuoteVolume),
  }
}
