import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DataError, TransportError } from '../../src/base/errors.ts'
import { NUMBERS, type SpotKind } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { decodePageByParse } from '../../src/rows/reference.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { schemaOf } from '../../src/rows/schema.ts'
import { pageBody, rowFields, rowJson, rowTexts, utf8 } from '../support/rows-pages.ts'

const { klines, aggTrades, allOrders, myTrades } = DATASETS

function decodeOne(
  kind: SpotKind,
  changes: Record<string, string | undefined>,
): Record<string, string> {
  const dataset = DATASETS[kind]
  return (
    rowTexts(dataset, decodePage(dataset, 'string', pageBody(kind, changes), 'ms').batch)[0] ?? {}
  )
}

function refusal(
  kind: SpotKind,
  changes: Record<string, string | undefined>,
  unit: 'ms' | 'us' = 'ms',
): string {
  const dataset = DATASETS[kind]
  const decode = () => decodePage(dataset, 'decimal', pageBody(kind, {}, changes), unit)
  expect(decode).toThrow(DataError)
  return messageOf(decode)
}

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}

describe('every dataset', () => {
  for (const dataset of Object.values(DATASETS))
    for (const numbers of NUMBERS)
      it(`decodes a page of ${dataset.kind} as ${numbers}, equal to the reference`, () => {
        const body = pageBody(dataset.kind as SpotKind, {}, {})
        const page = decodePage(dataset, numbers, body, 'ms')
        expect(page.rowCount).toBe(2)
        expect(page.batch.schema.fields.map(String)).toEqual(
          schemaOf(dataset, numbers).fields.map(String),
        )
        expect(rowTexts(dataset, page.batch)).toEqual(
          rowTexts(dataset, decodePageByParse(dataset, numbers, body, 'ms').batch),
        )
      })

  it('has fields in one run from 0 when its rows are arrays', () => {
    for (const { shape, columns, ignored } of Object.values(DATASETS)) {
      if (shape !== 'array') continue
      const indices = [...columns.map(({ json }) => json), ...ignored].sort(
        (a, b) => Number(a) - Number(b),
      )
      expect(indices).toEqual(indices.map((_, index) => index))
    }
  })
})

describe('time units', () => {
  it('makes microseconds of milliseconds, and of an inclusive end its last microsecond', () => {
    const row = decodeOne('klines', {})
    expect(row['open_time']).toBe('2023-11-14T22:13:20.000000Z')
    expect(row['close_time']).toBe('2023-11-14T22:14:19.999999Z')
  })

  it('takes microseconds as they are sent', () => {
    const times = { 0: '1700000000000000', 6: '1700000059999999' }
    const { batch, times: column } = decodePage(klines, 'float64', pageBody('klines', times), 'us')
    expect(rowTexts(klines, batch)[0]?.['close_time']).toBe('2023-11-14T22:14:19.999999Z')
    expect([...column]).toEqual([1_700_000_000_000_000n])
  })

  it.each([
    ['ms', '1700000000000000'],
    ['us', '1700000000000'],
    ['ms', '1700000000'],
    ['ms', '1230767999999'],
    ['ms', '4102444800000'],
    ['ms', '-1700000000000'],
    ['ms', '1700000000000.5'],
    ['ms', '17e11'],
  ] as const)('refuses as %s the time %s', (unit, time) => {
    const good = unit === 'ms' ? {} : { T: '1700000000000000' }
    const body = utf8(
      `[${[good, { T: time }].map((c) => rowJson(aggTrades, rowFields('aggTrades', c))).join()}]`,
    )
    expect(messageOf(() => decodePage(aggTrades, 'float64', body, unit))).toMatch(
      /^aggTrades row 1: T \(time\): not a time between 2009 and 2100/,
    )
  })

  it('takes the first and the last moment of the range', () => {
    const bounds = [{ T: '1230768000000' }, { T: '4102444799999' }]
    expect(decodePage(aggTrades, 'float64', pageBody('aggTrades', ...bounds), 'ms').rowCount).toBe(
      2,
    )
  })
})

