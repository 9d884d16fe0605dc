/** Messages written by hand, byte by byte, so that neither our encoder nor our decoder decides what is right. */

import { describe, expect, test } from 'vitest'
import { DataError, TransportError } from '../../src/base/errors.ts'
import { type SpotKind, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { readSbeError, SbeUnknownError } from '../../src/binance/sbe-answer.ts'
import { judge } from '../../src/binance/verdict.ts'
import { decodeSbe } from '../../src/rows/sbe.ts'
import { valuesOf } from '../support/sbe-pages.ts'

const le = (value: bigint, bytes: number): string => {
  const hex = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0')
  return hex.match(/../g)!.reverse().join('')
}
const i8 = (value: number): string => le(BigInt(value), 1)
const u16 = (value: number): string => le(BigInt(value), 2)
const u32 = (value: number): string => le(BigInt(value), 4)
const i64 = (value: bigint | number): string => le(BigInt(value), 8)
const i128 = (value: bigint): string => le(value, 16)
const text8 = (text: string): string =>
  le(BigInt(Buffer.byteLength(text)), 1) + Buffer.from(text).toString('hex')
const bytes = (...parts: string[]): Uint8Array => Buffer.from(parts.join(''), 'hex')

const MARCH = 1_772_323_200_000_000n
const NULL64 = -(2n ** 63n)
const NULL128 = -(2n ** 127n)

/** What can be wrong with a page of one aggTrade. */
type AggTradePage = {
  template?: number
  schema?: number
  version?: number
  exponents?: [number, number]
  price?: bigint
  quantity?: bigint
  id?: bigint
  time?: bigint
  flags?: string
  rootMore?: string
  rowMore?: string
  after?: string
}

function aggTradePage(page: AggTradePage = {}): Uint8Array {
  const { template = 202, schema = 3, version = 5, exponents = [-2, -5] } = page
  const { rootMore = '', rowMore = '', after = '', flags = '0100' } = page
  const root = i8(exponents[0]) + i8(exponents[1]) + rootMore
  const row =
    i64(page.id ?? 26129n) +
    i64(page.price ?? 1_633_102n) +
    i64(page.quantity ?? 470_443n) +
    i64(27_781) +
    i64(27_782) +
    i64(page.time ?? MARCH) +
    flags +
    rowMore
  const header = u16(root.length / 2) + u16(template) + u16(schema) + u16(version)
  return bytes(header, root, u16(row.length / 2), u32(1), row, after)
}

const aggTrade = (page: AggTradePage = {}, numbers: Numbers = 'string') =>
  valuesOf('aggTrades', decodeSbe(DATASETS.aggTrades, numbers, aggTradePage(page)))

describe('an aggTrade by hand', () => {
  const expected = {
    agg_trade_id: ['26129'],
    price: ['16331.02000000'],
    quantity: ['4.70443000'],
    first_trade_id: ['27781'],
    last_trade_id: ['27782'],
    time: ['2026-03-01T00:00:00.000000Z'],
    is_buyer_maker: ['true'],
    is_best_match: ['false'],
  }

  test('as text, with the eight decimals of JSON; exact; as the nearest double', () => {
    expect(aggTrade()).toEqual(expected)
    expect(aggTrade({}, 'decimal')).toEqual(expected)
    const doubles = { price: ['16331.02'], quantity: ['4.70443'] }
    expect(aggTrade({}, 'float64')).toEqual({ ...expected, ...doubles })
  })

  test.each<[string, AggTradePage, readonly string[]]>([
    ['nothing more', { version: 9 }, []],
    [
      'fields that a later version added to the rows',
      { version: 9, rowMore: 'ffee' },
      ['SBE row from byte 50'],
    ],
    [
      'fields that a later version added to the root',
      { version: 9, rootMore: 'ffee' },
      ['SBE message from byte 2'],
    ],
    [
      'groups that a later version added',
      { after: u16(4) + u32(1) + '01020304' },
      ['SBE message after its rows'],
    ],
    [
      'texts that a later version added, beside all of that',
      { version: 9, rootMore: 'ff', rowMore: 'ee', after: text8('more') },
      ['SBE message from byte 2', 'SBE row from byte 50', 'SBE message after its rows'],
    ],
  ])('%s are passed over, and told of', (_, page, names) => {
    expect(aggTrade(page)).toEqual(expected)
    const { unknownFields } = decodeSbe(DATASETS.aggTrades, 'string', aggTradePage(page))
    expect(unknownFields).toEqual(names.map((name) => ({ name, isKept: false })))
  })

  test('what a later version put between the rows is left to JSON; of our own version it is refused', () => {
    const [one, other] = [aggTradePage(), aggTradePage({ id: 26_130n, time: MARCH + 5n })]
    const rowAt = 8 + 2 + 6
    const twoRows = (version: number, between: string): Uint8Array => {
      const head = Buffer.from(one.subarray(0, rowAt))
      head.writeUInt16LE(version, 6)
      head.writeUInt32LE(2, rowAt - 4)
      const rows = [one, other].map((page) => page.subarray(rowAt))
      return Buffer.concat([head, rows[0]!, bytes(between), rows[1]!, bytes(between)])
    }
    const read = (version: number, between: string) => () =>
      decodeSbe(DATASETS.aggTrades, 'string', twoRows(version, between))
    expect(read(9, '')().rowCount).toBe(2)
    expect(read(9, text8('added'))).toThrow(SbeUnknownError)
    expect(read(5, text8('added'))).toThrow(DataError)
  })

  test('ids are exact at any size', () => {
    for (const id of [-1n, 0n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n) + 1n])
      expect(aggTrade({ id })['agg_trade_id']).toEqual([String(id)])
  })

  test.each<[bigint, number, string]>([
    [0n, -8, '0.00000000'],
    [1n, -8, '0.00000001'],
    [-1n, -8, '-0.00000001'],
    [123n, 0, '123.00000000'],
    [123n, 3, '123000.00000000'],
    [10n, -9, '0.00000001'],
    [2n ** 63n - 1n, -8, '92233720368.54775807'],
    [-(2n ** 63n) + 1n, -8, '-92233720368.54775807'],
    [1n, 20, '100000000000000000000.00000000'],
  ])('quantity %d x 10^%d is %s', (quantity, exponent, text) => {
    const page: AggTradePage = { quantity, exponents: [-2, exponent] }
    expect(aggTrade(page)['quantity']).toEqual([text])
    expect(aggTrade(page, 'decimal')['quantity']).toEqual([text])
    expect(aggTrade(page, 'float64')['quantity']).toEqual([String(Number(text))])
  })

  test('more decimals than a decimal column holds are kept as text and refused as decimals', () => {
    const page: AggTradePage = { price: 1n, exponents: [-9, 0] }
    expect(aggTrade(page)['price']).toEqual(['0.000000001'])
    expect(aggTrade(page, 'float64')['price']).toEqual(['1e-9'])
    expect(() => aggTrade(page, 'decimal')).toThrow(/aggTrades row 0: p \(price\): more than 8 dec/)
  })

  test('a price of eleven digits before the point is refused as a decimal, as it is in JSON', () => {
    const page: AggTradePage = { price: 10n ** 10n, exponents: [0, 0] }
    expect(() => aggTrade(page, 'decimal')).toThrow(DataError)
  })

  test.each<[string, AggTradePage, RegExp]>([
    ['no price', { price: NULL64 }, /p \(price\): missing/],
    ['no id', { id: NULL64 }, /a \(agg_trade_id\): missing/],
    ['no time', { time: NULL64 }, /T \(time\): not a time/],
    ['a time in ms', { time: MARCH / 1000n }, /not a time between 2009 and 2100/],
    ['a flag that is none', { flags: '0200' }, /m \(is_buyer_maker\): not true or false: 2/],
    ['a flag without a value', { flags: '01ff' }, /M \(is_best_match\): not true or false: 255/],
  ])('%s is refused by name', (_, page, words) => {
    expect(() => aggTrade(page)).toThrow(DataError)
    expect(() => aggTrade(page)).toThrow(words)
  })

  test.each<[string, AggTradePage]>([
    ['another message', { template: 203 }],
    ['what no message can say', { template: 999 }],
    ['another schema', { schema: 4 }],
  ])('%s is left to JSON', (_, page) => {
    expect(() => aggTrade(page)).toThrow(SbeUnknownError)
  })
})

