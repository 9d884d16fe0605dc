/** Random trades, the aggregates and the bars that they make, in scaled integers and by another way than the product's. */

import fc from 'fast-check'
import type { RecordBatch } from 'apache-arrow'
import { micros, parseMicros } from '../../src/base/time.ts'
import type { Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { decodePage } from '../../src/rows/scan.ts'
import {
  aggTradeJson,
  tradeJson,
  type AggTrade,
  type Kline,
  type Trade,
} from '../../src/simulator/rows.ts'

/** Where these histories begin: a whole hour. */
export const START = Number(parseMicros('2026-06-01'))
const SCALE = 100_000_000n

export function unitsOf(text: string): bigint {
  const [whole = '', decimals = ''] = text.split('.')
  return BigInt(whole) * SCALE + BigInt(decimals.padEnd(8, '0'))
}

export function textOf(units: bigint): string {
  return `${units / SCALE}.${String(units % SCALE).padStart(8, '0')}`
}

/** Prices of two decimals and quantities of five, so that what was paid has no more than eight. */
const event = fc.record({
  price: fc.bigInt(1n, 9_999_999n).map((cents) => cents * 1_000_000n),
  quantity: fc.bigInt(1n, 99_999_999n).map((some) => some * 1_000n),
  isBuyerMaker: fc.boolean(),
  /** How many trades have its price and side. */
  parts: fc.integer({ min: 1, max: 3 }),
  /** Microseconds since the one before; times may go back a little. */
  step: fc.integer({ min: -2_000_000, max: 90_000_000 }),
})

/** Trades and the aggregates of those with one price, time and side. */
export const tradeHistory = histories(1)

/** Histories of at least so many aggregates. */
export function histories(
  minLength: number,
): fc.Arbitrary<{ trades: Trade[]; aggregates: AggTrade[] }> {
  return fc.array(event, { minLength, maxLength: 40 }).map((events) => {
    const trades: Trade[] = []
    const aggregates: AggTrade[] = []
    let time = START + 60_000_000
    for (const [index, { price, quantity, isBuyerMaker, parts, step }] of events.entries()) {
      time = Math.max(START, time + step)
      const first = trades.length
      for (let part = 0; part < parts; part++)
        trades.push({
          id: BigInt(first + part),
          price: textOf(price),
          quantity: textOf(quantity),
          quoteQuantity: textOf((price * quantity) / SCALE),
          time: micros(BigInt(time)),
          isBuyerMaker,
          isBestMatch: true,
        })
      aggregates.push({
        id: BigInt(index),
        price: textOf(price),
        quantity: textOf(quantity * BigInt(parts)),
        firstTradeId: BigInt(first),
        lastTradeId: BigInt(first + parts - 1),
        time: micros(BigInt(time)),
        isBuyerMaker,
        isBestMatch: true,
      })
    }
    return { trades, aggregates }
  })
}

function total(trades: readonly Trade[], of: (trade: Trade) => string): string {
  return textOf(
    trades
      .map(of)
      .map(unitsOf)
      .reduce((a, b) => a + b, 0n),
  )
}

/** The kline of some trades that lie in one slot. */
export function klineOfTrades(trades: readonly Trade[], from: number, to: number): Kline {
  const byId = trades.toSorted((a, b) => Number(a.id - b.id))
  const byPrice = trades.toSorted((a, b) => Number(unitsOf(a.price) - unitsOf(b.price)))
  const taken = trades.filter(({ isBuyerMaker }) => !isBuyerMaker)
  return {
    openTime: micros(BigInt(from)),
    open: byId[0]!.price,
    high: byPrice.at(-1)!.price,
    low: byPrice[0]!.price,
    close: byId.at(-1)!.price,
    volume: total(trades, ({ quantity }) => quantity),
    closeTime: micros(BigInt(to)),
    quoteVolume: total(trades, ({ quoteQuantity }) => quoteQuantity),
    tradeCount: trades.length,
    takerVolume: total(taken, ({ quantity }) => quantity),
    takerQuoteVolume: total(taken, ({ quoteQuantity }) => quoteQuantity),
  }
}

/** The klines of trades, of `step` microseconds, those without a trade left out. */
export function klinesOfTrades(trades: readonly Trade[], step: number): Kline[] {
  const slots = new Map<number, Trade[]>()
  for (const trade of trades) {
    const from = Math.floor(Number(trade.time) / step) * step
    slots.set(from, [...(slots.get(from) ?? []), trade])
  }
  return [...slots]
    .sort(([a], [b]) => a - b)
    .map(([from, inside]) => klineOfTrades(inside, from, from + step - 1))
}

/** Rows as the exchange would have sent them, decoded. */
export function tradeBatch(rows: readonly Trade[], numbers: Numbers): RecordBatch {
  return decoded(
    'trades',
    numbers,
    rows.map((row) => tradeJson(row, 'us')),
  )
}

export function aggregateBatch(rows: readonly AggTrade[], numbers: Numbers): RecordBatch {
  return decoded(
    'aggTrades',
    numbers,
    rows.map((row) => aggTradeJson(row, 'us')),
  )
}

function decoded(
  kind: 'trades' | 'aggTrades',
  numbers: Numbers,
  texts: readonly string[],
): RecordBatch {
  const body = new TextEncoder().encode(`[${texts.join(',')}]`)
  return decodePage(DATASETS[kind], numbers, body, 'us').batch
}
