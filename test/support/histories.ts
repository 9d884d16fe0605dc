/** Random histories of a series, and what must come out of a walk over them. */

import fc from 'fast-check'
import { micros, type Micros } from '../../src/base/time.ts'
import type { AggTrade, Kline } from '../../src/simulator/index.ts'
import type { Trade } from '../../src/simulator/rows.ts'

/** Where the histories lie: some minutes of a day in 2026. */
export const ORIGIN: Micros = micros(1_772_323_200_000_000n)
/** One minute. */
export const STEP = 60_000_000n

/** The moment `count` minutes after the origin. */
export function minute(count: number): Micros {
  return micros(ORIGIN + BigInt(count) * STEP)
}

/** A kline that opens at `openTime`; its numbers depend on that alone. */
export function klineAt(openTime: Micros, closeTime: Micros = micros(openTime + STEP - 1n)): Kline {
  const price = `${1_000n + ((openTime / STEP) % 50n)}.50000000`
  return {
    openTime,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: '1.00000000',
    closeTime,
    quoteVolume: '1000.00000000',
    tradeCount: 1,
    takerVolume: '0.50000000',
    takerQuoteVolume: '500.00000000',
  }
}

/** Minutes with a kline: any subset of 60, some of them off the grid by some milliseconds. */
export const klines: fc.Arbitrary<readonly Kline[]> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 59 }), fc.constantFrom(0, 0, 0, 0, 1, 28_153)), {
    maxLength: 70,
  })
  .map((slots) => {
    const bySlot = new Map(slots)
    return [...bySlot]
      .sort(([a], [b]) => a - b)
      .map(([slot, offsetMs]) => {
        const close = micros(minute(slot + 1) - 1n)
        return klineAt(micros(minute(slot) + BigInt(offsetMs) * 1_000n), close)
      })
  })

/** Klines that overlap: any number of them in a minute. */
export const crowdedKlines: fc.Arbitrary<readonly Kline[]> = fc
  .uniqueArray(
    fc.tuple(fc.integer({ min: 0, max: 29 }), fc.constantFrom(0, 0, 0, 1, 2, 28_153, 59_999)),
    { maxLength: 60, selector: ([slot, offsetMs]) => slot * 60_000 + offsetMs },
  )
  .map((slots) =>
    slots
      .map(([slot, offsetMs]) => klineAt(micros(minute(slot) + BigInt(offsetMs) * 1_000n)))
      .sort((a, b) => (a.openTime < b.openTime ? -1 : 1)),
  )

/** A window of whole milliseconds around the minutes. */
export const window: fc.Arbitrary<{ readonly from: Micros; readonly to: Micros }> = fc
  .tuple(
    fc.integer({ min: -5, max: 64 }),
    fc.integer({ min: 1, max: 70 }),
    fc.constantFrom(0n, 0n, 1_000n, 30_000_000n),
  )
  .map(([from, length, shift]) => ({
    from: micros(minute(from) + shift),
    to: micros(minute(from + length) + shift),
  }))

/** An aggregate trade; its numbers depend on id and time alone. */
export function aggTradeAt(id: bigint, time: Micros): AggTrade {
  return {
    id,
    price: `${100n + (id % 7n)}.00000000`,
    quantity: '0.10000000',
    firstTradeId: id * 2n,
    lastTradeId: id * 2n + 1n,
    time,
    isBuyerMaker: id % 2n === 0n,
    isBestMatch: true,
  }
}

/** Trades with contiguous ids from 0 on, in bursts: most follow in the same microsecond, others after a while. */
export const aggTrades: fc.Arbitrary<readonly AggTrade[]> = fc
  .array(
    fc.tuple(fc.constantFrom(0, 0, 0, 1, 999, 1_000, 90_000_000), fc.integer({ min: 1, max: 9 })),
    {
      maxLength: 40,
    },
  )
  .map((bursts) => {
    const trades: AggTrade[] = []
    let time = ORIGIN
    for (const [pause, count] of bursts) {
      time = micros(time + BigInt(pause))
      for (let row = 0; row < count; row++) trades.push(aggTradeAt(BigInt(trades.length), time))
    }
    return trades
  })

/** A block trade; its numbers depend on id and time alone. */
export function blockTradeAt(id: bigint, time: Micros): Trade {
  return {
    id,
    price: `${100n + (id % 7n)}.00000000`,
    quantity: '0.10000000',
    quoteQuantity: '10.00000000',
    time,
    isBuyerMaker: id % 2n === 0n,
  }
}

/** A trade. */
export function tradeAt(id: bigint, time: Micros): Trade {
  return { ...blockTradeAt(id, time), isBestMatch: true }
}

/** Trades, and the aggregate trades that they make. */
export type TradeHistory = {
  readonly trades: readonly Trade[]
  readonly aggTrades: readonly AggTrade[]
}

const pause: fc.Arbitrary<number> = fc.constantFrom(0, 0, 0, 1, 999, 1_000, 90_000_000)

/**
 * Trades with contiguous ids from `firstId` on. An aggregate trade has the time of its first trade, the others may
 * come later; some aggregate trades are invalid (`f` and `l` are -1), some are missing.
 */
export const tradeHistories: fc.Arbitrary<TradeHistory> = fc
  .tuple(
    fc.constantFrom(0n, 1n, 500n),
    fc.array(
      fc.tuple(
        fc.array(pause, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('fine', 'fine', 'fine', 'invalid', 'missing'),
      ),
      { maxLength: 25 },
    ),
  )
  .map(([firstId, groups]) => {
    const trades: Trade[] = []
    const aggTrades: AggTrade[] = []
    let time = ORIGIN
    for (const [pauses, kind] of groups) {
      const members = pauses.map((micro, index) => {
        time = micros(time + BigInt(micro))
        return tradeAt(firstId + BigInt(trades.length + index), time)
      })
      trades.push(...members)
      const [first] = members
      if (first === undefined || kind === 'missing') continue
      const lastTradeId = first.id + BigInt(members.length - 1)
      const agg = { ...aggTradeAt(BigInt(aggTrades.length), first.time), lastTradeId }
      const dummy = { price: '0.00000000', quantity: '0.00000000', lastTradeId: -1n }
      if (kind === 'fine') aggTrades.push({ ...agg, firstTradeId: first.id })
      else aggTrades.push({ ...agg, ...dummy, firstTradeId: -1n })
    }
    return { trades, aggTrades }
  })

/** Block trades with ids from anywhere on, and ids left out. */
export const blockTrades: fc.Arbitrary<readonly Trade[]> = fc
  .tuple(
    fc.constantFrom(0n, 1n, 7_000_000_000n),
    fc.array(fc.tuple(pause, fc.constantFrom(1n, 1n, 1n, 2n, 1_000n, 123_456n)), { maxLength: 60 }),
  )
  .map(([firstId, steps]) => {
    let id = firstId
    let time = ORIGIN
    return steps.map(([micro, skip]) => {
      time = micros(time + BigInt(micro))
      const trade = blockTradeAt(id, time)
      id += skip
      return trade
    })
  })
