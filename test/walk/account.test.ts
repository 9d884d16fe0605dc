/** The walk over an account: every row once, grouped by partition, by keys, whatever ids and times do. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DataError } from '../../src/base/errors.ts'
import { micros, parseMicros, periodOf, type Micros, type Window } from '../../src/base/time.ts'
import { DATASETS, datasetOf } from '../../src/binance/market.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { signer } from '../../src/pull/sign.ts'
import { walkAccount } from '../../src/walk/account.ts'
import type { PageParams } from '../../src/walk/walk.ts'
import type { AccountTrade, Order } from '../../src/simulator/account-rows.ts'
import { Exchange, type ExchangeOptions } from '../../src/simulator/index.ts'
import { accountOf } from '../support/accounts.ts'
import { asker, keysOf } from '../support/walks.ts'
import type { Step } from '../../src/rows/step.ts'
import { openOrderWindows } from '../../src/store/fresh.ts'
import { barePage } from '../support/bare-page.ts'
import type { Page } from '../../src/rows/page.ts'

const RUNS = Number(process.env['WALK_RUNS'] ?? 250)
const ORIGIN = parseMicros('2024-02-27')
const MONTH = parseMicros('2024-03-01')
const NOW = parseMicros('2026-01-01')
const HOUR = 3_600_000_000n
const DAY = 24n * HOUR

const { account, credentials } = accountOf('hmac')
const sign = signer(credentials)

/** Pauses between rows: bursts in one microsecond, hours, weeks. */
const pause = fc.constantFrom(0n, 0n, 0n, 1n, 999n, HOUR, 11n * HOUR, DAY, 20n * DAY)
const steps = fc.array(fc.tuple(pause, fc.constantFrom(1n, 2n, 999n)), { maxLength: 40 })
const window: fc.Arbitrary<Window> = fc
  .tuple(
    fc.integer({ min: -30, max: 60 }),
    fc.integer({ min: 1, max: 90 }),
    fc.constantFrom(0n, 1n, 500n, 1_000n, HOUR + 1n),
  )
  .map(([from, length, shift]) => ({
    from: micros(ORIGIN + BigInt(from) * DAY + shift),
    to: micros(ORIGIN + BigInt(from + length) * DAY + shift),
  }))
const reading = fc.constantFrom('instant' as const, 'wholeMs' as const)
const caps = fc.integer({ min: 1, max: 12 })

function tradeAt(id: bigint, time: Micros): AccountTrade {
  return {
    id,
    orderId: id,
    price: '1.00000000',
    quantity: '1.00000000',
    quoteQuantity: '1.00000000',
    commission: '0.00000000',
    commissionAsset: 'BNB',
    time,
    isBuyer: true,
    isMaker: true,
    isBestMatch: true,
  }
}

function orderAt(id: bigint, time: Micros): Order {
  return {
    id,
    clientOrderId: `o${id}`,
    price: '1.00000000',
    origQuantity: '1.00000000',
    executedQuantity: '0.00000000',
    cumulativeQuote: '0.00000000',
    status: 'CANCELED',
    timeInForce: 'GTC',
    type: 'LIMIT',
    side: 'BUY',
    time,
    updateTime: time,
    isWorking: true,
    origQuoteOrderQuantity: '0.00000000',
    selfTradePreventionMode: 'NONE',
  }
}

type Placed = { readonly id: bigint; readonly time: Micros }

function placed(pauses: readonly (readonly [bigint, bigint])[], from: Micros = ORIGIN): Placed[] {
  let [id, time] = [77n, from]
  return pauses.map(([wait, skip]) => {
    time = micros(time + wait)
    id += skip
    return { id, time }
  })
}

const TRADES = { market: 'spot', dataset: 'myTrades', symbol: 'BTCUSDT', account: 'tests' } as const
const ORDERS = { ...TRADES, dataset: 'allOrders' } as const
const ALLOCATIONS = { ...TRADES, dataset: 'myAllocations' } as const

