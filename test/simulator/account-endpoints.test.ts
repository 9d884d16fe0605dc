/** The stand-in's signed endpoints judge as Binance documents; signed by the program's own signer. */

import { describe, expect, test } from 'vitest'
import { Secret, type KeyKind } from '../../src/base/secret.ts'
import { fromMillis, micros, type Micros } from '../../src/base/time.ts'
import { signer } from '../../src/pull/sign.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { accountOf, type OwnAccount } from '../support/accounts.ts'
import { ask, type Asked } from '../support/simulator.ts'

const NOW = fromMillis(Date.UTC(2024, 5, 1))
const DAY = 86_400_000

type Trade = { id: number; orderId: number; time: number; symbol: string }

function exchangeOf({ account }: OwnAccount, pageRows = 1000): Exchange {
  return new Exchange({
    symbols: [{ symbol: 'BTCUSDT' }, { symbol: '币安人生USDT' }],
    accounts: [account],
    pageRows,
  })
}

function askSigned(
  exchange: Exchange,
  { credentials }: OwnAccount,
  target: string,
  { at = NOW, recvWindow = 5_000 }: { at?: Micros; recvWindow?: number } = {},
): Asked {
  const [path = '', raw = ''] = target.split('?')
  const { query, headers } = signer(credentials, recvWindow)(raw, at)
  return ask(exchange, `${path}?${query}`, { headers, now: NOW })
}

const own = accountOf('hmac')
const exchange = exchangeOf(own)
const trades = (query: string): Trade[] => {
  const { json, text } = askSigned(exchange, own, `myTrades?symbol=BTCUSDT${query}`)
  if (!Array.isArray(json)) throw new Error(text)
  return json as Trade[]
}

describe('keys', () => {
  test.each<KeyKind>(['hmac', 'rsa', 'ed25519'])('%s signs, non-ASCII symbols too', (kind) => {
    const one = accountOf(kind)
    const target = `myTrades?symbol=${encodeURIComponent('币安人生USDT')}&limit=2`
    const { status, json } = askSigned(exchangeOf(one), one, target)
    expect(status).toBe(200)
    expect(json).toMatchObject([{ symbol: '币安人生USDT' }, {}])
  })

  test.each<KeyKind>(['hmac', 'rsa', 'ed25519'])('%s of another is refused with -1022', (kind) => {
    const [one, other] = [accountOf(kind), accountOf(kind)]
    const stranger = kind === 'hmac' ? new Secret('another secret') : other.credentials.key
    const mixed = { ...one, credentials: { ...one.credentials, key: stranger } }
    const { status, json } = askSigned(exchangeOf(one), mixed, 'myTrades?symbol=BTCUSDT')
    expect({ status, json }).toMatchObject({ status: 400, json: { code: -1022 } })
  })

  test('a signature over anything else is refused with -1022', () => {
    const { query, headers } = signer(own.credentials)('symbol=BTCUSDT', NOW)
    const changed = ask(exchange, `myTrades?${query.replace('BTCUSDT', 'ETHUSDT')}`, {
      headers,
      now: NOW,
    })
    expect(changed.json).toMatchObject({ code: -1022 })
  })

  test('no key, a strange key and a key that may not read', () => {
    const query = 'myTrades?symbol=BTCUSDT&timestamp=1&signature=00'
    expect(ask(exchange, query)).toMatchObject({ status: 401, json: { code: -2014 } })
    const strange = { headers: { 'x-mbx-apikey': 'abc' } }
    expect(ask(exchange, query, strange)).toMatchObject({ status: 401, json: { code: -2015 } })
    const barred = accountOf('hmac', { mayRead: false })
    const answer = askSigned(exchangeOf(barred), barred, 'myTrades?symbol=BTCUSDT')
    expect(answer).toMatchObject({ status: 401, json: { code: -2015 } })
  })
})

describe('time', () => {
  const after = (ms: number): Micros => micros(NOW + BigInt(ms) * 1_000n)
  const codeAt = (at: Micros, recvWindow = 5_000): unknown => {
    const target = 'myTrades?symbol=BTCUSDT&limit=1'
    const { status, json } = askSigned(exchange, own, target, { at, recvWindow })
    return status === 200 ? 200 : (json as { code: number }).code
  }

  test('a request is good for its recvWindow, and less than a second early', () => {
    expect([codeAt(after(-5_000)), codeAt(micros(after(-5_000) - 1n))]).toEqual([200, -1021])
    expect([codeAt(after(999)), codeAt(after(1_000))]).toEqual([200, -1021])
    expect([codeAt(after(-60_000), 60_000), codeAt(after(-2), 1.5)]).toEqual([200, -1021])
  })
})

