import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatMicros, micros, parseMicros, type Window } from '../../src/base/time.ts'
import {
  trueAggTrades,
  trueBlockTrades,
  trueKlines,
  trueTrades,
  type AggTrade,
  type Kline,
} from '../../src/simulator/index.ts'
import { historyOf } from '../../src/simulator/history.ts'
import { exchangeWith, NOW } from '../support/simulator.ts'

const span = (from: string, to: string): Window => ({
  from: parseMicros(from),
  to: parseMicros(to),
})
const DAY = span('2024-03-05', '2024-03-06')
const units = (text: string): bigint => BigInt(text.replace('.', ''))

function expectPossible(row: Kline): void {
  const { open, high, low, close, volume, quoteVolume, takerVolume, takerQuoteVolume } = row
  for (const price of [open, close]) {
    expect(units(price)).toBeLessThanOrEqual(units(high))
    expect(units(price)).toBeGreaterThanOrEqual(units(low))
  }
  expect(units(low)).toBeGreaterThan(0n)
  expect(units(takerVolume)).toBeLessThanOrEqual(units(volume))
  expect(units(takerQuoteVolume)).toBeLessThanOrEqual(units(quoteVolume))
  expect(units(quoteVolume)).toBeLessThanOrEqual((units(high) * units(volume)) / 100_000_000n)
  expect(units(quoteVolume)).toBeGreaterThanOrEqual(
    (units(low) * units(volume)) / 100_000_000n - 1n,
  )
  for (const text of [open, volume, quoteVolume]) expect(text).toMatch(/^\d+\.\d{8}$/)
}