function walkOf(
  key: SeriesKey,
  rows: readonly Placed[],
  pageRows: number,
  reading: Pick<ExchangeOptions, 'msEndTime' | 'allocationCursor'>,
  now: Micros = NOW,
  askedUntil?: Micros,
) {
  const own = {
    trades: rows.map(({ id, time }) => tradeAt(id, time)),
    orders: rows.map(({ id, time }) => orderAt(id, time)),
    allocations: rows.map(({ id, time }) => tradeAt(id, time)),
  }
  const exchange = new Exchange({
    symbols: [{ symbol: 'BTCUSDT', rows: {} }],
    accounts: [{ ...account, rows: { BTCUSDT: own } }],
    pageRows,
    limits: { rules: [] },
    ...reading,
  })
  const { ask, requests } = asker(exchange, key, now, sign)
  const { cursor = 'fromId' } = datasetOf(key)
  const options = {
    limit: pageRows,
    readAhead: 4,
    hasRowsBefore: false,
    cursor,
    partition: 'month' as const,
    now,
    askedUntil,
  }
  return {
    requests,
    walk: (wanted: Window, nextId?: bigint) =>
      keysOf(walkAccount(wanted, ask, { ...options, nextId })),
  }
}

const inside =
  ({ from, to }: Window) =>
  ({ time }: Placed): boolean =>
    from <= time && time < to

/** By month, then by key: as a lake wants them. */
function inPartitions(rows: readonly Placed[]): bigint[] {
  const period = ({ time }: Placed): string => periodOf(time, 'month')
  return [...rows]
    .sort((a, b) => period(a).localeCompare(period(b)) || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id)
}

test('myTrades: every row of the window once, in order, any cap, with few requests', async () => {
  await fc.assert(
    fc.asyncProperty(steps, window, caps, reading, async (pauses, wanted, pageRows, msEndTime) => {
      const rows = placed(pauses)
      const { walk, requests } = walkOf(TRADES, rows, pageRows, { msEndTime })
      const { keys, steps: taken } = await walk(wanted)
      const expected = rows.filter(inside(wanted))
      expect(keys).toEqual(expected.map(({ id }) => id))
      expect(taken.at(-1)?.reached).toBe(wanted.to)
      // Where there was never any row, nothing agrees with the empty answers.
      const gaps = rows.length === 0 ? [{ ...wanted, reason: 'unconfirmed' }] : []
      expect(taken.flatMap((step) => step.gaps)).toEqual(gaps)
      const days = Number((wanted.to - wanted.from) / DAY) + 2
      expect(requests()).toBeLessThanOrEqual(26 + 2 * days + Math.ceil(rows.length / pageRows))
    }),
    { numRuns: RUNS },
  )
})

test('allOrders: grouped by month and sorted by id, also where ids and times interleave', async () => {
  const jitter = fc.array(fc.bigInt({ min: 0n, max: HOUR / 2n }), { minLength: 40, maxLength: 40 })
  // Around the end of a month, which is the end of a day, of a window and of a request too.
  const begin = fc.constantFrom(0n, HOUR / 4n, HOUR, DAY).map((before) => micros(MONTH - before))
  const near = fc
    .tuple(fc.integer({ min: -3, max: 1 }), fc.integer({ min: 1, max: 4 }))
    .map(([from, days]) => ({
      from: micros(MONTH + BigInt(from) * DAY),
      to: micros(MONTH + BigInt(from + days) * DAY),
    }))
  const wanted = fc.oneof(near, near, window)
  await fc.assert(
    fc.asyncProperty(steps, jitter, begin, wanted, caps, async (pauses, late, from, span, cap) => {
      const rows = placed(pauses, from).map(({ id, time }, row) => ({
        id,
        time: micros(time + (late[row] ?? 0n)),
      }))
      const { walk } = walkOf(ORDERS, rows, cap, {})
      const { keys, steps: taken } = await walk(span)
      expect(keys).toEqual(inPartitions(rows.filter(inside(span))))
      expect(taken.at(-1)?.reached).toBe(span.to)
      const timeOf = new Map(rows.map(({ id, time }) => [id, time]))
      let seen = 0
      for (const { page, first, end, reached } of taken) {
        const ids = page?.keys.slice(first, end) ?? []
        const periods = new Set([...ids].map((id) => periodOf(timeOf.get(id)!, 'month')))
        expect(periods.size).toBeLessThanOrEqual(1)
        seen += ids.length
        // Nothing before `reached` is still to come.
        for (const id of keys.slice(seen)) expect(timeOf.get(id)! >= reached).toBe(true)
      }
    }),
    { numRuns: RUNS * 4 },
  )
})