describe('myTrades', () => {
  test('the newest without parameters, ascending', () => {
    const ids = trades('&limit=5').map(({ id }) => id)
    expect(ids).toHaveLength(5)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    expect(trades('').at(-1)?.id).toBe(ids.at(-1))
  })

  test('times and ids are inclusive; fromId goes on', () => {
    const [first, second, third] = trades(`&startTime=${Date.UTC(2024, 1, 1)}&limit=3`)
    const both = trades(`&startTime=${first!.time}&endTime=${third!.time}`)
    expect(both.map(({ id }) => id)).toEqual([first!.id, second!.id, third!.id])
    expect(trades(`&fromId=${second!.id}&limit=2`).map(({ id }) => id)).toEqual([
      second!.id,
      third!.id,
    ])
    expect(trades(`&fromId=${second!.id + 1}&limit=1`).map(({ id }) => id)).toEqual([third!.id])
    const newest = trades(`&endTime=${third!.time}&limit=2`)
    expect(newest.map(({ id }) => id)).toEqual([second!.id, third!.id])
    expect(
      trades(`&orderId=${first!.orderId}`).every(({ orderId }) => orderId === first!.orderId),
    ).toBe(true)
  })

  test.each([
    ['times more than a day apart', `&startTime=${DAY}&endTime=${2 * DAY + 1}`, -1127],
    ['fromId with a time', '&fromId=1&startTime=1', -1128],
    ['orderId with a time', '&orderId=1&endTime=1', -1128],
    ['an unknown parameter', '&foo=1', -1104],
  ])('%s', (_, query, code) => {
    const { json } = askSigned(exchange, own, `myTrades?symbol=BTCUSDT${query}`)
    expect(json).toMatchObject({ code })
  })

  test('a day apart is fine; an unknown symbol is not', () => {
    expect(trades(`&startTime=${DAY}&endTime=${2 * DAY}`)).toEqual([])
    expect(askSigned(exchange, own, 'myTrades?symbol=NOPE').json).toMatchObject({ code: -1121 })
  })

  test('the same seed makes the same history, another key another', () => {
    const again = askSigned(exchangeOf(own), own, 'myTrades?symbol=BTCUSDT').text
    expect(askSigned(exchange, own, 'myTrades?symbol=BTCUSDT').text).toBe(again)
    const other = accountOf('ed25519')
    expect(askSigned(exchangeOf(other), other, 'myTrades?symbol=BTCUSDT').text).not.toBe(again)
  })
})

describe('allOrders', () => {
  type Wire = { orderId: number; status: string; time: number; updateTime: number }

  test('orders change after they are made', () => {
    const later = micros(NOW + BigInt(3 * DAY) * 1_000n)
    const at = (now: Micros): Map<number, Wire> => {
      const { query, headers } = signer(own.credentials)('symbol=BTCUSDT&orderId=1&limit=1000', now)
      const { json } = ask(exchange, `allOrders?${query}`, { headers, now })
      return new Map((json as Wire[]).map((order) => [order.orderId, order]))
    }
    const open = [...at(NOW).values()].filter(({ status }) => status === 'NEW')
    expect(open.length).toBeGreaterThan(0)
    for (const { orderId, updateTime } of open) {
      const now = at(later).get(orderId)
      expect(now?.status).toBe('CANCELED')
      expect(now!.updateTime).toBeGreaterThan(updateTime)
    }
  })

  test('an order that does not work yet has a workingTime of -1', () => {
    const order = { ...waiting(), time: NOW, updateTime: NOW }
    const one = accountOf('hmac', { rows: { BTCUSDT: { orders: [order] } } })
    const { json } = askSigned(exchangeOf(one), one, 'allOrders?symbol=BTCUSDT')
    expect(json).toMatchObject([{ orderId: 5, workingTime: -1, orderListId: -1 }])
  })

  function waiting() {
    return {
      id: 5n,
      clientOrderId: 'x',
      price: '1.00000000',
      origQuantity: '1.00000000',
      executedQuantity: '0.00000000',
      cumulativeQuote: '0.00000000',
      status: 'NEW',
      timeInForce: 'GTC',
      type: 'STOP_LOSS_LIMIT',
      side: 'BUY',
      isWorking: false,
      origQuoteOrderQuantity: '0.00000000',
      selfTradePreventionMode: 'NONE',
    }
  }
})
