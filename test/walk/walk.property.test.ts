/** The law of the walk: its pages, put together, are the rows of the window, each once, in order, with finite requests. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { union } from '../../src/base/coverage.ts'
import { isKnown } from '../../src/base/gap.ts'
import { micros } from '../../src/base/time.ts'
import { gridCeil, gridFloor, gridNext } from '../../src/binance/interval.ts'
import { findByTime } from '../../src/walk/first-row.ts'
import { walkIds } from '../../src/walk/ids.ts'
import { walkKlines } from '../../src/walk/klines.ts'
import type { AskPage } from '../../src/walk/walk.ts'
import {
  Exchange,
  type AggTrade,
  type ExchangeOptions,
  type Kline,
  type SymbolOptions,
} from '../../src/simulator/index.ts'
import {
  aggTradeAt,
  aggTrades,
  crowdedKlines,
  klineAt,
  klines,
  minute,
  ORIGIN,
  window,
} from '../support/histories.ts'
import { asker, inTurn, keysOf, SETTLED } from '../support/walks.ts'

const RUNS = Number(process.env['WALK_RUNS'] ?? 500)
const NOW = minute(24 * 60)
/** Everything is old by then: an empty answer that the newest row agrees with is believed. */
const LATER = minute(4 * 24 * 60)

const reading = fc.record({
  bothTimes: fc.constantFrom('first' as const, 'last' as const),
  msEndTime: fc.constantFrom('instant' as const, 'wholeMs' as const),
})

const MINUTES = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' } as const

function exchangeOf(
  rows: readonly Kline[],
  options: Omit<ExchangeOptions, 'symbols'>,
  flaky: SymbolOptions['flaky'] = [],
): Exchange {
  return new Exchange({
    symbols: [{ symbol: 'BTCUSDT', rows: { klines: { '1m': rows } }, flaky }],
    limits: { rules: [] },
    ...options,
  })
}

const AGG_TRADES = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const

function tradesOf(rows: readonly AggTrade[], pageRows: number): AskPage {
  const exchange = new Exchange({
    symbols: [{ symbol: 'BTCUSDT', rows: { aggTrades: rows } }],
    pageRows,
    limits: { rules: [] },
  })
  return asker(exchange, AGG_TRADES, NOW).ask
}

/** The first row that a replica lacks, and how many. */
type Lack = readonly [number, number]
// Where the first ids are lacked, nothing tells that they were there.
const lack: fc.Arbitrary<Lack> = fc.tuple(
  fc.integer({ min: 2, max: 80 }),
  fc.constantFrom(1, 2, 5, 1_000),
)
const without = <T>(rows: readonly T[], [first, count]: Lack): T[] => rows.toSpliced(first, count)

/** The page cap of the exchange, and what the walk asks for: as much, or more. */
const caps = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 3 }))

test.each([
  ['apart', klines, caps],
  // Whoever asks for more than the exchange gives cannot tell a page that is cut within its last slot.
  ['crowded', crowdedKlines, fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constant(0))],
] as const)(
  'klines, %s: every row of the window once, in order; every empty slot is a gap',
  async (_, histories, pages) => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        window,
        pages,
        reading,
        fc.boolean(),
        async (rows, wanted, [pageRows, more], open, isYoung) => {
          const exchange = exchangeOf(rows, { pageRows, ...open })
          const { ask, requests } = asker(exchange, MINUTES, NOW)
          const options = {
            limit: pageRows + more,
            readAhead: 4,
            hasRowsBefore: false,
            otherEvidence: isYoung ? { ...SETTLED, now: NOW } : SETTLED,
          }
          const { keys, steps } = await keysOf(walkKlines(wanted, '1m', ask, options))

          const expected = rows
            .map(({ openTime }) => openTime)
            .filter((t) => wanted.from <= t && t < wanted.to)
          expect(keys).toEqual(expected)
          expect(steps.at(-1)?.reached).toBe(wanted.to)
          const filled = new Set(rows.map(({ openTime }) => gridFloor('1m', openTime)))
          const gaps = union(steps.flatMap((step) => [...step.gaps]))
          for (
            let slot = gridCeil('1m', wanted.from);
            slot < wanted.to;
            slot = gridNext('1m', slot)
          ) {
            // A kline off the grid may open in the last slot and yet after the window's end.
            if (slot + 60_000_000n > wanted.to) continue
            const isInGap = gaps.some(({ from, to }) => from <= slot && slot < to)
            expect(isInGap, String(slot)).toBe(!filled.has(slot))
          }
          const slots = Number((wanted.to - wanted.from) / 60_000_000n) + 2
          expect(requests()).toBeLessThan(20 + 6 * Math.max(slots, rows.length))
        },
      ),
      { numRuns: RUNS },
    )
  },
)