test('myAllocations: every row once, whether the cursor names the first row or the one before it', async () => {
  const cursors = fc.constantFrom('first' as const, 'after' as const)
  const firstIds = fc.constantFrom(0n, 1n, 78n)
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(steps, firstIds, caps),
      window,
      cursors,
      reading,
      async ([pauses, firstId, pageRows], wanted, allocationCursor, msEndTime) => {
        const all = placed(pauses)
        const shift = firstId - (all[0]?.id ?? 0n)
        const rows = all.map(({ id, time }) => ({ id: id + shift, time }))
        const { walk } = walkOf(ALLOCATIONS, rows, pageRows, { allocationCursor, msEndTime })
        const { keys, steps: taken } = await walk(wanted)
        expect(keys).toEqual(rows.filter(inside(wanted)).map(({ id }) => id))
        expect(taken.at(-1)?.reached).toBe(wanted.to)
      },
    ),
    { numRuns: RUNS },
  )
})

test('myTrades go on from the last stored id without asking for a time', async () => {
  const rows = placed(Array.from({ length: 30 }, () => [11n * HOUR, 3n] as const))
  const { walk, requests } = walkOf(TRADES, rows, 4, {})
  const { keys } = await walk({ from: rows[20]!.time, to: NOW }, rows[19]!.id + 1n)
  expect(keys).toEqual(rows.slice(20).map(({ id }) => id))
  // Three pages, two empty ones, and the newest row, which agrees.
  expect(requests()).toBe(6)
})

test('an account that began later, or never traded, costs few requests', async () => {
  const wanted = { from: parseMicros('2018-01-01'), to: ORIGIN }
  const later = walkOf(TRADES, placed([[DAY, 1n]]), 1000, {})
  expect((await later.walk(wanted)).keys).toEqual([])
  expect(later.requests()).toBe(3)
  const within = walkOf(TRADES, placed([[DAY, 1n]]), 1000, {})
  expect((await within.walk({ from: wanted.from, to: NOW })).keys).toEqual([78n])
  expect(within.requests()).toBe(7)
  const never = walkOf(ORDERS, [], 1000, {})
  const { keys, steps: taken } = await never.walk(wanted)
  expect([keys, taken.at(-1)?.reached, never.requests()]).toEqual([[], wanted.to, 5])
})