test('volumes of 128 bits, negative and null too', () => {
  const kline = (volume: bigint): Uint8Array =>
    bytes(
      u16(2) + u16(203) + u16(3) + u16(5) + i8(-8) + i8(-8) + u16(120) + u32(1),
      i64(MARCH) + i64(3) + i64(4) + i64(1) + i64(2) + i128(volume) + i64(MARCH + 59_999_999n),
      i128(2n ** 100n) + i64(7) + i128(-5n) + i128(0n),
    )
  const values = (volume: bigint, numbers: Numbers) =>
    valuesOf('klines', decodeSbe(DATASETS.klines, numbers, kline(volume)))
  for (const numbers of ['decimal', 'string'] as const)
    expect(values(2n ** 64n, numbers)).toMatchObject({
      open: ['0.00000003'],
      high: ['0.00000004'],
      low: ['0.00000001'],
      close: ['0.00000002'],
      volume: ['184467440737.09551616'],
      quote_volume: ['12676506002282294014967.03205376'],
      taker_buy_volume: ['-0.00000005'],
      taker_buy_quote_volume: ['0.00000000'],
    })
  expect(values(2n ** 64n, 'float64')['volume']).toEqual([String(Number('184467440737.09551616'))])
  expect(() => values(NULL128, 'float64')).toThrow(/5 \(volume\): missing/)
  expect(values(10n ** 38n, 'string')['volume']).toEqual([`1${'0'.repeat(30)}.00000000`])
  expect(() => values(10n ** 38n, 'decimal')).toThrow(/more than 30 digits/)
})

