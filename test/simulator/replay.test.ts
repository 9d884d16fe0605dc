import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UsageError } from '../../src/base/errors.ts'
import { parseMicros } from '../../src/base/time.ts'
import { Exchange, replayOptions } from '../../src/simulator/index.ts'
import { ask, rows, type WireAggTrade, type WireTrade } from '../support/simulator.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'replay-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

const kline = (open: number, volume = '5.00000000'): unknown[] => [
  open,
  '1.00000000',
  '2.00000000',
  '0.50000000',
  '1.50000000',
  volume,
  open + 3_599_999,
  '7.00000000',
  3,
  '1.00000000',
  '1.50000000',
  '0',
]
const MS = { headers: { 'x-mbx-time-unit': 'MILLISECOND' } }
const T0 = 1_588_280_400_000
const HOUR = 3_600_000

describe('replay', () => {
  const write = async (name: string, content: unknown): Promise<void> => {
    await mkdir(join(directory, 'rest'), { recursive: true })
    await writeFile(join(directory, 'rest', name), JSON.stringify(content))
  }

  test('joins the pages of a series, sorted and without what they have in common', async () => {
    await write('klines-BTCUSDT-1h-b.json', [kline(T0 + 2 * HOUR), kline(T0 + 3 * HOUR)])
    await write('klines-BTCUSDT-1h-a.json', [kline(T0), kline(T0 + HOUR), kline(T0 + 2 * HOUR)])
    await write('klines-BTCUSDT-30m-a.json', [kline(T0)])
    const exchange = new Exchange(await replayOptions(directory))
    const page = rows<unknown[]>(exchange, 'klines?symbol=BTCUSDT&interval=1h', MS)
    expect(page).toEqual([0, 1, 2, 3].map((i) => kline(T0 + i * HOUR)))
    const inMicros = rows<number[]>(exchange, 'klines?symbol=BTCUSDT&interval=1h&limit=1')
    expect([inMicros[0]![0], inMicros[0]![6]]).toEqual([
      (T0 + 3 * HOUR) * 1000,
      (T0 + 4 * HOUR) * 1000 - 1,
    ])
  })

  test('takes symbols and limits from exchangeInfo as they are, and answers for others too', async () => {
    const symbol = { symbol: 'ABCUSDT', status: 'BREAK', own: { field: [1] } }
    const rateLimits = [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1200 },
    ]
    await write('exchangeInfo-x.json', { symbols: [symbol], rateLimits })
    await write('trades-币安人生USDT-x.json', [
      {
        id: 7,
        price: '1.0',
        qty: '2.0',
        quoteQty: '2.0',
        time: T0,
        isBuyerMaker: true,
        isBestMatch: false,
      },
    ])
    const exchange = new Exchange(await replayOptions(directory))
    expect(ask(exchange, 'exchangeInfo').json).toMatchObject({ symbols: [symbol], rateLimits })
    const wide = encodeURIComponent('币安人生USDT')
    expect(rows<WireTrade>(exchange, `historicalTrades?symbol=${wide}&fromId=1`, MS)).toEqual([
      {
        id: 7,
        price: '1.0',
        qty: '2.0',
        quoteQty: '2.0',
        time: T0,
        isBuyerMaker: true,
        isBestMatch: false,
      },
    ])
    expect(rows(exchange, 'klines?symbol=ABCUSDT&interval=1h')).toEqual([])
  })

  test('says what it does not find or understand', async () => {
    await expect(replayOptions(directory)).rejects.toBeInstanceOf(UsageError)
    await write('klines-BTCUSDT-9h-a.json', [])
    await expect(replayOptions(directory)).rejects.toThrow(/klines-BTCUSDT-9h-a/)
    await rm(join(directory, 'rest'), { recursive: true })
    await write('klines-BTCUSDT-1h-a.json', [[T0, 1.5]])
    await expect(replayOptions(directory)).rejects.toBeInstanceOf(UsageError)
  })
})

// Real answers of the exchange, where they lie beside the checkout. Nobody else has them, so this is extra proof.
const RECORDED = '../shared/recorded'
const isThere = existsSync(RECORDED)
if (!isThere) console.warn(`NOT RUN: replay of real answers, since ${RECORDED} is not there`)

describe.runIf(isThere)('replay of real answers', () => {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(RECORDED, 'rest', name), 'utf8'))

  test('klines page by page, by the very requests that fetched them', async () => {
    const exchange = new Exchange(await replayOptions(RECORDED))
    const page = (from: number, to: number): unknown =>
      ask(
        exchange,
        `klines?symbol=BTCUSDT&interval=1h&limit=1000&startTime=${from}&endTime=${to}`,
        MS,
      ).json
    expect(page(1588280400000, 1591880400000)).toEqual(
      await read('klines-BTCUSDT-1h-1588280400000.json'),
    )
    expect(page(1591880400000, 1593572400000)).toEqual(
      await read('klines-BTCUSDT-1h-1591880400000.json'),
    )
    const now = parseMicros('2025-10-26T15:45')
    expect(ask(exchange, 'klines?symbol=BTCUSDT&interval=30m', { ...MS, now }).json).toEqual(
      await read('klines-BTCUSDT-30m-last-row-open-2025-10-26.json'),
    )
  })

  test('aggTrades and trades', async () => {
    const exchange = new Exchange(await replayOptions(RECORDED))
    const byId = ask(exchange, 'aggTrades?symbol=BTCUSDT&fromId=202790190&limit=1000', MS).json
    expect(byId).toEqual(await read('aggTrades-BTCUSDT-fromId-202790190.json'))
    const [first] = rows<WireAggTrade>(
      exchange,
      'aggTrades?symbol=BTCUSDT&startTime=1588749117459&limit=1',
    )
    expect(first!.T).toBe(1_588_749_117_459_000)
    const trades = ask(exchange, 'historicalTrades?symbol=ETHBTC&fromId=0&limit=1000', MS).json
    expect(trades).toEqual(await read('trades-ETHBTC-2023-03-20.json'))
  })

  test('exchangeInfo', async () => {
    const exchange = new Exchange(await replayOptions(RECORDED))
    const { symbols, rateLimits } = (await read('exchangeInfo-3-symbols-2025-10-26.json')) as {
      symbols: unknown
      rateLimits: unknown
    }
    expect(ask(exchange, 'exchangeInfo').json).toMatchObject({ symbols, rateLimits })
  })
})