describe('klines', () => {
  const klines = (symbol: Parameters<typeof exchangeWith>[0], window: Window, interval = '1h') =>
    trueKlines(exchangeWith(symbol), {
      symbol: 'BTCUSDT',
      interval: interval as '1h',
      window,
      now: NOW,
    })

  test('every interval has its own grid, and closes one microsecond before the next open', () => {
    const first = (interval: string): string =>
      formatMicros(klines({}, span('2024-02-01T00:00', '2024-05-01'), interval)[0]!.openTime)
    expect(first('1M')).toBe('2024-02-01T00:00:00.000000Z')
    expect(new Date(first('1w')).getUTCDay()).toBe(1)
    const months = klines({}, span('2024-01-01', '2025-01-01'), '1M')
    expect(months).toHaveLength(12)
    expect(months[1]!.closeTime).toBe(parseMicros('2024-03-01') - 1n)
    expect(klines({}, DAY, '1s')).toHaveLength(86_400)
  })

  test('rows are possible, chain open to close, and do not depend on how they are asked', () => {
    const option = fc.record({
      price: fc.double({ min: 1e-6, max: 1e5, noNaN: true }),
      priceDecimals: fc.integer({ min: 0, max: 8 }),
      quantityDecimals: fc.integer({ min: 0, max: 8 }),
      volumePerDay: fc.double({ min: 1, max: 1e9, noNaN: true }),
      idleShare: fc.constantFrom(0, 0.5),
    })
    fc.assert(
      fc.property(option, (symbol) => {
        const rows = klines(symbol, span('2024-03-05T00:00', '2024-03-05T01:00'), '1m')
        expect(rows).toHaveLength(60)
        rows.forEach(expectPossible)
        rows.slice(1).forEach((row, i) => {
          // A kline without a trade stays where it opened.
          if (symbol.idleShare === 0) expect(row.open).toBe(rows[i]!.close)
        })
        const one = klines(symbol, span('2024-03-05T00:30', '2024-03-05T00:31'), '1m')
        expect(one).toEqual([rows[30]])
      }),
      { numRuns: 50 },
    )
  })

  test('a cheap coin passes 10^10 units of quote volume and int64 at scale 8', () => {
    const [row] = klines(
      { price: 50, priceDecimals: 2, quantityDecimals: 0, volumePerDay: 5e10 },
      span('2024-03-01', '2024-04-01'),
      '1M',
    )
    expect(units(row!.quoteVolume)).toBeGreaterThan(2n ** 63n)
    expect(units(row!.volume)).toBeGreaterThan(10n ** 18n)
  })

  test('an outage has none, and the slots it only touches stay', () => {
    const outages = [span('2024-03-05T02:00', '2024-03-05T04:30')]
    const hours = klines({ outages }, DAY).map(({ openTime }) =>
      formatMicros(openTime).slice(11, 16),
    )
    expect(hours.slice(0, 4)).toEqual(['00:00', '01:00', '04:00', '05:00'])
    expect(hours).toHaveLength(22)
  })

  test('after an outage a kline may open off the grid and close late, and the last before it close early', () => {
    const from = micros(parseMicros('2018-02-08T00:28:14'))
    const to = micros(1_518_319_694_789_000n)
    const rows = klines(
      { outages: [{ from, to, offGrid: true }] },
      span('2018-02-08', '2018-02-11T06:00'),
    )
    expect(rows.map(({ openTime, closeTime }) => [openTime / 1000n, closeTime / 1000n])).toEqual([
      [1_518_048_000_000n, 1_518_049_693_999n],
      [1_518_319_694_789n, 1_518_321_600_999n],
      [1_518_321_600_000n, 1_518_325_199_999n],
      [1_518_325_200_000n, 1_518_328_799_999n],
    ])
  })

  test('trading begins with the listing and ends with the delisting', () => {
    const rows = klines(
      { listedAt: parseMicros('2024-03-05T05:00'), delistedAt: parseMicros('2024-03-05T07:00') },
      DAY,
    )
    expect(rows).toHaveLength(2)
  })

  test('the unfinished one ends in the future and grows until it is what it will be', () => {
    const exchange = exchangeWith()
    const at = (time: string): Kline => {
      const window = span('2024-03-05T10:00', '2024-03-05T11:00')
      const now = parseMicros(time)
      return trueKlines(exchange, { symbol: 'BTCUSDT', interval: '1h', window, now })[0]!
    }
    const early = at('2024-03-05T10:05')
    const late = at('2024-03-05T10:50')
    const done = at('2024-03-05T11:00')
    expect(early.closeTime).toBe(done.closeTime)
    expect(units(early.volume)).toBeLessThan(units(late.volume))
    expect(units(late.volume)).toBeLessThan(units(done.volume))
    expect(early.tradeCount).toBeLessThan(done.tradeCount)
    expect(units(early.high)).toBeLessThanOrEqual(units(done.high))
    for (const row of [early, late, done]) expectPossible(row)
    expect(at('2024-03-06T10:50')).toEqual(done)
  })

  test('volumes settle after the close, and a revision changes them later', () => {
    const openTime = parseMicros('2024-03-05T10:00')
    const at = parseMicros('2024-03-07')
    const exchange = exchangeWith({
      settleMs: 30_000,
      revisions: [{ interval: '1h', openTime, at }],
    })
    const volume = (now: string): bigint => {
      const window = { from: openTime, to: micros(openTime + 1n) }
      const query = { symbol: 'BTCUSDT', interval: '1h', window, now: parseMicros(now) } as const
      return units(trueKlines(exchange, query)[0]!.volume)
    }
    expect(volume('2024-03-05T11:00:10')).toBeLessThan(volume('2024-03-05T11:00:30'))
    expect(volume('2024-03-06')).toBe(volume('2024-03-05T11:00:30'))
    expect(volume('2024-03-07')).toBe(volume('2024-03-06') + 1000n)
  })

  test('the same seed gives the same rows, another seed or symbol others', () => {
    const hour = span('2024-03-05T00:00', '2024-03-05T01:00')
    const row = (seed: number, symbol: string): Kline =>
      trueKlines(exchangeWith({ symbol }, { seed }), {
        symbol,
        interval: '1h',
        window: hour,
        now: NOW,
      })[0]!
    expect(row(1, 'A')).toEqual(row(1, 'A'))
    expect(row(2, 'A')).not.toEqual(row(1, 'A'))
    expect(row(1, 'B')).not.toEqual(row(1, 'A'))
  })

  test('uiKlines have the same slots and other values', () => {
    const exchange = exchangeWith()
    const query = { symbol: 'BTCUSDT', interval: '1h', window: DAY, now: NOW } as const
    const plain = trueKlines(exchange, query)
    const ui = trueKlines(exchange, { ...query, dataset: 'uiKlines' })
    expect(ui.map(({ openTime }) => openTime)).toEqual(plain.map(({ openTime }) => openTime))
    expect(ui).not.toEqual(plain)
  })
})