test('regression: the second kline of a slot is not lost where a full page ends, and that costs no request', async () => {
  const grid = Array.from({ length: 24 }, (_, slot) => minute(slot))
  const options = { limit: 5, readAhead: 4, hasRowsBefore: true, otherEvidence: SETTLED }
  const wanted = { from: ORIGIN, to: minute(24) }
  for (let slot = 0; slot < grid.length; slot++) {
    const opens = [...grid, micros(minute(slot) + 28_153_000n), micros(minute(slot) + 40_000_000n)]
    const rows = opens.sort((a, b) => (a < b ? -1 : 1)).map((open) => klineAt(open))
    const { ask } = asker(exchangeOf(rows, { pageRows: 5 }), MINUTES, NOW)
    const { keys, steps } = await keysOf(walkKlines(wanted, '1m', ask, options))
    expect(keys, `slot ${slot}`).toEqual(opens)
    expect(steps.flatMap(({ gaps }) => gaps)).toEqual([])
  }
  const calm = asker(
    exchangeOf(
      grid.map((open) => klineAt(open)),
      { pageRows: 5 },
    ),
    MINUTES,
    NOW,
  )
  await keysOf(walkKlines(wanted, '1m', calm.ask, options))
  expect(calm.requests()).toBe(5)
})

test('klines that the first answers leave out are found by asking again', async () => {
  const flakyWindow = fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 10 }))
  await fc.assert(
    fc.asyncProperty(klines, caps, flakyWindow, async (rows, [pageRows], [at, length]) => {
      const missing = { from: minute(at), to: minute(at + length) }
      const exchange = exchangeOf(rows, { pageRows }, [{ window: missing, times: 1 }])
      const { ask } = asker(exchange, MINUTES, NOW)
      const wanted = { from: ORIGIN, to: minute(60) }
      const options = {
        limit: pageRows,
        readAhead: 1,
        hasRowsBefore: false,
        otherEvidence: SETTLED,
      }
      const { keys } = await keysOf(walkKlines(wanted, '1m', ask, options))
      expect(keys).toEqual(rows.map(({ openTime }) => openTime))
    }),
    { numRuns: RUNS / 5 },
  )
})

test('aggTrades: every row of the window once, in order, whatever shares a microsecond', async () => {
  const bound = fc.integer({ min: -2, max: 6 })
  await fc.assert(
    fc.asyncProperty(
      aggTrades,
      bound,
      bound,
      caps,
      reading,
      async (rows, a, b, [pageRows, more], open) => {
        fc.pre(a !== b)
        const exchange = new Exchange({
          symbols: [{ symbol: 'BTCUSDT', rows: { aggTrades: rows } }],
          pageRows,
          limits: { rules: [] },
          ...open,
        })
        const key = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
        const { ask, requests } = asker(exchange, key, NOW)
        // Bounds also fall between microseconds of one millisecond.
        const [from, to] = [Math.min(a, b), Math.max(a, b)].map((n) =>
          micros(minute(n) + BigInt(n) * 7n),
        )
        const wanted = { from: from ?? ORIGIN, to: to ?? ORIGIN }
        const options = {
          limit: pageRows + more,
          readAhead: 4,
          hasRowsBefore: false,
          nextId: undefined,
          now: LATER,
        }
        const { keys, steps } = await keysOf(
          walkIds(wanted, findByTime(ask, options), ask, options),
        )

        const inside = rows.filter(({ time }) => wanted.from <= time && time < wanted.to)
        expect(keys).toEqual(inside.map(({ id }) => id))
        expect(steps.at(-1)?.reached).toBe(wanted.to)
        // Where nothing was ever traded, nothing agrees with the empty answers.
        const reason = rows.length === 0 ? 'unconfirmed' : 'before-listing'
        for (const gap of steps.flatMap((step) => step.gaps)) expect(gap.reason).toBe(reason)
        expect(requests()).toBeLessThan(20 + 3 * rows.length)
      },
    ),
    { numRuns: RUNS },
  )
})

test('aggTrades resumed at any row go on without a time, a loss or a double', async () => {
  await fc.assert(
    fc.asyncProperty(aggTrades, fc.nat(), caps, async (rows, cut, [pageRows]) => {
      fc.pre(rows.length > 0)
      const exchange = new Exchange({
        symbols: [{ symbol: 'BTCUSDT', rows: { aggTrades: rows } }],
        pageRows,
        limits: { rules: [] },
      })
      const key = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
      const { ask } = asker(exchange, key, NOW)
      const at = cut % rows.length
      const nextId = rows[at]!.id
      const wanted = { from: micros(rows[at]!.time), to: NOW }
      const options = { limit: pageRows, readAhead: 3, hasRowsBefore: true, nextId, now: LATER }
      const never = () => Promise.reject(new Error('a resumed walk asks for no time'))
      const { keys } = await keysOf(walkIds(wanted, never, ask, options))
      expect(keys).toEqual(rows.slice(at).map(({ id }) => id))
    }),
    { numRuns: RUNS / 5 },
  )
})