describe('requests', () => {
  const pageOf = (rows: readonly Placed[]): Page =>
    barePage(
      BigInt64Array.from(rows.map(({ id }) => id)),
      BigInt64Array.from(rows.map(({ time }) => time)),
    )
  const options = {
    limit: 10,
    readAhead: 1,
    hasRowsBefore: false,
    cursor: 'orderId',
    partition: 'month',
    now: NOW,
  } as const

  const wanted = { from: ORIGIN, to: micros(ORIGIN + 3n * DAY + 1n) }

  async function walkPages(
    answers: (params: PageParams) => readonly Placed[],
    onStep: (step: Step) => void = () => undefined,
  ): Promise<PageParams[]> {
    const asked: PageParams[] = []
    const ask = async (params: PageParams, check: (page: Page) => void): Promise<Page> => {
      asked.push(params)
      const page = pageOf(answers(params))
      check(page)
      return page
    }
    for await (const step of walkAccount(wanted, ask, options)) {
      onStep(step)
    }
    return asked
  }

  const HELD = [-800n, ...Array.from({ length: 40 }, (_, row) => 26n + BigInt(row))].map(
    (hours, row): Placed => ({ id: BigInt(row + 1), time: micros(ORIGIN + hours * HOUR) }),
  )
  /** What the exchange holds; empty, however much there is, for the first request that `isLost`. */
  function withOneLost(isLost: (params: PageParams) => boolean): (params: PageParams) => Placed[] {
    let wasLost = false
    return (params) => {
      const { orderId = 0n, startTime = 0n, endTime = 2n ** 62n, limit } = params
      if (params.orderId === undefined && params.startTime === undefined) return HELD.slice(-limit)
      const isEmpty = !wasLost && isLost(params)
      wasLost ||= isEmpty
      if (isEmpty) return []
      const isAsked = ({ id, time }: Placed): boolean =>
        id >= orderId && time >= startTime * 1_000n && time <= endTime * 1_000n
      return HELD.filter(isAsked).slice(0, limit)
    }
  }

  test.each<[string, (params: PageParams) => boolean]>([
    ['the day of the first row', ({ startTime }) => startTime! > ORIGIN / 1_000n],
    ['a page in the middle', ({ orderId }) => orderId === 12n],
    ['the oldest rows', ({ orderId }) => orderId === 1n],
  ])('one empty answer for %s is not believed', async (_, isLost) => {
    const ids: bigint[] = []
    await walkPages(withOneLost(isLost), ({ page, first, end, gaps }) => {
      expect(gaps).toEqual([])
      ids.push(...(page?.keys.slice(first, end) ?? []))
    })
    expect(ids).toEqual(HELD.slice(1).map(({ id }) => id))
  })

  test('rows that a time found, and that do not come by their id, are no empty window', async () => {
    const first = { id: 9n, time: micros(ORIGIN + HOUR) }
    const gaps: unknown[] = []
    await walkPages(
      ({ orderId }) => (orderId === undefined ? [first] : []),
      (step) => gaps.push(...step.gaps),
    )
    expect(gaps).toEqual([{ ...wanted, reason: 'unconfirmed' }])
  })

  test('never span more than a day, never mix ids and times, and leave no time unasked', async () => {
    const old = { id: 1n, time: micros(ORIGIN - 900n * DAY) }
    const asked = await walkPages(({ orderId, startTime }) =>
      orderId === 1n || (orderId === undefined && startTime === undefined) ? [old] : [],
    )
    const byTime = asked.filter(({ startTime }) => startTime !== undefined)
    const spans = byTime.filter((_, index) => index % 2 === 0)
    expect(byTime).toEqual(spans.flatMap((span) => [span, span]))
    expect(spans.length).toBe(4)
    expect(spans[0]?.startTime).toBe(ORIGIN / 1_000n)
    for (const [index, { startTime, endTime }] of spans.entries()) {
      expect(endTime! - startTime!).toBeLessThanOrEqual(86_400_000n)
      const next = spans[index + 1]
      if (next !== undefined) expect(next.startTime! <= endTime!).toBe(true)
    }
    expect(spans.at(-1)!.endTime! * 1_000n).toBeGreaterThanOrEqual(ORIGIN + 3n * DAY)
    expect(asked.filter(({ orderId }) => orderId !== undefined)).toEqual([
      { orderId: 1n, limit: 10 },
    ])
  })

  test('rows outside of what was asked are refused', async () => {
    const far = { id: 9n, time: micros(ORIGIN + 2n * DAY) }
    await expect(
      walkPages(({ startTime }) => (startTime === undefined ? [] : [far])),
    ).rejects.toThrow(DataError)
    const near = { id: 9n, time: micros(ORIGIN + HOUR) }
    const lower = ({ startTime }: PageParams): Placed[] =>
      startTime === undefined ? [{ id: 5n, time: near.time }] : [near]
    await expect(walkPages(lower)).rejects.toThrow(/from id 9 on, got id 5/)
  })

  test('ids and times that part by more than an hour are refused', async () => {
    const first = { id: 9n, time: micros(ORIGIN + 30n * HOUR) }
    const overtaken = { id: 10n, time: micros(ORIGIN + 28n * HOUR) }
    const answers = ({ startTime, orderId }: PageParams): Placed[] => {
      if (startTime !== undefined && startTime * 1_000n > ORIGIN) return [first]
      if (orderId === 1n) return [{ id: 1n, time: micros(ORIGIN - DAY) }]
      return orderId === 10n ? [overtaken] : orderId === undefined ? [] : [first]
    }
    await expect(walkPages(answers)).rejects.toThrow(/ids and times disagree/)
  })
})