describe('orders', () => {
  const order = (
    status: number,
    stopPrice: bigint,
    { more = '', usedSor = '00' } = {},
  ): Uint8Array => {
    const row =
      i8(-2) +
      i8(-3) +
      i64(42) +
      i64(NULL64) +
      i64(150) +
      i64(2_000) +
      i64(0) +
      i64(-1) +
      i8(status) +
      i8(0) +
      i8(1) +
      i8(1) +
      i64(stopPrice) +
      i64(NULL64) +
      i64(NULL64) +
      i64(NULL64) +
      i64(MARCH) +
      i64(MARCH + 1n) +
      '01' +
      i64(NULL64) +
      i64(0) +
      i64(NULL64) +
      le(BigInt(-(2 ** 31)), 4) +
      '01' +
      '01' +
      '01' +
      i64(NULL64) +
      i64(0) +
      usedSor +
      'ff' +
      'ff' +
      'ff' +
      i64(NULL64) +
      'ff' +
      more
    const texts = text8('BTCUSDT') + text8('mine "1"')
    const header = u16(0) + u16(308) + u16(3) + u16(5) + u16(row.length / 2) + u32(1)
    return bytes(header, row, texts)
  }
  const values = (body: Uint8Array) =>
    valuesOf('allOrders', decodeSbe(DATASETS.allOrders, 'string', body))

  test('null is null, -1 where JSON says so, and nothing where JSON is silent', () => {
    expect(values(order(9, NULL64, { more: 'aaaa' }))).toEqual({
      order_id: ['42'],
      order_list_id: ['-1'],
      client_order_id: ['mine "1"'],
      price: ['1.50000000'],
      orig_quantity: ['2.00000000'],
      executed_quantity: ['0.00000000'],
      cumulative_quote_quantity: ['-0.01000000'],
      status: ['EXPIRED_IN_MATCH'],
      time_in_force: ['GTC'],
      type: ['LIMIT'],
      side: ['SELL'],
      stop_price: ['null'],
      iceberg_quantity: ['null'],
      time: ['2026-03-01T00:00:00.000000Z'],
      update_time: ['2026-03-01T00:00:00.000001Z'],
      is_working: ['true'],
      working_time: ['null'],
      orig_quote_order_quantity: ['0.00000000'],
      self_trade_prevention_mode: ['NONE'],
      extra: ['null'],
    })
    expect(values(order(0, 12_345n))['stop_price']).toEqual(['123.45000000'])
  })

  test('a flag that no column names is true, false or not there', () => {
    const extraOf = (usedSor: string) => values(order(0, NULL64, { usedSor }))['extra']
    expect(extraOf('01')).toEqual(['{"usedSor":true}'])
    expect(extraOf('ff')).toEqual(['null'])
    expect(() => extraOf('07')).toThrow('usedSor: not true or false: 7')
  })

  test('a status that this schema cannot represent is left to JSON', () => {
    expect(() => values(order(254, NULL64))).toThrow(SbeUnknownError)
    expect(() => values(order(77, NULL64))).toThrow(SbeUnknownError)
  })

  test('rows shorter than the schema are left to JSON', () => {
    const body = order(0, NULL64)
    body[8] = 100
    expect(() => values(body)).toThrow(SbeUnknownError)
  })
})

