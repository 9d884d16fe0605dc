/** The law of the walk for trades and block trades, whose endpoints know ids only: a time becomes an id, and nothing is lost. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { micros, type Micros, type Window } from '../../src/base/time.ts'
import { columnIndex } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { findBlockTrade, findTrade } from '../../src/walk/first-row.ts'
import { walkIds } from '../../src/walk/ids.ts'
import { int64Values } from '../../src/rows/batch.ts'
import type { Page } from '../../src/rows/page.ts'
import { Exchange, type SymbolOptions } from '../../src/simulator/index.ts'
import { blockTrades, minute, ORIGIN, tradeHistories } from '../support/histories.ts'
import { asker, keysOf } from '../support/walks.ts'

const RUNS = Number(process.env['WALK_RUNS'] ?? 500)
const NOW = minute(24 * 60)
/** Everything is old by then: an empty answer that the newest row agrees with is believed. */
const LATER = minute(4 * 24 * 60)
const FIRST_TRADE_ID = columnIndex(DATASETS.aggTrades, 'first_trade_id')

const bound = fc.integer({ min: -2, max: 6 })
const windows: fc.Arbitrary<Window> = fc
  .tuple(bound, bound, fc.constantFrom(0n, 7n, 500n))
  .filter(([a, b]) => a !== b)
  .map(([a, b, shift]) => ({
    // Bounds also fall between microseconds of one millisecond.
    from: micros(minute(Math.min(a, b)) + shift),
    to: micros(minute(Math.max(a, b)) + shift),
  }))
const caps = fc.integer({ min: 1, max: 12 })

function exchangeOf(symbol: Omit<SymbolOptions, 'symbol'>, pageRows: number): Exchange {
  return new Exchange({
    symbols: [{ symbol: 'BTCUSDT', ...symbol }],
    pageRows,
    limits: { rules: [] },
  })
}

function walkTrades(exchange: Exchange, limit: number) {
  const aggs = asker(exchange, { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' }, NOW)
  const trades = asker(exchange, { market: 'spot', dataset: 'trades', symbol: 'BTCUSDT' }, NOW)
  const options = { limit, readAhead: 3, hasRowsBefore: false, nextId: undefined, now: LATER }
  const firstTradeIdsOf = ({ batch }: Page): BigInt64Array => int64Values(batch, FIRST_TRADE_ID)
  const find = findTrade(aggs.ask, trades.ask, { ...options, firstTradeIdsOf })
  return {
    find,
    walk: (window: Window) => keysOf(walkIds(window, find, trades.ask, options)),
    requests: () => aggs.requests() + trades.requests(),
  }
}

const isIn =
  ({ from, to }: Window) =>
  ({ time }: { readonly time: Micros }) =>
    from <= time && time < to

test('trades: every row of the window once, in order, however aggregate trades hide them', async () => {
  await fc.assert(
    fc.asyncProperty(tradeHistories, windows, caps, async (rows, window, pageRows) => {
      const { walk, requests } = walkTrades(exchangeOf({ rows }, pageRows), pageRows)
      const { keys, steps } = await walk(window)
      const expected = rows.trades.filter(isIn(window))
      expect(keys).toEqual(expected.map(({ id }) => id))
      expect(steps.at(-1)?.reached).toBe(window.to)
      expect(requests()).toBeLessThan(30 + 4 * rows.trades.length)
      // Ids that begin at 500 leave it open whether there were others.
      const isWhole = rows.trades.length === 0 || (rows.trades[0]?.id ?? 0n) <= 1n
      const reasons = steps.flatMap(({ gaps }) => gaps).map(({ reason }) => reason)
      // Where nothing was ever traded, nothing agrees with the empty answers.
      const allowed = rows.trades.length === 0 ? 'unconfirmed' : 'before-listing'
      if (isWhole) expect(reasons.filter((reason) => reason !== allowed)).toEqual([])
    }),
    { numRuns: RUNS },
  )
})

test('trades that REST no longer has are said to be unavailable', async () => {
  await fc.assert(
    fc.asyncProperty(tradeHistories, fc.nat(), caps, async (rows, cut, pageRows) => {
      const fine = rows.aggTrades.filter(({ firstTradeId }) => firstTradeId > 1n)
      fc.pre(fine.length > 0)
      const oldest = fine[cut % fine.length]!
      const history = { rows, restHistoryFrom: oldest.id }
      const { walk } = walkTrades(exchangeOf(history, pageRows), pageRows)
      const window = { from: micros(ORIGIN - 1_000_000n), to: NOW }
      const { keys, steps } = await walk(window)
      expect(keys).toEqual(
        rows.trades.filter(({ id }) => id >= oldest.firstTradeId).map(({ id }) => id),
      )
      const [gap] = steps.flatMap((step) => step.gaps)
      expect(gap).toEqual({
        from: window.from,
        to: micros(oldest.time + 1n),
        reason: 'unavailable-from-rest',
      })
    }),
    { numRuns: RUNS / 4 },
  )
})

test('block trades: found by search, walked by id, wherever ids begin and however they jump', async () => {
  const key = { market: 'spot', dataset: 'blockTrades', symbol: 'BTCUSDT' } as const
  await fc.assert(
    fc.asyncProperty(blockTrades, windows, caps, async (rows, window, pageRows) => {
      const exchange = exchangeOf({ rows: { blockTrades: rows } }, pageRows)
      const { ask, requests } = asker(exchange, key, NOW)
      const options = {
        limit: pageRows,
        readAhead: 4,
        hasRowsBefore: false,
        nextId: undefined,
        now: LATER,
        areIdsSparse: true,
      }
      const find = findBlockTrade(ask, options)
      const { keys, steps } = await keysOf(walkIds(window, find, ask, options))
      expect(keys).toEqual(rows.filter(isIn(window)).map(({ id }) => id))
      expect(steps.at(-1)?.reached).toBe(window.to)
      const reasons = new Set(steps.flatMap(({ gaps }) => gaps.map(({ reason }) => reason)))
      const allowed = rows.length === 0 ? 'unconfirmed' : 'before-listing'
      expect([...reasons].filter((reason) => reason !== allowed)).toEqual([])
      // Doubling and halving over ids, and one page for each row at worst.
      expect(requests()).toBeLessThan(100 + 2 * rows.length)
    }),
    { numRuns: RUNS },
  )
})

test('the search for a block trade costs little, also far from where ids begin', async () => {
  const times = Array.from({ length: 5_000 }, (_, row) =>
    micros(ORIGIN + BigInt(row) * 10_000_000n),
  )
  const rows = times.map((time, row) => ({
    id: 9_000_000_000n + 1_000n * BigInt(row),
    price: '1.00000000',
    quantity: '1.00000000',
    quoteQuantity: '1.00000000',
    time,
    isBuyerMaker: false,
  }))
  const exchange = exchangeOf({ rows: { blockTrades: rows } }, 1_000)
  const key = { market: 'spot', dataset: 'blockTrades', symbol: 'BTCUSDT' } as const
  const { ask, requests } = asker(exchange, key, NOW)
  const find = findBlockTrade(ask, { limit: 1_000, readAhead: 1, hasRowsBefore: false })
  expect(await find(times[4_321]!)).toEqual({
    id: rows[4_321]!.id,
    isProven: true,
    hasRowsBefore: true,
  })
  expect(requests()).toBeLessThan(20)
})