describe('integers', () => {
  it.each([
    '0',
    '-1',
    '9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
    '123456789012345678',
  ])('stores %s exactly', (id) => {
    expect(decodeOne('aggTrades', { a: id })['agg_trade_id']).toBe(id)
  })

  it.each([
    '9223372036854775808',
    '-9223372036854775809',
    '1e5',
    '1.0',
    '"7"',
    '-0',
    'true',
    'null',
    '[1]',
    '1E2',
  ])('refuses %s', (id) => {
    expect(refusal('aggTrades', { a: id })).toBe(
      `aggTrades row 1: a (agg_trade_id): not a 64-bit integer: ${id}`,
    )
  })
})

describe('prices', () => {
  it('must be strings', () => {
    expect(refusal('aggTrades', { p: '1.5' })).toBe('aggTrades row 1: p (price): not a string: 1.5')
  })

  it('may be written with escapes', () => {
    expect(decodeOne('aggTrades', { p: '"\\u0031.5"' })['price']).toBe('1.5')
  })

  it('are named with column and value when they cannot be stored exactly', () => {
    expect(refusal('aggTrades', { p: '"0.123456789"' })).toBe(
      'aggTrades row 1: p (price): more than 8 decimals, which cannot be stored exactly: "0.123456789"',
    )
    expect(refusal('klines', { 5: `"${'9'.repeat(31)}"` })).toContain(
      'klines row 1: 5 (volume): more than 30 digits',
    )
  })

  it('quote hostile text safely and in part', () => {
    const message = refusal('aggTrades', { p: `"\u202e\\u001b${'x'.repeat(5000)}"` })
    expect(message).toContain('not a decimal number')
    expect(message).not.toContain('\u202e')
    expect(message.length).toBeLessThan(250)
  })
})

describe('fields', () => {
  it('are told by name when they are missing or sent twice', () => {
    expect(refusal('aggTrades', { q: undefined, M: undefined })).toBe(
      'aggTrades row 1: q (quantity), M (is_best_match): missing',
    )
    const twice = utf8('[{"a":1,"a":1}]')
    expect(messageOf(() => decodePage(aggTrades, 'float64', twice, 'ms'))).toBe(
      'aggTrades row 0: a (agg_trade_id): sent twice',
    )
    expect(messageOf(() => decodePage(aggTrades, 'float64', utf8('[{}]'), 'ms'))).toContain(
      'missing',
    )
  })

  it('of an array are counted', () => {
    expect(refusal('klines', { 11: undefined, 10: undefined, 9: undefined })).toContain(
      '9 (taker_buy_volume), 10',
    )
    expect(messageOf(() => decodePage(klines, 'float64', utf8('[[]]'), 'ms'))).toContain('missing')
  })

  it('come in any order, and in another order in the next row', () => {
    const rows = [
      rowFields('aggTrades'),
      Object.fromEntries(Object.entries(rowFields('aggTrades', { a: '8' })).reverse()),
    ]
    const body = utf8(`[${rows.map((row) => rowJson(aggTrades, row)).join(', ')}]`)
    const [first, second] = rowTexts(aggTrades, decodePage(aggTrades, 'decimal', body, 'ms').batch)
    expect(second).toEqual({ ...first, agg_trade_id: '8' })
  })

  it('may have escapes in their names', () => {
    const body = utf8(rowJson(aggTrades, rowFields('aggTrades')).replace('"p"', '"\\u0070"'))
    expect(
      decodePage(aggTrades, 'float64', utf8(`[${new TextDecoder().decode(body)}]`), 'ms').rowCount,
    ).toBe(1)
  })

  it.each([
    ['m', '1', 'not true or false'],
    ['m', '"true"', 'not true or false'],
    ['m', 'null', 'not true or false'],
  ])('refuse for %s the value %s', (name, value, problem) => {
    expect(refusal('aggTrades', { [name]: value })).toContain(problem)
  })

  it('are refused as null unless the column may be', () => {
    expect(refusal('allOrders', { clientOrderId: 'null' })).toContain(
      'clientOrderId (client_order_id): not a string: null',
    )
    expect(refusal('allOrders', { price: 'null' })).toContain('price (price): not a string: null')
  })
})

