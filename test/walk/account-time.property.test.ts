/** The walk over an account by windows alone: every row once, whatever ids, order and cuts of answers. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { micros, parseMicros, periodOf, type Micros, type Window } from '../../src/base/time.ts'
import { datasetOf } from '../../src/binance/market.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { signer } from '../../src/pull/sign.ts'
import type { FuturesRow } from '../../src/simulator/account-rows.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { walkAccountTime } from '../../src/walk/account-time.ts'
import { accountOf } from '../support/accounts.ts'
import { asker, keysOf } from '../support/walks.ts'

const RUNS = Number(process.env['WALK_RUNS'] ?? 100)
const NOW = parseMicros('2026-11-30T12:34:56.789')
const DAY_MS = 86_400_000
const NOW_MS = Number(NOW / 1000n)
/** As far back as rows are asked for. */
const REACH = micros(NOW - BigInt(89 * DAY_MS - 3_600_000) * 1000n)

const { account, credentials } = accountOf('hmac')
const sign = signer(credentials, undefined, 'ms')

const SERIES = {
  trades: { market: 'um', dataset: 'userTrades', symbol: 'BTCUSDT', account: 'tests' },
  income: { market: 'cm', dataset: 'income', symbol: 'FUNDING_FEE', account: 'tests' },
} as const satisfies Record<string, SeriesKey>
type Series = keyof typeof SERIES

type Row = { readonly id: number; readonly ms: number }

/** Pauses in ms; at most three rows share a millisecond. */
const sparse = fc.array(
  fc.constantFrom(0, 0, 1, 60_000, 7 * 3_600_000, DAY_MS, 3 * DAY_MS, 20 * DAY_MS),
  { maxLength: 60 },
)
/** More in a window than the exchange may allow in an answer. */
const dense = fc.array(fc.constantFrom(0, 1, 60_000), { minLength: 30, maxLength: 120 })
const pauses = fc.oneof(sparse, dense)
const window = fc
  .tuple(
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 0, max: 100 }),
    fc.constantFrom(0, 1, 1_000_000, 999),
  )
  .map(([from, length, shift]) => ({
    from: micros(NOW - BigInt(from * DAY_MS) * 1000n + BigInt(shift)),
    to: micros(NOW - BigInt(Math.max(0, from - length - 1) * DAY_MS) * 1000n - BigInt(shift)),
  }))
  .filter(({ from, to }) => from < to)

function placed(series: Series, gaps: readonly number[], beginDays: number): readonly Row[] {
  let ms = NOW_MS - beginDays * DAY_MS
  let zeros = 0
  const rows = gaps.map((gap, place): Row => {
    zeros = gap === 0 ? zeros + 1 : 0
    ms += zeros > 2 ? 1 : gap
    if (zeros > 2) zeros = 0
    // Ids of transactions have nothing to do with times.
    const id = series === 'income' ? ((place * 7_919) % 10_007) + 1 : place * 3 + 1
    return { id, ms }
  })
  return rows.filter((row) => row.ms < NOW_MS)
}

function sentRow(series: Series, { id, ms: time }: Row): FuturesRow {
  return series === 'income'
    ? {
        ...{ symbol: '', incomeType: 'FUNDING_FEE', income: '-0.1', asset: 'BTC', info: '' },
        ...{ time, tranId: String(id), tradeId: '' },
      }
    : {
        ...{ symbol: 'BTCUSDT', id, orderId: id, side: 'BUY', price: '1', qty: '1', quoteQty: '1' },
        ...{ realizedPnl: '0', commission: '0', commissionAsset: 'USDT', time },
        ...{ positionSide: 'BOTH', buyer: true, maker: false },
      }
}

function exchangeOf(
  series: Series,
  rows: readonly Row[],
  how: { cap: number; order: 'oldest' | 'newest' },
) {
  const sent = rows.map((row) => sentRow(series, row))
  const futures =
    series === 'income' ? { cm: { income: sent } } : { um: { userTrades: { BTCUSDT: sent } } }
  return new Exchange({
    symbols: [{ symbol: 'BTCUSDT', rows: {} }],
    um: { symbols: [{ symbol: 'BTCUSDT', rows: {} }], accountRows: how.order },
    cm: { symbols: [{ symbol: 'BTCUSD_PERP', rows: {} }], accountRows: how.order },
    accounts: [{ ...account, futures }],
    pageRows: how.cap,
    futuresLimits: { rules: [] },
  })
}

function walk(series: Series, exchange: Exchange, wanted: Window, limit: number) {
  const key = SERIES[series]
  const { ask, requests } = asker(exchange, key, NOW, sign)
  const steps = walkAccountTime(wanted, ask, {
    ...{ limit, readAhead: 1, hasRowsBefore: false, now: NOW, partition: 'month' },
    dataset: datasetOf(key),
  })
  return { steps, requests }
}

const periodsOf = (rows: readonly Row[]): readonly bigint[] => {
  const period = ({ ms }: Row): string => periodOf(micros(BigInt(ms) * 1000n), 'month')
  return [...rows]
    .sort((a, b) => period(a).localeCompare(period(b)) || a.id - b.id)
    .map(({ id }) => BigInt(id))
}

