/** The law of the wire: SBE and JSON say the same, value by value, whichever way numbers are stored. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { micros, type Micros } from '../../src/base/time.ts'
import { NUMBERS } from '../../src/binance/dataset.ts'
import { TransportError } from '../../src/base/errors.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { SbeUnknownError } from '../../src/binance/sbe-answer.ts'
import { signer } from '../../src/pull/sign.ts'
import { decodeSbe } from '../../src/rows/sbe.ts'
import type {
  AccountTrade,
  Allocation,
  Order,
  OrderExtras,
} from '../../src/simulator/account-rows.ts'
import { Exchange, type AggTrade, type Kline } from '../../src/simulator/index.ts'
import type { Trade } from '../../src/simulator/rows.ts'
import { accountOf } from '../support/accounts.ts'
import { minute } from '../support/histories.ts'
import { bothBodies, expectEqualPages } from '../support/sbe-pages.ts'

const RUNS = Number(process.env['SBE_RUNS'] ?? 150)
const NOW = minute(100_000)

/** Eight decimals from units of 1e-8, as Binance writes them. */
function decimal(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(9, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`
}

const within = (max: bigint, min = 0n): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.bigInt({ min, max }),
      fc.bigInt({ min: 0n, max: 10n ** 9n }),
      // Few decimals: larger exponents.
      fc.bigInt({ min: 0n, max: max / 10n ** 8n }).map((whole) => whole * 10n ** 8n),
      fc.constantFrom(0n, 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, max, min),
    )
    .map(decimal)
const INT64_MAX = 2n ** 63n - 1n
// Mantissas of 64 bits at 8 decimals; a decimal price has ten digits before the point.
const price = within(10n ** 18n - 1n)
const quantity = within(INT64_MAX, -INT64_MAX)
const volume = within(10n ** 38n - 1n, -(10n ** 38n) + 1n)
const id = fc.oneof(
  fc.bigInt({ min: -1n, max: 2n ** 53n + 5n }),
  fc.constantFrom(-1n, 2n ** 32n, 2n ** 62n),
)
const count = fc.integer({ min: 0, max: 2 ** 53 - 1 })
const rowsOf = <Row>(row: fc.Arbitrary<Row>): fc.Arbitrary<readonly Row[]> =>
  fc.array(row, { maxLength: 5 })

/** Strictly later, row by row. */
function spread<Row>(
  rows: readonly Row[],
  place: (row: Row, time: Micros, id: bigint) => Row,
): Row[] {
  return rows.map((row, index) => place(row, micros(minute(index) + BigInt(index)), BigInt(index)))
}

function expectSame(
  exchange: Exchange,
  kind: keyof typeof DATASETS,
  query: string,
  sign?: ReturnType<typeof signer>,
): number {
  const bodies = bothBodies(
    exchange,
    kind,
    query,
    sign === undefined ? { now: NOW } : { now: NOW, sign },
  )
  const pages = NUMBERS.map((numbers) => expectEqualPages(kind, numbers, bodies))
  return pages[0]?.rowCount ?? -1
}

describe('SBE and JSON are equal, value by value', () => {
  test('klines and uiKlines', () => {
    const kline: fc.Arbitrary<Kline> = fc.record({
      openTime: fc.constant(minute(0)),
      open: price,
      high: price,
      low: price,
      close: price,
      volume,
      closeTime: fc.constant(minute(0)),
      quoteVolume: volume,
      tradeCount: count,
      takerVolume: volume,
      takerQuoteVolume: volume,
    })
    fc.assert(
      fc.property(rowsOf(kline), (some) => {
        const rows = spread(some, (row, openTime) => ({
          ...row,
          openTime,
          closeTime: micros(openTime + 59_999_999n),
        }))
        const exchange = new Exchange({
          symbols: [{ symbol: 'BTCUSDT', rows: { klines: { '1m': rows } } }],
        })
        const query = `symbol=BTCUSDT&interval=1m&startTime=0`
        expect(expectSame(exchange, 'klines', query)).toBe(rows.length)
        expect(expectSame(exchange, 'uiKlines', query)).toBe(rows.length)
      }),
      { numRuns: RUNS },
    )
  })

  test('aggTrades', () => {
    const row: fc.Arbitrary<AggTrade> = fc.record({
      id,
      price,
      quantity,
      firstTradeId: id,
      lastTradeId: id,
      time: fc.constant(minute(0)),
      isBuyerMaker: fc.boolean(),
      isBestMatch: fc.boolean(),
    })
    fc.assert(
      fc.property(rowsOf(row), (some) => {
        const aggTrades = spread(some, (one, time) => ({ ...one, time }))
        const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT', rows: { aggTrades } }] })
        expect(expectSame(exchange, 'aggTrades', 'symbol=BTCUSDT')).toBe(some.length)
      }),
      { numRuns: RUNS },
    )
  })

  test('trades and blockTrades', () => {
    const row: fc.Arbitrary<Trade> = fc.record({
      id,
      price,
      quantity,
      quoteQuantity: quantity,
      time: fc.constant(minute(0)),
      isBuyerMaker: fc.boolean(),
    })
    fc.assert(
      fc.property(rowsOf(row), fc.boolean(), (some, isBestMatch) => {
        const blockTrades = spread(some, (one, time, place) => ({ ...one, time, id: place }))
        const trades = spread(some, (one, time) => ({ ...one, time, isBestMatch }))
        const rows = { trades, blockTrades }
        const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT', rows }] })
        expect(expectSame(exchange, 'trades', 'symbol=BTCUSDT')).toBe(some.length)
        expect(expectSame(exchange, 'blockTrades', 'symbol=BTCUSDT&fromId=0')).toBe(some.length)
      }),
      { numRuns: RUNS },
    )
  })

  const { account, credentials } = accountOf('hmac')
  const sign = signer(credentials)
  const symbol = '币安人生USDT'
  const query = `symbol=${encodeURIComponent(symbol)}`
  // Control characters and quotes are escaped in JSON and are not in SBE.
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 36 })
    .filter((t) => new TextEncoder().encode(t).length < 256)
  const time = fc.integer({ min: 0, max: 10_000 }).map(minute)

  test('myTrades, whose exponents are in each row', () => {
    const row: fc.Arbitrary<AccountTrade> = fc.record(
      {
        id,
        orderId: id,
        orderListId: id,
        price,
        quantity,
        quoteQuantity: quantity,
        commission: quantity,
        commissionAsset: text,
        time,
        isBuyer: fc.boolean(),
        isMaker: fc.boolean(),
        isBestMatch: fc.boolean(),
      },
      {
        noNullPrototype: true,
        requiredKeys: [
          'id',
          'orderId',
          'price',
          'quantity',
          'quoteQuantity',
          'commission',
          'commissionAsset',
          'time',
          'isBuyer',
          'isMaker',
          'isBestMatch',
        ],
      },
    )
    fc.assert(
      fc.property(rowsOf(row), (trades) => {
        const accounts = [{ ...account, rows: { [symbol]: { trades } } }]
        const exchange = new Exchange({ symbols: [{ symbol, rows: {} }], accounts })
        expect(expectSame(exchange, 'myTrades', query, sign)).toBe(trades.length)
      }),
      { numRuns: RUNS },
    )
  })

  test('myAllocations, with a commission and without a list', () => {
    const row: fc.Arbitrary<Allocation> = fc.record({
      id: id.filter((value) => value >= 0n),
      orderId: id,
      price,
      quantity,
      quoteQuantity: quantity,
      commission: quantity,
      commissionAsset: text,
      time,
      isBuyer: fc.boolean(),
      isMaker: fc.boolean(),
      type: fc.constantFrom('SOR', 'UNKNOWN'),
      isAllocator: fc.boolean(),
    })
    fc.assert(
      fc.property(rowsOf(row), (allocations) => {
        const accounts = [{ ...account, rows: { [symbol]: { allocations } } }]
        const exchange = new Exchange({ symbols: [{ symbol, rows: {} }], accounts })
        expect(expectSame(exchange, 'myAllocations', query, sign)).toBe(allocations.length)
      }),
      { numRuns: RUNS },
    )
  })

  test('allOrders, with every field that only some orders have', () => {
    const extras: fc.Arbitrary<OrderExtras> = fc.record(
      {
        trailingDelta: fc.bigInt({ min: 0n, max: 10_000n }),
        trailingTime: time,
        strategyId: id,
        strategyType: fc.integer({ min: 1_000_000, max: 2 ** 31 - 1 }),
        workingFloor: fc.constant('SOR'),
        preventedMatchId: id,
        preventedQuantity: quantity.filter((value) => value !== '0.00000000'),
        usedSor: fc.constant(true),
        pegPriceType: fc.constantFrom('PRIMARY_PEG', 'MARKET_PEG'),
        pegOffsetType: fc.constant('PRICE_LEVEL'),
        pegOffsetValue: fc.integer({ min: 0, max: 254 }),
        peggedPrice: price,
        expiryReason: fc.constantFrom('REJECTED', 'EXECUTION_RULE_PRICE_RANGE_EXCEEDED'),
      },
      { requiredKeys: [] },
    )
    const row: fc.Arbitrary<Order> = fc.record(
      {
        id,
        orderListId: id,
        clientOrderId: text,
        price,
        origQuantity: quantity,
        executedQuantity: quantity,
        cumulativeQuote: quantity,
        status: fc.constantFrom(
          'NEW',
          'PARTIALLY_FILLED',
          'FILLED',
          'EXPIRED_IN_MATCH',
          'PENDING_NEW',
        ),
        timeInForce: fc.constantFrom('GTC', 'IOC', 'FOK'),
        type: fc.constantFrom('MARKET', 'LIMIT', 'STOP_LOSS_LIMIT', 'LIMIT_MAKER'),
        side: fc.constantFrom('BUY', 'SELL'),
        stopPrice: price,
        icebergQuantity: quantity,
        time,
        updateTime: time,
        isWorking: fc.boolean(),
        workingTime: time,
        origQuoteOrderQuantity: price,
        selfTradePreventionMode: fc.constantFrom('NONE', 'TRANSFER', 'DECREMENT'),
        extras,
      },
      {
        requiredKeys: [
          'id',
          'clientOrderId',
          'price',
          'origQuantity',
          'executedQuantity',
          'cumulativeQuote',
          'status',
          'timeInForce',
          'type',
          'side',
          'time',
          'updateTime',
          'isWorking',
          'origQuoteOrderQuantity',
          'selfTradePreventionMode',
        ],
      },
    )
    fc.assert(
      fc.property(rowsOf(row), (orders) => {
        const accounts = [{ ...account, rows: { [symbol]: { orders } } }]
        const exchange = new Exchange({ symbols: [{ symbol, rows: {} }], accounts })
        expect(expectSame(exchange, 'allOrders', query, sign)).toBe(orders.length)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('whatever bytes come', () => {
  const trades = Array.from({ length: 3 }, (_, place) => ({
    id: BigInt(place),
    orderId: 7n,
    price: '1.50000000',
    quantity: '2.00000000',
    quoteQuantity: '3.00000000',
    commission: '0.00000001',
    commissionAsset: 'BNB',
    time: minute(place),
    isBuyer: true,
    isMaker: false,
    isBestMatch: true,
  }))
  const { account, credentials } = accountOf('hmac', { rows: { BTCUSDT: { trades } } })
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], accounts: [account] })
  const { sbe } = bothBodies(exchange, 'myTrades', 'symbol=BTCUSDT', {
    now: NOW,
    sign: signer(credentials),
  })

  test('a message cut anywhere is a torn answer, never fewer rows', () => {
    for (let length = 0; length < sbe.length; length++)
      expect(() => decodeSbe(DATASETS.myTrades, 'decimal', sbe.subarray(0, length))).toThrow(
        TransportError,
      )
  })

  test('any bytes decode or are refused by name', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sbe.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.constantFrom(...NUMBERS),
        (changes, numbers) => {
          const bytes = sbe.slice()
          for (const [at, value] of changes) bytes[at] = value
          try {
            decodeSbe(DATASETS.myTrades, numbers, bytes)
          } catch (error) {
            const name = (error as Error).constructor.name
            expect(['TransportError', 'DataError', SbeUnknownError.name]).toContain(name)
          }
        },
      ),
      { numRuns: RUNS * 10 },
    )
  })
})
