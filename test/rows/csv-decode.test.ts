import { describe, expect, test } from 'vitest'
import { parseMicros, periodWindow } from '../../src/base/time.ts'
import { type SpotKind, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { decodeCsv } from '../../src/rows/csv.ts'
import type { Page } from '../../src/rows/page.ts'
import { all, inPieces, problemOf, textsOf } from '../support/archive.ts'
import { utf8 } from '../support/rows-pages.ts'

const PERIOD = '2024-03-01'
const T = Number(parseMicros(PERIOD)) / 1000
const FILE = 'BTCUSDT-x-2024-03-01.csv'

async function decode(
  kind: SpotKind,
  text: string,
  { numbers = 'string', piece = 1 << 16, batchRows = 1_000 }: DecodeOptions = {},
): Promise<Page[]> {
  const options = { period: periodWindow(PERIOD), file: FILE, batchRows }
  return all(decodeCsv(DATASETS[kind], numbers, inPieces(utf8(text), piece), options))
}

type DecodeOptions = { numbers?: Numbers; piece?: number; batchRows?: number }

const rowsOf = async (kind: SpotKind, text: string): Promise<Record<string, string>[]> =>
  textsOf(kind, await decode(kind, text))

const refusal = async (kind: SpotKind, text: string): Promise<string> => {
  const { problem, path, message } = await problemOf(decode(kind, text))
  expect(path).toBe(FILE)
  return `${problem} ${message.replace(`${FILE}:`, '')}`
}

const agg = (id: number, time = T, flag = 'True'): string =>
  `${id},62000.10000000,0.01250000,${id * 2},${id * 2 + 1},${time},${flag},True`
const kline = (open = T, close = open + 59_999): string =>
  `${open},1.5,2.5,1.25,2,10,${close},20.125,7,6,12.0625,0`

describe('rows', () => {
  test('an aggregate trade', async () => {
    expect(await rowsOf('aggTrades', `${agg(7)}\n`)).toEqual([
      {
        agg_trade_id: '7',
        price: '62000.10000000',
        quantity: '0.01250000',
        first_trade_id: '14',
        last_trade_id: '15',
        time: '2024-03-01T00:00:00.000000Z',
        is_buyer_maker: 'true',
        is_best_match: 'true',
      },
    ])
  })

  test('a piece without bytes says nothing', async () => {
    async function* pieces() {
      yield utf8(`${Array.from({ length: 200 }, (_, row) => agg(row)).join('\n')}\n`)
      yield utf8('')
      yield utf8(`${agg(200)}\n`)
    }
    const options = { period: periodWindow(PERIOD), file: FILE }
    const pages = await all(decodeCsv(DATASETS.aggTrades, 'string', pieces(), options))
    expect(pages.flatMap(({ keys }) => [...keys])).toEqual(
      Array.from({ length: 201 }, (_, row) => BigInt(row)),
    )
  })

  test('a kline in ms, and the same in µs', async () => {
    const row = {
      open_time: '2024-03-01T00:01:00.000000Z',
      open: '1.5',
      high: '2.5',
      low: '1.25',
      close: '2',
      volume: '10',
      close_time: '2024-03-01T00:01:59.999999Z',
      quote_volume: '20.125',
      trade_count: '7',
      taker_buy_volume: '6',
      taker_buy_quote_volume: '12.0625',
    }
    const millis = kline(T + 60_000)
    const micros = kline((T + 60_000) * 1000, (T + 120_000) * 1000 - 1)
    expect(await rowsOf('klines', `${millis}\n`)).toEqual([row])
    expect(await rowsOf('klines', `${micros}\n`)).toEqual([row])
  })

  test('a trade', async () => {
    const text = `5,1.5,2,3,${T * 1000 + 17},False,True`
    expect(await rowsOf('trades', text)).toMatchObject([
      {
        trade_id: '5',
        quote_quantity: '3',
        time: '2024-03-01T00:00:00.000017Z',
        is_buyer_maker: 'false',
      },
    ])
  })

  test('ms and µs in one file, row by row', async () => {
    const text = `${agg(1, T + 5)}\n${agg(2, T * 1000 + 5_001)}\n${agg(3, T + 6)}\n`
    const times = (await rowsOf('aggTrades', text)).map(({ time }) => time?.slice(-10))
    expect(times).toEqual(
      ['0.005000Z', '0.005001Z', '0.006000Z'].map((own) => own.padStart(10, '0')),
    )
  })

  test.each(['True', 'true', 'False', 'false'])('the flag %s', async (flag) => {
    const [row] = await rowsOf('aggTrades', agg(1, T, flag))
    expect(row?.['is_buyer_maker']).toBe(flag.toLowerCase())
  })

  test('ids that no double holds', async () => {
    const text = agg(1).replace(/^1,/, '9007199254740993,')
    expect((await rowsOf('aggTrades', text))[0]?.['agg_trade_id']).toBe('9007199254740993')
  })

  test('the first and the last moment of the period', async () => {
    const last = (T + 86_400_000) * 1000 - 1
    const text = `${agg(1, T)}\n${agg(2, T * 1000)}\n${agg(3, T + 86_399_999)}\n${agg(4, last)}`
    expect(await rowsOf('aggTrades', text)).toHaveLength(4)
  })

  test.each([
    ['no line feed at the end', `${agg(1)}\n${agg(2)}`],
    ['a line feed at the end', `${agg(1)}\n${agg(2)}\n`],
    ['lines of another system', `${agg(1)}\r\n${agg(2)}\r\n`],
    ['and no end', `${agg(1)}\r\n${agg(2)}`],
  ])('%s', async (_, text) => {
    expect((await rowsOf('aggTrades', text)).map((row) => row['agg_trade_id'])).toEqual(['1', '2'])
  })

  test('nothing at all is no rows', async () => {
    expect(await decode('aggTrades', '')).toEqual([])
  })

  test('however it is cut into pieces and pages', async () => {
    const text = Array.from({ length: 25 }, (_, i) => `${agg(i + 8, T + i)}\n`).join('')
    const whole = await rowsOf('aggTrades', text)
    for (let piece = 1; piece < 80; piece++)
      for (const batchRows of [1, 7, 25, 26]) {
        const pages = await decode('aggTrades', text, { piece, batchRows })
        expect(textsOf('aggTrades', pages)).toEqual(whole)
        expect(pages.slice(0, -1).every(({ rowCount }) => rowCount === batchRows)).toBe(true)
      }
  })
})

describe('header rows', () => {
  const AGG =
    'agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker,is_best_match'

  test.each([
    ['aggTrades', AGG, agg(1)],
    [
      'aggTrades',
      'Aggregate tradeId,Price,Quantity,First tradeId,Last tradeId,Timestamp,Was the buyer the maker,Was the trade the best price match',
      agg(1),
    ],
    ['aggTrades', 'a,p,q,f,l,T,m,M', agg(1)],
    [
      'trades',
      'id,price,qty,quote_qty,time,is_buyer_maker,is_best_match',
      `1,2,3,6,${T},true,true`,
    ],
    [
      'klines',
      'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore',
      kline(),
    ],
    [
      'klines',
      'Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume,Number of trades,Taker buy base asset volume,Taker buy quote asset volume,Ignore',
      kline(),
    ],
  ] as const)('%s: %s', async (kind, header, row) => {
    const bare = await rowsOf(kind, row)
    expect(await rowsOf(kind, `${header}\n${row}\n`)).toEqual(bare)
    expect(await rowsOf(kind, `\ufeff${header}\r\n${row}\r\n`)).toEqual(bare)
  })

  test('columns are taken by their names, not their places', async () => {
    const header = AGG.replace('price,quantity', 'quantity,price')
    const swapped = agg(1).replace('62000.10000000,0.01250000', '0.01250000,62000.10000000')
    expect(await rowsOf('aggTrades', `${header}\n${swapped}`)).toEqual(
      await rowsOf('aggTrades', agg(1)),
    )
  })

  test('alone', async () => {
    expect(await decode('aggTrades', `${AGG}\n`)).toEqual([])
    expect(await decode('aggTrades', AGG)).toEqual([])
  })

  test.each([
    [
      'futures have no best match',
      AGG.replace(',is_best_match', ''),
      'csv 1: the header row: no column is_best_match',
    ],
    [
      'an unknown name',
      AGG.replace('price', 'base_volume'),
      'csv 1: the header row: no column price, but "base_volume"',
    ],
    ['one more than the rows have', `${AGG},extra`, `csv 2: 8 columns instead of 9: "${agg(1)}"`],
    ['one twice', `${AGG},price`, 'csv 1: the header row: a column occurs twice'],
    [
      'an escape',
      AGG.replace('price', '\u001b[31m'),
      'csv 1: the header row: no column price, but "\\u{1b}[31m"',
    ],
    [
      'a web page',
      '<!DOCTYPE html><html>',
      'csv 1: the header row: no column agg_trade_id, but "<!DOCTYPE html><html>"',
    ],
  ])('%s', async (_, header, message) => {
    expect(await refusal('aggTrades', `${header}\n${agg(1)}\n`)).toBe(message)
  })
})

describe('lines that are not rows', () => {
  const good = `${agg(1)}\n`

  test.each([
    ['a column less', agg(2).replace(',True,True', ',True'), 'csv 2: 7 columns instead of 8'],
    ['two rows without an end between', `${agg(2)},${agg(3)}`, 'csv 2: 16 columns instead of 8'],
    ['a column more, badly quoted', `${agg(2)},"a"b`, 'csv 2: 9 columns instead of 8'],
    ['a column more, quoted without end', `${agg(2)},"a`, 'csv 2: 9 columns instead of 8'],
    ['nothing between two lines', `\n${agg(2)}`, 'csv 2: 1 columns instead of 8: ""'],
    [
      'text for a number',
      agg(2).replace('0.01250000', 'abc'),
      'csv 2: quantity: not a decimal number: "abc"',
    ],
    [
      'nothing for a number',
      agg(2).replace('0.01250000', ''),
      'csv 2: quantity: not a decimal number: ""',
    ],
    [
      'a quoted number',
      agg(2).replace('0.01250000', '"0.0125"'),
      'csv 2: quantity: not a decimal number: ""0.0125""',
    ],
    [
      'a space',
      agg(2).replace('0.01250000', ' 0.0125'),
      'csv 2: quantity: not a decimal number: " 0.0125"',
    ],
    [
      'an infinity',
      agg(2).replace('0.01250000', 'NaN'),
      'csv 2: quantity: not a decimal number: "NaN"',
    ],
    [
      'a fraction for an id',
      agg(2).replace(/^2,/, '2.5,'),
      'csv 2: agg_trade_id: not a 64-bit integer: "2.5"',
    ],
    ['another flag', agg(2, T, 'TRUE'), 'csv 2: is_buyer_maker: not true or false: "TRUE"'],
    ['half a flag', agg(2, T, 'Tru'), 'csv 2: is_buyer_maker: not true or false: "Tru"'],
    ['one for a flag', agg(2, T, '1'), 'csv 2: is_buyer_maker: not true or false: "1"'],
    [
      'a zero byte',
      agg(2).replace('0.0125', '0.0\u0000125'),
      'csv 2: quantity: not a decimal number: "0.0\\u{0}1250000"',
    ],
    [
      'an escape',
      agg(2).replace('0.01250000', '\u001b[31m'),
      'csv 2: quantity: not a decimal number: "\\u{1b}[31m"',
    ],
    [
      'a time with a fraction',
      agg(2).replace(String(T), `${T}.5`),
      `csv 2: time: not a time: "${T}.5"`,
    ],
    [
      'a time with an exponent',
      agg(2).replace(String(T), '1.7e12'),
      'csv 2: time: not a time: "1.7e12"',
    ],
    [
      'a carriage return inside',
      agg(2).replace(',', '\r,'),
      'csv 2: agg_trade_id: not a 64-bit integer: "2\\u{d}"',
    ],
  ])('%s', async (_, line, message) => {
    const text = `${good}${line}\n${agg(3)}\n`
    expect(await refusal('aggTrades', text)).toContain(message)
  })

  test('the last line, without its end', async () => {
    expect(await refusal('aggTrades', `${good}${agg(2).slice(0, 20)}`)).toContain(
      'csv 2: 3 columns',
    )
    expect(await refusal('aggTrades', `${good}${agg(2).slice(0, -3)}`)).toContain(
      'csv 2: is_best_match: not true or false: "T"',
    )
  })

  test('the line is counted with the header row', async () => {
    const header = 'a,p,q,f,l,T,m,M\n'
    expect(await refusal('aggTrades', `${header}${good}x\n`)).toContain('csv 3: 1 columns')
  })

  test('a line without an end is not kept for ever', async () => {
    expect(await refusal('aggTrades', `${good}${' '.repeat(10_000)}`)).toContain(
      'longer than any row',
    )
  })

  test.each([
    ['more than an hour before', T - 3_600_001],
    ['an hour after', T + 90_000_000],
    ['before, in µs after a row in ms', T * 1000 - 1],
    ['after, in µs after a row in ms', (T + 86_400_000) * 1000],
    ['in seconds', T / 1000],
    ['in ns', `${T}000000`],
    ['nothing', 0],
  ])('a time elsewhere: %s', async (_, time) => {
    const line = agg(2).replace(String(T), String(time))
    const message = await refusal('aggTrades', `${good}${line}\n`)
    expect(message).toContain(
      time === 0 ? 'csv 2: time: not a time' : "period 2: time: not in the file's own period",
    )
  })

  test('a kline whose two times are in two units', async () => {
    const message = 'csv 1: close_time: not the end of a kline of this file'
    expect(await refusal('klines', kline(T, (T + 60_000) * 1000 - 1))).toContain(message)
    expect(await refusal('klines', kline(T * 1000, T + 59_999))).toContain(message)
  })

  test('quotes in the column that is ignored', async () => {
    expect(await refusal('klines', kline().replace(/0$/, '"0"'))).toContain('quoted')
  })

  test('numbers that an exact column cannot hold', async () => {
    const text = agg(1).replace('0.01250000', '0.012500001')
    const { message } = await problemOf(decode('aggTrades', text, { numbers: 'decimal' }))
    expect(message).toContain(':1: quantity: more than 8 decimals')
  })
})
