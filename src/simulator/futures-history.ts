/** What a contract has besides trades: prices that nobody trades at, settlements of funding, and flat bars after its end. */

import { fromMillis, micros } from '../base/time.ts'
import type { Interval } from '../binance/interval.ts'
import { decimalText } from './decimal.ts'
import type { Funding, FuturesSymbol } from './options.ts'
import { contractSizeOf } from './futures-info.ts'
import { gridOf } from './grid.ts'
import { mix, seedOf } from './hash.ts'
import { GeneratedKlines } from './klines.ts'
import { literalHistory } from './literal.ts'
import { marketOf } from './market.ts'
import { historyOf } from './history.ts'
import type { Kline } from './rows.ts'
import type { History, KlineAsk, KlineSource } from './source.ts'

/** The prices of which there are klines besides those of trades. */
export type PriceName = 'mark' | 'index' | 'premium'

/** A history with what only contracts have. */
export type FuturesHistory = History & {
  readonly prices: Readonly<Record<PriceName, KlineSource>>
  /** All settlements up to `now` in µs, oldest first. */
  funding(now: number): readonly Funding[]
}

const SALTS: Readonly<Record<PriceName, number>> = { mark: 0x11a7, index: 0x1d3c, premium: 0x5e1f }

/** Makes the histories of a market's contracts. */
export function futuresHistoryIn(
  market: 'um' | 'cm',
): (options: FuturesSymbol, seed: number) => FuturesHistory {
  return (options, seed) => historyOfContract(market, options, seed)
}

function historyOfContract(
  market: 'um' | 'cm',
  options: FuturesSymbol,
  seed: number,
): FuturesHistory {
  const history = historyOf(options, seed)
  const isOfCoin = market === 'cm' && options.rows === undefined
  const traded = isOfCoin ? inContracts(history.klines, contractSizeOf(options)) : history.klines
  const klines = flatAfterEnd(traded, options)
  const priceOf = (name: PriceName): KlineSource =>
    options.rows === undefined
      ? flatAfterEnd(pricesOf(options, seed, name), options)
      : literalHistory({ klines: {} }).klines
  return {
    ...history,
    klines,
    trades: options.rows === undefined ? sparse(history.trades) : history.trades,
    prices: { mark: priceOf('mark'), index: priceOf('index'), premium: priceOf('premium') },
    funding: (now) => (options.funding ?? settlements(options, seed, now)).filter(isPast(now)),
  }
}

/** After so many trades, ids are left out that are in neither files nor answers. */
const ROWS_JOINED = 131n
const IDS_LEFT_OUT = 3n

/** The same trades with ids that have holes. */
function sparse(trades: History['trades']): History['trades'] {
  const idOf = (id: bigint): bigint => id + (id / ROWS_JOINED) * IDS_LEFT_OUT
  return {
    count: (now) => trades.count(now),
    placeOfTime: (time) => trades.placeOfTime(time),
    placeOfId: (id) => {
      const [block, rest] = [id / (ROWS_JOINED + IDS_LEFT_OUT), id % (ROWS_JOINED + IDS_LEFT_OUT)]
      return trades.placeOfId(block * ROWS_JOINED + (rest < ROWS_JOINED ? rest : ROWS_JOINED))
    },
    at: (place) => {
      const row = trades.at(place)
      return { ...row, id: idOf(row.id) }
    },
  }
}

function isPast(now: number): (row: Funding) => boolean {
  return ({ time }) => Number(time) <= now
}

/** Volumes are zeros; the count is that of samples, one a second. */
function pricesOf(options: FuturesSymbol, seed: number, name: PriceName): KlineSource {
  const source = new GeneratedKlines(marketOf(options, seed), SALTS[name])
  const price = options.price ?? 100
  const text = (value: string): string =>
    name === 'premium' ? ((Number(value) - price) / (price * 100)).toFixed(8) : value
  return {
    ask: (interval, ask) =>
      source.ask(interval, ask).map((row) => ({
        ...row,
        open: text(row.open),
        high: text(row.high),
        low: text(row.low),
        close: text(row.close),
        volume: '0',
        quoteVolume: '0',
        takerVolume: '0',
        takerQuoteVolume: '0',
        tradeCount: Math.min(60, Math.round(Number(row.closeTime - row.openTime) / 1e6)),
      })),
  }
}