describe('where rows end', () => {
  const rows = placed([
    [HOUR, 1n],
    [DAY, 1n],
  ])
  const last = rows[1]!.time
  const endOf = async (now: Micros, wanted: Window, asked: readonly Placed[] = rows) => {
    const { walk } = walkOf(TRADES, asked, 1000, {}, now)
    const { keys, steps: taken } = await walk(wanted)
    const fresh = taken.flatMap((step) => [...(step.fresh ?? [])])
    return { keys, gaps: taken.flatMap(({ gaps }) => gaps), fresh }
  }

  test('what is younger than two days is asked for again, and what is older is not', async () => {
    const young = { from: ORIGIN, to: micros(last + 3n * DAY) }
    const { keys, gaps, fresh } = await endOf(micros(young.to + 1n), young)
    expect(keys).toEqual(rows.map(({ id }) => id))
    expect([gaps, fresh]).toEqual([[], [{ from: micros(last + DAY + 1n), to: young.to }]])
    expect((await endOf(micros(young.to + 2n * DAY), young)).fresh).toEqual([])
  })

  test('the hour before the last row is asked for again while that is young', async () => {
    const young = { from: ORIGIN, to: micros(last + HOUR) }
    const { fresh } = await endOf(young.to, young)
    expect(fresh).toEqual([{ from: micros(last - HOUR), to: young.to }])
  })

  test('an account without any row is believed when a later run finds none either', async () => {
    const wanted = { from: ORIGIN, to: micros(ORIGIN + DAY) }
    const { walk } = walkOf(TRADES, [], 1000, {}, NOW, wanted.to)
    expect((await endOf(NOW, wanted, [])).gaps).toEqual([{ ...wanted, reason: 'unconfirmed' }])
    expect((await walk(wanted)).steps.flatMap(({ gaps }) => gaps)).toEqual([])
  })
})

describe('open orders of the last run', () => {
  const at = (hours: number): Micros => micros(ORIGIN + BigInt(hours) * HOUR)

  test('are asked for again by the millisecond that they were made in', () => {
    const time = micros(ORIGIN + 1_234_567n)
    const windows = openOrderWindows([{ time, status: 'NEW' }])
    expect(windows).toEqual([{ from: ORIGIN + 1_234_000n, to: ORIGIN + 1_235_000n }])
  })

  test('are those that may still change, near ones with one request', () => {
    const orders = [
      { time: at(40), status: 'PARTIALLY_FILLED' },
      { time: at(0), status: 'NEW' },
      { time: at(5), status: 'FILLED' },
      { time: at(11), status: 'PENDING_NEW' },
      { time: at(60), status: 'CANCELED' },
    ]
    expect(openOrderWindows(orders)).toEqual([
      { from: at(0), to: micros(at(11) + 1_000n) },
      { from: at(40), to: micros(at(40) + 1_000n) },
    ])
  })

  test('none are open: nothing is asked', () => {
    expect(openOrderWindows([{ time: at(0), status: 'FILLED' }])).toEqual([])
  })
})

test('what account walks rest on is what the datasets say', () => {
  for (const kind of ['myTrades', 'allOrders', 'myAllocations'] as const)
    expect(DATASETS[kind]).toMatchObject({
      walk: 'accountWindow',
      security: 'signed',
      time: 'time',
    })
})
