/** The whole run with SBE, and of an account's own history: the same rows, and no key where it should not be. */

import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { KeyKind } from '../../src/base/secret.ts'
import { micros, parseMicros } from '../../src/base/time.ts'
import type { AccountTrade } from '../../src/simulator/account-rows.ts'
import { accountOf } from '../support/accounts.ts'
import { parquet, query } from '../support/duck.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const PUBLIC = `
version: 1
symbols: [BTCUSDT]
from: 2026-11-04
to: 2026-11-05
source: rest
numbers: decimal
datasets:
  - {kind: klines, intervals: [1m]}
  - {kind: uiKlines, intervals: [1h]}
  - {kind: aggTrades}
  - {kind: trades}
  - {kind: blockTrades}
`
const ACCOUNT = `
version: 1
symbols: [BTCUSDT]
from: 2026-09-20
to: 2026-11-05
datasets: [{kind: myTrades}, {kind: allOrders}, {kind: myAllocations}]
`

/** Over for good in the virtual worlds. */
const LAST_YEAR = `compression: none${ACCOUNT.replaceAll('2026-', '2025-')}`

function stubKeys(apiKey: string, secret: string): void {
  vi.stubEnv('BINANCE_API_KEY', apiKey)
  vi.stubEnv('BINANCE_API_SECRET', secret)
  vi.stubEnv('BINANCE_ACCOUNT_LABEL', 'mine')
}

test('SBE and JSON give the same bytes', async () => {
  const simulator = await serve({ exchange: { symbols: [{ symbol: 'BTCUSDT' }] } })
  const [json, sbe] = [await tempDir(), await tempDir()]
  const baseUrls = [simulator.url]
  expect((await run(PUBLIC, { dataDir: json, baseUrls })).summary).toMatchObject({ exit: 0 })
  const told = await run(PUBLIC, { dataDir: sbe, baseUrls, wire: 'sbe' })
  expect(told.summary).toMatchObject({ exit: 0, complete: true })
  expect(told.events.filter(({ kind }) => kind === 'warning')).toEqual([])
  expect(await contents(sbe)).toEqual(await contents(json))
})

test('an exchange without SBE is asked in JSON, and that is said once', async () => {
  const simulator = await serve({ exchange: { symbols: [{ symbol: 'BTCUSDT' }], sbe: 'off' } })
  const { summary, events } = await run(PUBLIC, {
    dataDir: await tempDir(),
    baseUrls: [simulator.url],
    wire: 'sbe',
  })
  expect(summary).toMatchObject({ exit: 0, complete: true })
  expect(events.filter(({ kind }) => kind === 'warning')).toHaveLength(1)
})

test('a retired schema ends no series, however many were asked at once', async () => {
  const sbe = { retired: ['3:5'], live: '4:0' }
  const simulator = await serve({ exchange: { symbols: [{ symbol: 'BTCUSDT' }], sbe } })
  const options = { dataDir: await tempDir(), baseUrls: [simulator.url], wire: 'sbe' as const }
  const { summary, events } = await run(PUBLIC, options)
  expect(summary).toMatchObject({ exit: 0, complete: true })
  expect(events.filter(({ kind }) => kind === 'warning')).toHaveLength(1)
})

test.each<KeyKind>(['hmac', 'rsa', 'ed25519'])('an account with a key of %s', async (kind) => {
  const { account, credentials } = accountOf(kind)
  const simulator = await serve({
    exchange: { symbols: [{ symbol: 'BTCUSDT' }], accounts: [account] },
  })
  const secret = credentials.key.reveal()
  vi.stubEnv('BINANCE_API_KEY', account.apiKey)
  vi.stubEnv('BINANCE_ACCOUNT_LABEL', 'mine')
  if (kind === 'hmac') vi.stubEnv('BINANCE_API_SECRET', secret)
  else {
    const file = join(await tempDir(), 'key.pem')
    await writeFile(file, secret)
    await chmod(file, 0o600)
    vi.stubEnv('BINANCE_PRIVATE_KEY_FILE', file)
  }
  const dataDir = await tempDir()
  const options = { dataDir, baseUrls: [simulator.url] }
  const { summary, events } = await run(ACCOUNT, options)
  expect(summary).toMatchObject({ exit: 0, complete: true })
  expect(summary.rows).toBeGreaterThan(100)
  const base = 'spot/account=mine'
  const [trades] = await query(
    `SELECT count(*) AS n, count(DISTINCT trade_id) AS ids FROM ${parquet(dataDir, `${base}/myTrades/symbol=BTCUSDT`)}`,
  )
  expect(trades?.['n']).toBe(trades?.['ids'])
  const allocations = await query(
    `SELECT DISTINCT allocation_type AS type FROM ${parquet(dataDir, `${base}/myAllocations/symbol=BTCUSDT`)}`,
  )
  expect(allocations).toEqual([{ type: 'SOR' }])

  const again = await run(ACCOUNT, options)
  expect(again.summary).toMatchObject({ exit: 0, complete: true })
  for (const file of await readdir(dataDir, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const text = await readFile(join(file.parentPath, file.name), 'latin1')
    expect(text.includes(account.apiKey), file.name).toBe(false)
    expect(text.includes(secret.slice(0, 40)), file.name).toBe(false)
  }
  expect(
    JSON.stringify([events, again.events], (_, v: unknown) =>
      typeof v === 'bigint' ? String(v) : v,
    ),
  ).not.toContain(account.apiKey)
  const publicPaths = simulator.log.entries.filter(
    ({ path }) => !/myTrades|allOrders|myAllocations/.test(path),
  )
  expect(publicPaths.every(({ query: text }) => !text.includes('signature'))).toBe(true)
})

describe('trades whose ids and times part around the end of a month', () => {
  const MONTH = parseMicros('2026-03-01')
  const HOUR = 3_600_000_000n
  // 101 is of the next month, 102 of this one.
  const TIMES = { 99: -26n * HOUR, 100: -200n, 101: 50n, 102: -100n, 103: 10n * HOUR }
  const trades = Object.entries(TIMES).map(([id, after]): AccountTrade => {
    const one = '1.00000000'
    return {
      ...{ id: BigInt(id), orderId: BigInt(id), time: micros(MONTH + after) },
      ...{ price: one, quantity: one, quoteQuantity: one, commission: one, commissionAsset: 'BNB' },
      ...{ isBuyer: true, isMaker: true, isBestMatch: true },
    }
  })
  const jobTo = (to: string): string => `