test('no rows are an empty page', () => {
  for (const kind of ['klines', 'aggTrades', 'trades', 'blockTrades'] as const) {
    const template = { klines: 203, aggTrades: 202, trades: 201, blockTrades: 219 }[kind]
    const body = bytes(u16(2) + u16(template) + u16(3) + u16(5) + 'f8f8' + u16(120) + u32(0))
    expect(decodeSbe(DATASETS[kind], 'decimal', body).rowCount).toBe(0)
  }
})

test('a number of rows that cannot be is torn, before any room is made for it', () => {
  const body = aggTradePage()
  new DataView(body.buffer, body.byteOffset).setUint32(12, 0x7fff_ffff, true)
  expect(() => decodeSbe(DATASETS.aggTrades, 'string', body)).toThrow(TransportError)
})

test('what is no message at all is refused', () => {
  for (const text of ['', '[]', '{"code":-1000,"msg":"x"}', '<html></html>', '[[1,2,3]]'.repeat(9)])
    expect(() => decodeSbe(DATASETS.klines, 'string', Buffer.from(text))).toThrow(TransportError)
})

describe('errors in SBE', () => {
  const error = (code: number, msg: string, more = ''): Uint8Array => {
    const root = le(BigInt(code), 2) + i64(NULL64) + i64(NULL64) + more
    const text = u16(Buffer.byteLength(msg)) + Buffer.from(msg).toString('hex')
    return bytes(u16(root.length / 2) + u16(100) + u16(3) + u16(5), root, text, u32(0))
  }
  const answer = (status: number, body: Uint8Array) => ({ status, body, header: () => undefined })

  test('are judged as in JSON', () => {
    const codes: [number, number, string][] = [
      [400, -1121, 'Invalid symbol.'],
      [503, -1008, 'Server is currently overloaded.'],
      [504, -1007, 'Timeout waiting for response from backend server.'],
      [401, -2015, 'Invalid API-key, IP, or permissions for action.'],
      [418, -1003, 'Way too much request weight used; IP banned until 1659761931230.'],
      [403, -1000, 'Not the firewall.'],
    ]
    for (const [status, code, msg] of codes) {
      const json = Buffer.from(JSON.stringify({ code, msg }))
      const nowMs = 1_659_761_900_000
      expect(judge(answer(status, error(code, msg)), nowMs)).toEqual(
        judge(answer(status, json), nowMs),
      )
    }
  })

  test('are read past what a later schema adds, and only when they are errors', () => {
    expect(readSbeError(error(-1121, 'No.', 'abcdef'))).toEqual({ code: -1121, msg: 'No.' })
    expect(readSbeError(aggTradePage())).toBeUndefined()
    expect(readSbeError(Buffer.from('{"code":-1121}'))).toBeUndefined()
    expect(readSbeError(error(-1121, 'No.').subarray(0, 20))).toBeUndefined()
  })

  test('with status 200 they are no page', () => {
    const body = error(-1000, 'Oh.')
    expect(() => decodeSbe(DATASETS.klines, 'string', body)).toThrow(/error -1000/)
  })
})

test('each dataset has a message', () => {
  for (const kind of Object.keys(DATASETS) as SpotKind[])
    expect(() => decodeSbe(DATASETS[kind], 'string', aggTradePage({ template: 1 }))).toThrow(
      SbeUnknownError,
    )
})