const inside =
  ({ from, to }: { from: Micros; to: Micros }) =>
  ({ ms }: Row): boolean =>
    BigInt(ms) * 1000n >= from && BigInt(ms) * 1000n < to

// The exchange may allow fewer rows than are asked for: a round number.
const caps = fc.oneof(
  fc.integer({ min: 4, max: 12 }).map((limit) => ({ limit, cap: limit })),
  fc.constantFrom({ limit: 1000, cap: 25 }, { limit: 1000, cap: 50 }, { limit: 500, cap: 1000 }),
)

test.each(['trades', 'income'] as const)(
  '%s: every row of the window once, by month and by key',
  async (series) => {
    await fc.assert(
      fc.asyncProperty(
        ...([pauses, window, caps, fc.constantFrom('oldest' as const, 'newest' as const)] as const),
        fc.integer({ min: 1, max: 120 }),
        async (gaps, wanted, { limit, cap }, order, beginDays) => {
          const rows = placed(series, gaps, beginDays)
          const { steps, requests } = walk(
            series,
            exchangeOf(series, rows, { cap, order }),
            wanted,
            limit,
          )
          const { keys, steps: taken } = await keysOf(steps)
          const from = wanted.from > REACH ? wanted.from : REACH
          expect(keys).toEqual(periodsOf(rows.filter(inside({ from, to: wanted.to }))))
          const reached = taken.map((step) => step.reached)
          expect(reached).toEqual([...reached].sort((a, b) => (a < b ? -1 : 1)))
          expect(reached.at(-1)).toBe(wanted.to)
          for (const { from: begin, to, reason } of taken.flatMap((step) => step.gaps)) {
            expect(['unavailable-from-rest', 'unconfirmed']).toContain(reason)
            expect(
              rows
                .filter(inside({ from: begin, to }))
                .filter(({ ms }) => BigInt(ms) * 1000n >= from),
            ).toEqual([])
          }
          const windows = Number(wanted.to - wanted.from) / 1000 / (6 * DAY_MS) + 8
          // An empty window is asked for twice; a full one is halved, down to the millisecond where rows share it.
          expect(requests()).toBeLessThan(2 * windows + 60 * rows.length + 10)
        },
      ),
      { numRuns: RUNS },
    )
  },
)

test('a row that only the answer without times has is asked for again, and refused if it does not come', async () => {
  const rows = [
    { id: 1, ms: NOW_MS - 20 * DAY_MS },
    { id: 2, ms: NOW_MS - 2 * DAY_MS },
  ]
  const wanted = { from: micros(NOW - BigInt(30 * DAY_MS) * 1000n), to: NOW }
  const exchange = exchangeOf('trades', rows, { cap: 1000, order: 'oldest' })
  const { ask } = asker(exchange, SERIES.trades, NOW, sign)
  const lacking = exchangeOf('trades', rows.slice(0, 1), { cap: 1000, order: 'oldest' })
  const late = asker(lacking, SERIES.trades, NOW, sign)
  const walkWith = (tries: number) => {
    let left = tries
    return walkAccountTime(
      wanted,
      (params, ...rest) => {
        const isByTime = params.startTime !== undefined && params.endTime! >= BigInt(rows[1]!.ms)
        return isByTime && left-- > 0 ? late.ask(params, ...rest) : ask(params, ...rest)
      },
      {
        ...{ limit: 1000, readAhead: 1, hasRowsBefore: false, now: NOW, partition: 'month' },
        dataset: datasetOf(SERIES.trades),
      },
    )
  }
  expect((await keysOf(walkWith(2))).keys).toEqual([1n, 2n])
  const kept: bigint[] = []
  const broken = (async () => {
    for await (const { page, first, end } of walkWith(Infinity))
      if (page !== undefined) kept.push(...page.keys.slice(first, end))
  })()
  await expect(broken).rejects.toThrow('trade_id 2 came without times')
  expect(kept).toEqual([1n])
})

test('a full answer without times does not prove that no row follows its last one', async () => {
  const rows = [5, 4, 3, 2, 1].map((days, place) => ({ id: place + 1, ms: NOW_MS - days * DAY_MS }))
  const how = { cap: 4, order: 'oldest' } as const
  const whole = asker(exchangeOf('trades', rows, how), SERIES.trades, NOW, sign)
  // A host that lags behind answers all but the question by id.
  const late = asker(exchangeOf('trades', rows.slice(0, 4), how), SERIES.trades, NOW, sign)
  const wanted = { from: micros(NOW - BigInt(6 * DAY_MS) * 1000n), to: NOW }
  const steps = walkAccountTime(
    wanted,
    (params, ...rest) => (params.fromId === undefined ? late : whole).ask(params, ...rest),
    {
      ...{ limit: 4, readAhead: 1, hasRowsBefore: false, now: NOW, partition: 'month' },
      dataset: datasetOf(SERIES.trades),
    },
  )
  const { keys, steps: taken } = await keysOf(steps)
  expect(keys).toEqual([1n, 2n, 3n, 4n])
  const lost = micros(BigInt(rows[4]!.ms) * 1000n)
  const gaps = taken.flatMap((step) => step.gaps)
  expect(gaps.filter(({ from, to }) => from <= lost && lost < to)).toMatchObject([
    { reason: 'unconfirmed' },
  ])
})