describe('nullable columns', () => {
  it.each([['null'], [undefined]])('hold null for %s', (value) => {
    const changes = {
      stopPrice: value,
      icebergQty: value,
      workingTime: value,
      selfTradePreventionMode: value,
    }
    for (const numbers of NUMBERS) {
      const { batch } = decodePage(allOrders, numbers, pageBody('allOrders', {}, changes, {}), 'ms')
      const [first, second, third] = rowTexts(allOrders, batch)
      expect(third).toEqual(first)
      expect(second).toMatchObject({
        stop_price: 'null',
        iceberg_quantity: 'null',
        working_time: 'null',
        self_trade_prevention_mode: 'null',
      })
      expect(batch.getChild('stop_price')?.nullCount).toBe(1)
      expect(batch.getChild('price')?.nullCount).toBe(0)
    }
  })

  it('hold null for the working time of an order that does not work yet', () => {
    expect(decodeOne('allOrders', { workingTime: '-1' })['working_time']).toBe('null')
    expect(refusal('allOrders', { time: '-1' })).toContain('not a time')
  })
})

describe('fields that nobody knows yet', () => {
  const unknownOf = (kind: SpotKind, ...changes: Record<string, string>[]) =>
    decodePage(DATASETS[kind], 'string', pageBody(kind, ...changes), 'ms').unknownFields

  it('are named once a page, however many rows have them', () => {
    expect(unknownOf('aggTrades', {}, { tt: '"RPI"' }, { tt: '1', ü: 'null' }, {})).toEqual([
      { name: 'tt', isKept: false },
      { name: 'ü', isKept: false },
    ])
    expect(unknownOf('klines', {}, { 12: '[{}]' }, { 12: '1', 13: 'null' })).toEqual([
      { name: '12', isKept: false },
      { name: '13', isKept: false },
    ])
    expect(unknownOf('allOrders', { zeta: '1' }, { zeta: '2', strategyId: '7' })).toEqual([
      { name: 'zeta', isKept: true },
    ])
  })

  it('may be sent twice where they are not stored', () => {
    const row = rowJson(aggTrades, rowFields('aggTrades', { tt: '1' })).replace('}', ',"tt":2}')
    expect(decodePage(aggTrades, 'string', utf8(`[${row}]`), 'ms').unknownFields).toHaveLength(1)
  })

  it('of an array are behind the known ones, or the row is refused: its elements have moved', () => {
    expect(refusal('klines', { 11: '"320.39"', 12: '"0"' })).toBe(
      'klines row 1: 11: not "0" in a longer row, whose elements moved: "320.39"',
    )
    expect(decodeOne('klines', { 11: '"320.39"' })['taker_buy_quote_volume']).toBe('12')
  })

  it('are kept as JSON, in the order sent, without white space', () => {
    const more = { zeta: '[1, {"a" : "b c"}]', alpha: '1.50', ü: 'null' }
    expect(decodeOne('allOrders', more)['extra']).toBe(
      '{"zeta":[1,{"a":"b c"}],"alpha":1.50,"ü":null}',
    )
    expect(decodeOne('allOrders', {})['extra']).toBe('null')
  })

  it('are refused when sent twice', () => {
    const row = rowJson(allOrders, rowFields('allOrders', { zeta: '1' })).replace('}', ',"zeta":2}')
    expect(messageOf(() => decodePage(allOrders, 'float64', utf8(`[${row}]`), 'ms'))).toContain(
      'zeta: sent twice',
    )
  })

  it('may not be nested without end', () => {
    const deep = '['.repeat(1000) + ']'.repeat(1000)
    const decode = () =>
      decodePage(allOrders, 'float64', pageBody('allOrders', { zeta: deep }), 'ms')
    expect(decode).toThrow(TransportError)
  })
})

describe('text', () => {
  it.each(['', 'plain', 'a"b\\c/d', 'tab\tnewline\n\u0001', 'é 中 🚀', '\u2028', '\ufeffmark'])(
    'is stored as it was meant: %j',
    (text) => {
      const units = text.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
      const escaped = units.map((unit) => `\\u${unit}`).join('')
      expect(
        decodeOne('myTrades', { commissionAsset: JSON.stringify(text) })['commission_asset'],
      ).toBe(text)
      expect(decodeOne('myTrades', { commissionAsset: `"${escaped}"` })['commission_asset']).toBe(
        text,
      )
    },
  )

  it('is refused when it is half of a surrogate pair', () => {
    expect(refusal('myTrades', { commissionAsset: '"\\ud800"' })).toContain(
      'half of a surrogate pair',
    )
  })

  it('is refused when it is not UTF-8, also where it is not stored', () => {
    for (const name of ['commissionAsset', 'symbol']) {
      const body = pageBody('myTrades', { [name]: '"#"' })
      body[body.indexOf('#'.charCodeAt(0))] = 0xff
      expect(() => decodePage(myTrades, 'float64', body, 'ms')).toThrow(TransportError)
    }
  })
})