const SPARSE = { limit: 10, readAhead: 8, hasRowsBefore: false, nextId: undefined, now: LATER }

test('aggTrades of replicas that lack rows: each comes, or its time is not covered', async () => {
  const law = async (
    rows: readonly AggTrade[],
    [pageRows]: readonly [number, number],
    lacks: readonly Lack[],
    readAhead: number,
  ): Promise<void> => {
    const whole = tradesOf(rows, pageRows)
    const lacking = lacks.map((lack) => tradesOf(without(rows, lack), pageRows))
    const { ask, requests } = inTurn(whole, [...lacking, whole])
    const options = { ...SPARSE, limit: pageRows, readAhead, hasRowsBefore: true }
    const walk = walkIds({ from: ORIGIN, to: NOW }, findByTime(ask, options), ask, options)
    const told = await keysOf(walk)
    expect(requests()).toBeLessThan(50 + 20 * rows.length)
    const came = new Set(told.keys)
    const open = told.steps.flatMap(({ gaps }) => gaps).filter((gap) => !isKnown(gap))
    for (const { id, time } of rows)
      if (!open.some(({ from, to }) => from <= time && time < to)) expect(came).toContain(id)
  }
  const ahead = fc.constantFrom(1, 4)
  await fc.assert(
    fc.asyncProperty(aggTrades, caps, fc.array(lack, { minLength: 1, maxLength: 6 }), ahead, law),
    { numRuns: RUNS / 5 },
  )
})

test.each([
  ['that time found', 0n],
  ['before others that were asked ahead', 100n],
])('regression: rows %s are not taken for absent when they come empty twice', async (_, id) => {
  const rows = Array.from({ length: 200 }, (_row, i) => aggTradeAt(BigInt(i), minute(i)))
  const real = tradesOf(rows, 10)
  let empties = 2
  const ask: AskPage = async (params, check, signal) => {
    const isEmpty = params.fromId === id && params.limit > 1 && empties-- > 0
    return real(isEmpty ? { ...params, fromId: 1_000n } : params, check, signal)
  }
  const wanted = { from: micros(ORIGIN - 5_000_000n), to: minute(500) }
  const { keys } = await keysOf(walkIds(wanted, findByTime(ask, SPARSE), ask, SPARSE))
  expect(keys).toHaveLength(200)
})

test.each<[string, Lack[]]>([
  // Lacks of ids from the first on, so many; in turn.
  ['later rows are seen and then none', [0, 2, 0, 0, 0, 0, 0, 0].map((count) => [10, count || 99])],
  ['they lack different rows for ever', [3, 5].map((count) => [10, count])],
])('regression: nothing is covered from there on where %s', async (_, lacks) => {
  const rows = Array.from({ length: 60 }, (_row, i) => aggTradeAt(BigInt(i), minute(i)))
  const replicas = lacks.map((one) => tradesOf(without(rows, one), 10))
  let asked = 0
  const ask: AskPage = async (...args) => {
    if (asked >= 100) throw new Error('asked 100 times')
    return replicas[asked++ % replicas.length]!(...args)
  }
  const options = { ...SPARSE, readAhead: 1, nextId: 0n }
  const walk = walkIds({ from: ORIGIN, to: minute(50) }, findByTime(ask, options), ask, options)
  const { keys, steps } = await keysOf(walk)
  expect(keys).toEqual(rows.slice(0, 10).map(({ id }) => id))
  expect(steps.flatMap(({ gaps }) => gaps)).toEqual([
    { from: minute(9), to: minute(50), reason: 'unconfirmed' },
  ])
})

test('history that REST no longer has is said to be unavailable, never empty', async () => {
  await fc.assert(
    fc.asyncProperty(aggTrades, fc.nat(), caps, async (rows, cut, [pageRows]) => {
      fc.pre(rows.length > 3)
      const from = BigInt(2 + (cut % (rows.length - 2)))
      const exchange = new Exchange({
        symbols: [{ symbol: 'BTCUSDT', rows: { aggTrades: rows }, restHistoryFrom: from }],
        pageRows,
        limits: { rules: [] },
      })
      const key = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
      const { ask } = asker(exchange, key, NOW)
      const wanted = { from: micros(ORIGIN - 1_000_000n), to: NOW }
      const options = { ...SPARSE, limit: pageRows, readAhead: 3 }
      const { keys, steps } = await keysOf(walkIds(wanted, findByTime(ask, options), ask, options))
      expect(keys).toEqual(rows.slice(Number(from)).map(({ id }) => id))
      const [gap] = steps.flatMap((step) => step.gaps)
      expect(gap).toEqual({
        from: wanted.from,
        to: micros(rows[Number(from)]!.time + 1n),
        reason: 'unavailable-from-rest',
      })
    }),
    { numRuns: RUNS / 5 },
  )
})