version: 1
symbols: [BTCUSDT]
from: 2026-02-01
to: ${to}
datasets: [{kind: myTrades}]
`

  test.each([
    ['ended by an error', '2026-03-10', 3],
    ['to that end', '2026-03-01', 0],
  ])('all come, also after a run %s', async (_, firstTo, exit) => {
    const { account } = accountOf('hmac', { rows: { BTCUSDT: { trades } } })
    stubKeys(account.apiKey, 'aSecretOfTheTests')
    const fault = { kind: 'error', code: -1100 } as const
    const rules = [{ path: '/api/v3/myTrades', query: 'fromId=103', fault }]
    const simulator = await serve({
      exchange: {
        symbols: [{ symbol: 'BTCUSDT' }],
        accounts: [account],
        pageRows: 4,
        faults: { rules: exit === 0 ? [] : rules },
      },
    })
    const options = { dataDir: await tempDir(), baseUrls: [simulator.url] }
    expect((await run(jobTo(firstTo), options)).summary.exit).toBe(exit)
    const { summary } = await run(jobTo('2026-03-10'), options)
    expect(summary).toMatchObject({ exit: 0, complete: true })
    const table = parquet(options.dataDir, 'spot/account=mine/myTrades/symbol=BTCUSDT')
    const stored = await query(`SELECT trade_id AS id FROM ${table} ORDER BY id`)
    expect(stored.map(({ id }) => Number(id))).toEqual([99, 100, 101, 102, 103])
  })
})

test('an account dataset without a key or a label is refused before anything is sent', async () => {
  const simulator = await serve({ exchange: { symbols: [{ symbol: 'BTCUSDT' }] } })
  const options = { dataDir: await tempDir(), baseUrls: [simulator.url] }
  await expect(run(ACCOUNT, options)).rejects.toMatchObject({ exit: 2 })
  vi.stubEnv('BINANCE_ACCOUNT_LABEL', 'mine')
  await expect(run(ACCOUNT, options)).rejects.toMatchObject({ exit: 2 })
  expect(simulator.log.count).toBe(0)
})

test("an account's history is the same bytes in SBE and JSON", async () => {
  const { account } = accountOf('hmac')
  stubKeys(account.apiKey, 'aSecretOfTheTests')
  const lakes = []
  for (const wire of ['json', 'sbe'] as const) {
    const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], accounts: [account] })
    const world = virtualWorld(exchange, { latencyMs: 10 })
    const { exit, events } = await attempt(LAST_YEAR, { world, wire })
    expect([exit, events.filter(({ kind }) => kind === 'warning')]).toEqual([0, []])
    lakes.push(await lakeOf(world.files))
  }
  expect(Object.keys(lakes[0] ?? {}).length).toBeGreaterThan(9)
  expect(lakes[1]).toEqual(lakes[0])
})

test.each([
  [5_000, 0],
  [150, 3],
])('a recvWindow of %d ms, as set, on a way of 200 ms', async (recvWindowMs, exit) => {
  const { account } = accountOf('hmac')
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], accounts: [account] })
  stubKeys(account.apiKey, 'aSecretOfTheTests')
  const world = virtualWorld(exchange, { latencyMs: 400 })
  const { summary } = await attempt(LAST_YEAR, { world, recvWindowMs })
  expect(summary?.exit).toBe(exit)
  const signed = exchange.log.entries.filter(({ query }) => query.includes('signature'))
  expect(signed.length).toBeGreaterThan(0)
  for (const { query } of signed) expect(query).toContain(`recvWindow=${recvWindowMs}&`)
})

test('nothing is written for a symbol whose signature failed', async () => {
  const { account } = accountOf('hmac')
  const simulator = await serve({
    exchange: { symbols: [{ symbol: 'BTCUSDT' }], accounts: [account] },
  })
  stubKeys(account.apiKey, 'not the secret')
  const dataDir = await tempDir()
  const { summary } = await run(ACCOUNT, { dataDir, baseUrls: [simulator.url] })
  expect(summary).toMatchObject({ exit: 3, complete: false, rows: 0 })
  expect(summary.series[0]?.error).toMatchObject({ code: 'E_REJECTED' })
  expect(summary.series[0]?.error?.hint).toContain('signature')
  expect(Object.keys(await contents(dataDir))).toEqual([])
})