describe('what is no page of rows', () => {
  const bodies = [
    '',
    ' ',
    'null',
    '{}',
    '{"code":-1121,"msg":"Invalid symbol."}',
    '<html><body>403</body></html>',
    '"[]"',
    '0',
    '[',
    '[,]',
    '[]]',
    '[] []',
    '[]x',
    '[1,]',
    '[[]',
    '\ufeff[]',
    '[{]',
    '[{"a"}]',
    '[{"a":}]',
    '[{"a":1,}]',
    '[nul]',
    '[{a:1}]',
    "[{'a':1}]",
    '[01]',
    '[\u00a0]',
    '[{"a":01}]',
    '[{"a":+1}]',
    '[{"a":.5}]',
    '[{"a":1.}]',
    '[{"x":"\u0001"}]',
    '[{"x":"\\x"}]',
    '[{"x":"\\u12G4"}]',
  ]
  it.each(bodies)('is refused, to be tried again: %j', (body) => {
    for (const dataset of [klines, aggTrades]) {
      const decode = () => decodePage(dataset, 'float64', utf8(body), 'ms')
      expect(decode).toThrow(TransportError)
      expect(messageOf(decode)).toContain('not a page of rows')
    }
  })

  it.each(['[1]', '["a"]', '[null]', '[[1],{}]', '[{"a":[1]}]'])(
    'is a row that is none: %s',
    (body) => {
      for (const dataset of [klines, aggTrades])
        expect(() => decodePage(dataset, 'float64', utf8(body), 'ms')).toThrow(DataError)
    },
  )
})

describe('a damaged body', () => {
  it('is to be tried again even if a row before the damage cannot be true', () => {
    const body = pageBody('aggTrades', { p: '"abc"' }, {})
    expect(() => decodePage(aggTrades, 'float64', body, 'ms')).toThrow(DataError)
    expect(() => decodePage(aggTrades, 'float64', body.subarray(0, -3), 'ms')).toThrow(
      TransportError,
    )
  })
})

describe('an empty page', () => {
  it.each(['[]', ' [ \n\t\r] '])('is zero rows: %j', (body) => {
    for (const dataset of Object.values(DATASETS)) {
      const page = decodePage(dataset, 'decimal', utf8(body), 'ms')
      expect([page.rowCount, page.batch.numRows, page.keys.length, page.times.length]).toEqual([
        0, 0, 0, 0,
      ])
    }
  })
})

describe('a page longer than its dataset says', () => {
  it('is decoded to its end, and a body may be part of a larger buffer', () => {
    const rows = Array.from({ length: 2500 }, (_, index) => ({ a: String(index) }))
    const body = pageBody('aggTrades', ...rows)
    const within = Buffer.concat([Buffer.from('[[['), body, Buffer.from(',,,')]).subarray(
      3,
      3 + body.length,
    )
    const { keys, rowCount } = decodePage(aggTrades, 'string', within, 'ms')
    expect(rowCount).toBe(2500)
    expect(keys[2499]).toBe(2499n)
  })
})

const RECORDED = '../shared/recorded/rest'

describe('recorded pages', () => {
  if (!existsSync(RECORDED)) {
    console.warn(`NOT TESTED against recorded pages: there is no ${RECORDED}`)
    it('are absent, which is said above', () => {
      expect(existsSync(RECORDED)).toBe(false)
    })
    return
  }
  const files = readdirSync(RECORDED).filter((name) => (name.split('-')[0] ?? '') in DATASETS)
  for (const name of files)
    for (const numbers of NUMBERS)
      it(`${name} as ${numbers} is what the reference says`, () => {
        const dataset = DATASETS[name.split('-')[0] as SpotKind]
        const body = readFileSync(`${RECORDED}/${name}`)
        const page = decodePage(dataset, numbers, body, 'ms')
        expect(page.rowCount).toBeGreaterThan(0)
        expect(rowTexts(dataset, page.batch)).toEqual(
          rowTexts(dataset, decodePageByParse(dataset, numbers, body, 'ms').batch),
        )
      })
})
