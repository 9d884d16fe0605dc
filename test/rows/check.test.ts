import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/errors.ts'
import { NUMBERS, SPOT_KINDS, type SpotKind } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { checkPage } from '../../src/rows/check.ts'
import { compareNumbers } from '../../src/rows/number-column.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { pageBody } from '../support/rows-pages.ts'

type Changes = Readonly<Record<string, string>>

function check(kind: SpotKind, numbers: (typeof NUMBERS)[number], rows: readonly Changes[]) {
  const dataset = DATASETS[kind]
  return checkPage(dataset, decodePage(dataset, numbers, pageBody(kind, ...rows), 'ms'))
}

const NOTHING_ODD = { dummies: 0, zeroQuantities: 0 }
const ZERO_KLINE = {
  1: '"0"',
  2: '"0"',
  3: '"0"',
  4: '"0"',
  5: '"0"',
  7: '"0"',
  8: '0',
  9: '"0"',
  10: '"0"',
}
const INVALID_TRADE = { p: '"0"', q: '"0"', f: '-1', l: '-1' }

for (const numbers of NUMBERS)
  describe(`a page as ${numbers}`, () => {
    it.each(SPOT_KINDS)('of %s may be true', (kind) => {
      expect(check(kind, numbers, [{}])).toEqual(NOTHING_ODD)
      expect(check(kind, numbers, [])).toEqual(NOTHING_ODD)
    })

    it.each<[SpotKind, Changes, string]>([
      ['klines', { 3: '"2.5"' }, 'low 2.5'],
      ['klines', { 3: '"2.00000001"' }, 'is above open'],
      ['klines', { 4: '"0.5"' }, 'is above close'],
      ['klines', { 2: '"2.9"' }, 'is above high'],
      ['klines', { 1: '"4.00000001"' }, 'is above high'],
      ['klines', { 9: '"10.00000001"' }, 'is above volume'],
      ['klines', { 10: '"20.00000001"' }, 'is above quote_volume'],
      ['klines', { 9: '"-0.00000001"' }, 'is negative'],
      ['klines', { 8: '-1' }, 'trade_count -1 is negative'],
      ['klines', { 6: '1699999999999' }, 'is not after open_time'],
      ['klines', { 3: '"0"' }, 'is not above 0'],
      ['klines', { 3: '"-1"' }, 'is not above 0'],
      ['klines', { ...ZERO_KLINE, 5: '"1"' }, 'is not above 0'],
      ['uiKlines', { 2: '"2.9"' }, 'is above high'],
      ['aggTrades', { p: '"-1"' }, 'price -1'],
      ['aggTrades', { q: '"-0.00000001"' }, 'is negative'],
      ['aggTrades', { f: '13' }, 'last_trade_id 12 is below first_trade_id'],
      ['aggTrades', { p: '"0.00000000"' }, 'price 0'],
      ['aggTrades', { f: '-1', l: '-1' }, 'first_trade_id -1 is negative'],
      ['aggTrades', { f: '-5', l: '3' }, 'first_trade_id -5 is negative'],
      ['aggTrades', { ...INVALID_TRADE, l: '0' }, 'first_trade_id -1 is negative'],
      ['aggTrades', { ...INVALID_TRADE, q: '"1"' }, 'first_trade_id -1 is negative'],
      ['aggTrades', { a: '-7' }, 'agg_trade_id -7 is negative'],
      ['trades', { price: '"0"' }, 'is not above 0'],
      ['trades', { qty: '"0.0"' }, 'is not above 0'],
      ['trades', { quoteQty: '"-1"' }, 'is negative'],
      ['blockTrades', { price: '"-1"' }, 'is not above 0'],
      ['myTrades', { qty: '"0"' }, 'is not above 0'],
      ['allOrders', { origQty: '"-1"' }, 'is negative'],
      ['myAllocations', { qty: '"0"' }, 'is not above 0'],
      ['myAllocations', { isAllocator: 'true' }, 'is_allocator is true: such rows'],
    ])('of %s cannot be true with %j: %s', (kind, changes, problem) => {
      expect(() => check(kind, numbers, [changes])).toThrow(DataError)
      expect(() => check(kind, numbers, [changes])).toThrow(problem)
    })

    it('keeps and counts rows that stand for nothing', () => {
      expect(check('aggTrades', numbers, [INVALID_TRADE])).toEqual({
        dummies: 1,
        zeroQuantities: 0,
      })
      expect(check('aggTrades', numbers, [{ q: '"0"' }, { a: '8', q: '"0.000"' }])).toEqual({
        dummies: 0,
        zeroQuantities: 2,
      })
      expect(check('klines', numbers, [ZERO_KLINE])).toEqual({ dummies: 1, zeroQuantities: 0 })
    })

    it('keeps klines without trades', () => {
      const still = {
        1: '"1"',
        2: '"1"',
        3: '"1"',
        4: '"1"',
        5: '"0"',
        7: '"0"',
        8: '0',
        9: '"0"',
        10: '"0"',
      }
      expect(check('klines', numbers, [still])).toEqual(NOTHING_ODD)
    })

    it('keeps what old orders say of an unknown quantity', () => {
      expect(check('allOrders', numbers, [{ cummulativeQuoteQty: '"-1.0"' }])).toEqual(NOTHING_ODD)
    })
  })

describe('keys', () => {
  it.each([
    [['7', '7'], 'agg_trade_id occurs twice, with different rows: 7 after 7'],
    [['8', '7'], 'agg_trade_id is out of order: 7 after 8'],
    [['4294967296', '4294967295'], 'out of order: 4294967295 after 4294967296'],
    [['4294967295', '4294967296'], undefined],
    [['0', '1', '2147483647', '2147483648', '9223372036854775807'], undefined],
  ])('%j: %s', (keys, problem) => {
    const run = () =>
      check(
        'aggTrades',
        'float64',
        keys.map((a, index) => ({ a, q: `"${index + 1}"` })),
      )
    if (problem === undefined) expect(run()).toEqual(NOTHING_ODD)
    else expect(run).toThrow(problem)
  })
})

describe('number texts', () => {
  const ascending = [
    '-1e30',
    '-12345678901234567890.12345679',
    '-12345678901234567890.12345678',
    '-1',
    '-1e-400',
    '0',
    '1e-401',
    '1e-400',
    '0.1',
    '0.10000000000000000001',
    '1',
    '9007199254740992',
    '9007199254740993',
    '9007199254740993.000000001',
    '1e30',
  ]

  it('are compared exactly, beyond what doubles tell apart', () => {
    for (const [i, a] of ascending.entries())
      for (const [j, b] of ascending.entries())
        expect([a, b, Math.sign(compareNumbers(a, b))]).toEqual([a, b, Math.sign(i - j)])
  })

  it.each([
    ['1', '1.000'],
    ['0', '0.00'],
    ['0e5', '0'],
    ['1e3', '1000'],
    ['0012.5', '12.50'],
    ['9007199254740993', '9007199254740993.0'],
  ])('%s equals %s', (a, b) => {
    expect(compareNumbers(a, b)).toBe(0)
  })
})
