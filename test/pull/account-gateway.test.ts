/** Signed requests and SBE through the gateway, against the stand-in. */

import { expect, test } from 'vitest'
import { RejectedError } from '../../src/base/errors.ts'
import { micros } from '../../src/base/time.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { DEFAULT_LIMITS } from '../../src/binance/limit.ts'
import { Gateway, type Query } from '../../src/pull/gateway.ts'
import { signer } from '../../src/pull/sign.ts'
import { WireFormat } from '../../src/pull/wire.ts'
import { decodeSbe } from '../../src/rows/sbe.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { Exchange, inMemoryHttp, type ExchangeOptions } from '../../src/simulator/index.ts'
import { accountOf } from '../support/accounts.ts'
import { simClock } from '../support/sim-clock.ts'
import { simWorld } from '../support/sim-world.ts'

const { account, credentials } = accountOf('ed25519')
const sign = signer(credentials)

/** A gateway to an exchange whose clock can be set. */
function gatewayTo(options: Partial<ExchangeOptions> = {}) {
  const exchange = new Exchange({
    symbols: [{ symbol: 'BTCUSDT' }],
    accounts: [account],
    ...options,
  })
  const clock = simClock()
  const server = { behindMs: 0 }
  const serverClock = {
    now: () => micros(clock.now() - BigInt(server.behindMs) * 1_000n),
    sleep: clock.sleep.bind(clock),
  }
  const world = simWorld({ clock, http: inMemoryHttp(exchange, serverClock) })
  const gateway = new Gateway(world, {
    publicUrls: ['https://public.test'],
    apiUrls: ['https://api.test'],
    limits: DEFAULT_LIMITS,
    share: 0.9,
    concurrency: 4,
    maxWaitMs: 1_000,
    accept: 'application/json',
    onWait: () => undefined,
  })
  const asked = () => world.http.requests.map(({ url }) => new URL(url).pathname.split('/').at(-1))
  return { gateway, server, world, asked }
}

const QUERY: Query = {
  path: DATASETS.myTrades.path,
  params: [['symbol', 'BTCUSDT']],
  limit: 10,
  weight: 20,
  hosts: 'api',
}
const rowCount = ({ body }: { readonly body: Uint8Array }): number =>
  decodePage(DATASETS.myTrades, 'string', body, 'us').rowCount

test('-1021 makes the clock be read once more, and the request signed anew', async () => {
  const { gateway, server, asked } = gatewayTo()
  await gateway.sync()
  server.behindMs = 30_000
  expect(await gateway.ask(QUERY, rowCount, sign)).toBe(10)
  expect(asked()).toEqual(['time', 'myTrades', 'time', 'myTrades'])
})

test('-1021 again is an answer, not a reason to go on for ever', async () => {
  const faults = {
    rules: [{ path: QUERY.path, times: Infinity, fault: { kind: 'error', code: -1021 } }],
  } as const
  const { gateway, asked } = gatewayTo({ faults })
  const answer = gateway.ask(QUERY, rowCount, sign)
  await expect(answer).rejects.toMatchObject({ exchangeCode: -1021 })
  await expect(answer).rejects.toBeInstanceOf(RejectedError)
  expect(asked()).toEqual(['time', 'myTrades', 'time', 'myTrades'])
})

test('a clock that cannot be read at once ends no request, however many try again and wait for it', async () => {
  const { path } = QUERY
  const rules = [
    { path, times: 8, fault: { kind: 'error', code: -1001 } },
    { path, nth: 9, times: 8, fault: { kind: 'error', code: -1021 } },
    { path: '/api/v3/time', nth: 2, fault: { kind: 'error', code: -1001 } },
  ] as const
  const { gateway, asked } = gatewayTo({ faults: { rules } })
  const asks = Array.from({ length: 8 }, () => gateway.ask(QUERY, rowCount, sign))
  expect(await Promise.all(asks)).toEqual(Array.from({ length: 8 }, () => 10))
  expect(asked().filter((name) => name === 'time')).toHaveLength(3)
})

test('the key goes with signed requests only', async () => {
  const { gateway, world } = gatewayTo()
  await gateway.ask(QUERY, rowCount, sign)
  const keyed = world.http.requests.filter(({ headers }) => 'x-mbx-apikey' in headers)
  expect(keyed.map(({ url }) => new URL(url).pathname)).toEqual(['/api/v3/myTrades'])
  const open = world.http.requests.filter(({ url }) => url.includes('/time'))
  expect(open.every(({ url }) => !url.includes('signature'))).toBe(true)
})

test('a wrong key is refused at once, with what to check', async () => {
  const strangers = signer(accountOf('ed25519').credentials)
  const { gateway, asked } = gatewayTo()
  const answer = gateway.ask(QUERY, rowCount, strangers)
  await expect(answer).rejects.toMatchObject({ exchangeCode: -1022 })
  await expect(answer).rejects.toMatchObject({
    hint: expect.stringMatching(/belongs to the API key/) as string,
  })
  expect(asked()).toEqual(['time', 'myTrades'])
})

test('SBE that cannot be read is asked for again in JSON, by the same request', async () => {
  const { gateway, world } = gatewayTo({ sbe: { deprecated: ['3:5'], live: '4:0' } })
  const warnings: string[] = []
  const wire = new WireFormat('sbe', (message) => warnings.push(message))
  const query = { ...QUERY, headers: () => wire.headers() }
  const dataset = DATASETS.myTrades
  const page = await gateway.ask(
    query,
    (answer) =>
      wire.read(answer, {
        sbe: (body) => decodeSbe(dataset, 'string', body),
        json: (body) => decodePage(dataset, 'string', body, 'us'),
      }),
    sign,
  )
  expect(page.rowCount).toBe(10)
  const accepted = world.http.requests.map(({ headers }) => headers['accept'])
  expect(accepted).toEqual([
    'application/json',
    'application/sbe, application/json',
    'application/json',
  ])
  expect(warnings).toHaveLength(2)
})