describe('aggregate trades', () => {
  const aggTrades = (symbol: Parameters<typeof exchangeWith>[0], window: Window): AggTrade[] => [
    ...trueAggTrades(exchangeWith(symbol), { symbol: 'BTCUSDT', window, now: NOW }),
  ]

  test('ids and trade ids are contiguous, times never go back', () => {
    const rows = aggTrades(
      { firstAggTradeId: 10, firstTradeId: 100 },
      span('2024-03-04', '2024-03-07'),
    )
    expect(rows).toHaveLength(6_000)
    rows.slice(1).forEach((row, i) => {
      const before = rows[i]!
      expect(row.id).toBe(before.id + 1n)
      expect(row.firstTradeId).toBe(before.lastTradeId + 1n)
      expect(row.time).toBeGreaterThanOrEqual(before.time)
    })
    expect(new Set(rows.map(({ time }) => time)).size).toBeLessThan(5_500)
  })

  test('any stretch is the same as the whole, whatever the calendar', () => {
    const burst = { at: parseMicros('2024-03-05T09:00'), count: 250, spreadMicros: 3_600_000_000 }
    const minute = fc.integer({ min: 0, max: 3 * 1_440 })
    const option = fc.record({
      aggTradesPerDay: fc.integer({ min: 0, max: 400 }),
      aggTradesOn: fc.constantFrom({}, { '2024-03-04': 0 }, { '2024-03-06': 700 }),
      bursts: fc.constantFrom([], [burst]),
      outages: fc.constantFrom([], [span('2024-03-04T22:00', '2024-03-05T08:00')]),
      hourWeights: fc.constantFrom(
        Array.from({ length: 24 }, () => 1),
        Array.from({ length: 24 }, (_, hour) => (hour < 6 ? 0 : 1)),
      ),
    })
    const start = parseMicros('2024-03-04')
    fc.assert(
      fc.property(option, minute, minute, (symbol, a, b) => {
        const at = (minutes: number) => micros(start + BigInt(minutes) * 60_000_000n)
        const [from, to] = a < b ? [a, b] : [b, a]
        const all = aggTrades(symbol, { from: at(0), to: at(3 * 1_440) })
        const part = aggTrades(symbol, { from: at(from), to: at(to) })
        expect(part).toEqual(all.filter(({ time }) => time >= at(from) && time < at(to)))
        all.slice(1).forEach((row, i) => {
          expect(row.time).toBeGreaterThanOrEqual(all[i]!.time)
        })
      }),
      { numRuns: 60 },
    )
  })

  test('a burst falls into one microsecond', () => {
    const at = parseMicros('2024-03-05T09:00:00.123456')
    const rows = aggTrades({ bursts: [{ at, count: 3_000 }] }, DAY)
    expect(rows).toHaveLength(5_000)
    expect(rows.filter(({ time }) => time === at).length).toBeGreaterThanOrEqual(3_000)
  })

  test('quiet hours and outages have none', () => {
    const hourWeights = Array.from({ length: 24 }, (_, hour) => (hour === 3 ? 0 : 1))
    const outages = [span('2024-03-05T05:30', '2024-03-05T06:15')]
    const rows = aggTrades({ hourWeights, outages }, DAY)
    expect(rows).toHaveLength(2_000)
    const within = (from: string, to: string): number =>
      rows.filter(({ time }) => time >= parseMicros(from) && time < parseMicros(to)).length
    expect(within('2024-03-05T03:00', '2024-03-05T04:00')).toBe(0)
    expect(within('2024-03-05T05:30', '2024-03-05T06:15')).toBe(0)
    expect(within('2024-03-05T05:00', '2024-03-05T05:30')).toBeGreaterThan(10)
  })

  test('ids jump where they are told to', () => {
    const idGaps = [{ at: parseMicros('2024-03-05T12:00'), skip: 1_000 }]
    const rows = aggTrades({ idGaps }, DAY)
    const steps = rows.slice(1).map((row, i) => row.id - rows[i]!.id)
    expect(steps.filter((step) => step !== 1n)).toEqual([1_001n])
    const sequence = historyOf({ symbol: 'BTCUSDT', idGaps }, 1).aggTrades
    const jumped = rows.findIndex((row, i) => i > 0 && row.id - rows[i - 1]!.id > 1n)
    expect(rows[jumped]!.time).toBeGreaterThanOrEqual(idGaps[0]!.at)
    expect(rows[jumped - 1]!.time).toBeLessThan(idGaps[0]!.at)
    const place = sequence.placeOfId(rows[jumped]!.id)
    expect(sequence.placeOfId(rows[jumped - 1]!.id + 5n)).toBe(place)
    expect(sequence.at(place)).toEqual(rows[jumped])
  })

  test('the ten millionth row costs as little as the first', () => {
    const sequence = historyOf({ symbol: 'X', aggTradesPerDay: 5_000_000 }, 1).aggTrades
    const place = sequence.placeOfTime(Number(parseMicros('2026-03-05T12:00')))
    expect(place).toBeGreaterThan(10_000_000)
    const row = sequence.at(place)
    expect(row.id).toBe(BigInt(place))
    expect(row.time).toBeGreaterThanOrEqual(parseMicros('2026-03-05T12:00'))
    expect(sequence.at(place - 1).time).toBeLessThan(parseMicros('2026-03-05T12:00'))
  })

  test.each([
    ['a count that is not whole', { aggTradesPerDay: 1.5 }],
    ['hours that are not 24', { hourWeights: [1] }],
    ['a burst before the listing', { bursts: [{ at: parseMicros('2001-01-01'), count: 1 }] }],
    ['nine decimals', { priceDecimals: 9 }],
    ['overlapping outages', { outages: [DAY, DAY] }],
  ])('%s is refused', (_, symbol) => {
    expect(() => exchangeWith(symbol)).toThrow(
      expect.objectContaining({ code: 'E_USAGE' }) as Error,
    )
  })
})

