/** The rows of the simulator, and their JSON texts, byte for byte in Binance's form. */

import type { Micros } from '../base/time.ts'

/** The unit of the times in an answer. */
export type TimeUnit = 'ms' | 'us'

/** One candle. Numbers are texts as sent. */
export type Kline = {
  readonly openTime: Micros
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
  /** The last microsecond that belongs to it; sent in ms rounded down. */
  readonly closeTime: Micros
  readonly quoteVolume: string
  readonly tradeCount: number
  readonly takerVolume: string
  readonly takerQuoteVolume: string
}

/** One aggregate trade. */
export type AggTrade = {
  readonly id: bigint
  readonly price: string
  readonly quantity: string
  readonly firstTradeId: bigint
  readonly lastTradeId: bigint
  readonly time: Micros
  readonly isBuyerMaker: boolean
  readonly isBestMatch: boolean
}

/** One trade; a block trade has no `isBestMatch`. */
export type Trade = {
  readonly id: bigint
  readonly price: string
  readonly quantity: string
  readonly quoteQuantity: string
  readonly time: Micros
  readonly isBuyerMaker: boolean
  readonly isBestMatch?: boolean
}

/** A time as a JSON number; ms are rounded down, also for an inclusive end (`...999`). */
export function timeText(time: Micros, unit: TimeUnit): string {
  return String(unit === 'us' ? time : time / 1000n)
}

/** A kline as an array of twelve. */
export function klineJson(row: Kline, unit: TimeUnit): string {
  const from = timeText(row.openTime, unit)
  const to = timeText(row.closeTime, unit)
  return `[${from},"${row.open}","${row.high}","${row.low}","${row.close}","${row.volume}",${to},"${row.quoteVolume}",${row.tradeCount},"${row.takerVolume}","${row.takerQuoteVolume}","0"]`
}

/** An aggregate trade. */
export function aggTradeJson(row: AggTrade, unit: TimeUnit): string {
  return `{"a":${row.id},"p":"${row.price}","q":"${row.quantity}","f":${row.firstTradeId},"l":${row.lastTradeId},"T":${timeText(row.time, unit)},"m":${String(row.isBuyerMaker)},"M":${String(row.isBestMatch)}}`
}

/** A trade or a block trade. */
export function tradeJson(row: Trade, unit: TimeUnit): string {
  const best = row.isBestMatch === undefined ? '' : `,"isBestMatch":${String(row.isBestMatch)}`
  return `{"id":${row.id},"price":"${row.price}","qty":"${row.quantity}","quoteQty":"${row.quoteQuantity}","time":${timeText(row.time, unit)},"isBuyerMaker":${String(row.isBuyerMaker)}${best}}`
}