/** Volumes of COIN-M count contracts, each of so much quote asset; the others are what that is in the base asset. */
function inContracts(inner: KlineSource, size: number): KlineSource {
  const base = (contracts: string, price: number): string =>
    price === 0 ? '0' : ((Number(contracts) * size) / price).toFixed(8)
  return {
    ask: (interval, ask) =>
      inner.ask(interval, ask).map((row) => {
        const price = Number(row.volume) === 0 ? 0 : Number(row.quoteVolume) / Number(row.volume)
        return {
          ...row,
          quoteVolume: base(row.volume, price),
          takerQuoteVolume: base(row.takerVolume, price),
        }
      }),
  }
}

/** Bars after the end: the price of the last one, and nothing traded. */
function flatAfterEnd(inner: KlineSource, options: FuturesSymbol): KlineSource {
  const { delistedAt, isFlatAfterEnd = true } = options
  if (delistedAt === undefined || !isFlatAfterEnd) return inner
  const end = Number(delistedAt)
  const flats = (interval: Interval, { from, to, now, limit, newest }: KlineAsk): Kline[] => {
    const grid = gridOf(interval)
    const [last] = inner.ask(interval, {
      ...{ from: 0, to: end, now: end, limit: 1, newest: true, without: [] },
    })
    const rows: Kline[] = []
    let open = grid.floor(Math.max(from, end))
    if (open < Math.max(from, end)) open = grid.next(open)
    for (; open <= Math.min(to, now); open = grid.next(open)) {
      if (!newest && rows.length >= limit) break
      if (last !== undefined) rows.push(flat(last, open, grid.next(open)))
    }
    return newest ? rows.slice(-limit) : rows
  }
  return {
    ask: (interval, ask) => {
      if (ask.newest) {
        const after = flats(interval, ask)
        const limit = ask.limit - after.length
        return limit <= 0 ? after : [...inner.ask(interval, { ...ask, limit }), ...after]
      }
      const before = inner.ask(interval, ask)
      const limit = ask.limit - before.length
      return limit <= 0 ? before : [...before, ...flats(interval, { ...ask, limit })]
    },
  }
}

function flat({ close }: Kline, open: number, end: number): Kline {
  const zero = '0'
  return {
    openTime: micros(BigInt(open)),
    ...{ open: close, high: close, low: close, close },
    volume: zero,
    closeTime: micros(BigInt(end) - 1n),
    quoteVolume: zero,
    tradeCount: 0,
    takerVolume: zero,
    takerQuoteVolume: zero,
  }
}

function signed(units: number): string {
  return units < 0 ? `-${decimalText(-units, 8)}` : decimalText(units, 8)
}

const HOUR_MS = 3_600_000
/** Since then rows have a mark price. */
const MARK_PRICE_FROM_MS = Date.UTC(2023, 10, 1)

/** On the hour, and some milliseconds after it; the distance changes where the options say so. */
function settlements(options: FuturesSymbol, seed: number, now: number): readonly Funding[] {
  const { fundingHours = 8, fundingChanges = [], listedAt = fromMillis(0), price = 100 } = options
  const own = seedOf(`${options.symbol} funding`, seed)
  const rows: Funding[] = []
  const row = (ms: number, hours: number, rateType: string): Funding => {
    const bits = mix(own, Math.floor(ms / 1000)) >>> 0
    return {
      time: fromMillis(ms + (bits % 20)),
      rate: signed((bits % 40_001) - 20_000),
      markPrice: ms < MARK_PRICE_FROM_MS ? '' : `${price}.${String(bits % 1e8).padStart(8, '0')}`,
      rateType,
      hours,
    }
  }
  const hoursAt = (ms: number): number =>
    fundingChanges.findLast(({ at }) => Number(at) / 1000 <= ms)?.hours ?? fundingHours
  const end = Math.min(now, Number(options.delistedAt ?? Infinity)) / 1000
  const first = Number(listedAt) / 1000
  for (let ms = Math.ceil(first / HOUR_MS) * HOUR_MS; ms <= end; ms += HOUR_MS) {
    const hours = hoursAt(ms)
    if ((ms / HOUR_MS) % hours === 0) rows.push(row(ms, hours, 'Regular'))
  }
  for (const at of options.specialFunding ?? []) rows.push(row(Number(at) / 1000, 1, 'Special'))
  return rows.sort((a, b) => (a.time < b.time ? -1 : 1))
}