describe('trades', () => {
  test('make up the aggregate trades exactly', () => {
    const exchange = exchangeWith({ firstTradeId: 77 })
    const query = { symbol: 'BTCUSDT', window: DAY, now: NOW }
    const trades = [...trueTrades(exchange, query)]
    let next = 0
    for (const row of trueAggTrades(exchange, query)) {
      const count = Number(row.lastTradeId - row.firstTradeId) + 1
      const parts = trades.slice(next, next + count)
      next += count
      expect(parts[0]!.id).toBe(row.firstTradeId)
      expect(parts.at(-1)!.id).toBe(row.lastTradeId)
      expect(parts.reduce((sum, { quantity }) => sum + units(quantity), 0n)).toBe(
        units(row.quantity),
      )
      for (const part of parts) {
        expect([part.time, part.price, part.isBuyerMaker]).toEqual([
          row.time,
          row.price,
          row.isBuyerMaker,
        ])
        expect(units(part.quantity)).toBeGreaterThan(0n)
        expect(units(part.quoteQuantity)).toBe(
          (units(part.price) * units(part.quantity)) / 100_000_000n,
        )
      }
    }
    expect(next).toBe(trades.length)
  })

  test('block trades have ids of their own and never fall into an outage', () => {
    const outages = [span('2024-03-05T00:00', '2024-03-05T12:00')]
    const exchange = exchangeWith({ outages, blockTradesPerDay: 10 })
    const rows = [...trueBlockTrades(exchange, { symbol: 'BTCUSDT', window: DAY, now: NOW })]
    expect(rows.length).toBeGreaterThanOrEqual(9)
    expect(rows[0]!.time).toBeGreaterThanOrEqual(parseMicros('2024-03-05T12:00'))
    expect(rows[1]!.id).toBe(rows[0]!.id + 1n)
    expect(rows[0]).not.toHaveProperty('isBestMatch')
  })
})
