/** Symbols, statuses and intervals that the exchange names as few would expect: asked for as they are, stored once. */

import { inspect } from 'node:util'
import { describe, expect, it, test } from 'vitest'
import { Exchange, type SymbolOptions } from '../../src/simulator/index.ts'
import { query } from '../support/duck.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'

const job = (symbols: string, interval = '1h'): string => `
version: 1
source: rest
symbols: ${symbols}
from: 2026-01-01
to: 2026-03-01
datasets:
  - {kind: klines, intervals: [${interval}]}
`

const INFO = '/api/v3/exchangeInfo'
const KLINES = '/api/v3/klines'
const usdt = (symbol: string, more: Partial<SymbolOptions> = {}): SymbolOptions => ({
  symbol,
  quoteAsset: 'USDT',
  ...more,
})

test('a symbol that exchangeInfo does not know is asked for all the same: delisted ones still answer', async () => {
  const rules = [{ path: INFO, times: Infinity, fault: { kind: 'error', code: -1121 } }] as const
  const exchange = new Exchange({ symbols: [usdt('NAVBTC')], faults: { rules } })
  const world = virtualWorld(exchange)
  expect(await attempt(job('[NAVBTC]'), { world })).toMatchObject({
    exit: 0,
    summary: { complete: true, rows: 59 * 24 },
  })
  expect(exchange.log.entries.map(({ path, status }) => [path, status])).toContainEqual([INFO, 400])
})

describe('a filter', () => {
  it('goes by names and assets: a status that nobody knows and missing permissions are no matter', async () => {
    const symbols = [
      usdt('AAAUSDT', { status: 'SOMETHING_NEW' }),
      usdt('BBBUSDT'),
      usdt('CCCBTC', { quoteAsset: 'BTC' }),
    ]
    const world = virtualWorld(new Exchange({ symbols }))
    const http = {
      ...world.http,
      get: async (request: Parameters<typeof world.http.get>[0]) => {
        const answer = await world.http.get(request)
        if (!request.url.includes(INFO)) return answer
        const info = JSON.parse(new TextDecoder().decode(answer.body)) as { symbols: object[] }
        const bare = info.symbols.map((one) => ({ ...one, permissions: [], permissionSets: [] }))
        const body = new TextEncoder().encode(JSON.stringify({ ...info, symbols: bare }))
        return { ...answer, body }
      },
    }
    const { exit, summary } = await attempt(job('{quote: USDT}'), { world: { ...world, http } })
    expect(exit).toBe(0)
    expect(summary?.series.map(({ key }) => key.symbol).sort()).toEqual(['AAAUSDT', 'BBBUSDT'])
  })
})

test.each(['1M', '1mo'])('%s in a job is 1M to the exchange and 1mo on disk', async (interval) => {
  const exchange = new Exchange({ symbols: [usdt('BTCUSDT')] })
  const world = virtualWorld(exchange)
  const { exit, summary } = await attempt(job('[BTCUSDT]', interval), { world })
  expect([exit, summary?.rows]).toEqual([0, 2])
  const asked = exchange.log.entries.filter(({ path }) => path === KLINES)
  expect(asked.length).toBeGreaterThan(0)
  for (const { query: text } of asked) expect(new URLSearchParams(text).get('interval')).toBe('1M')
  const paths = Object.keys(await lakeOf(world.files))
  expect(paths).toContain('spot/klines/interval=1mo/symbol=BTCUSDT/period=2026/data.parquet')
  expect(paths.filter((path) => path.includes('=1M'))).toEqual([])
})

test.each(['-1102', '-1130'])(
  '%s is final: one request, exit 3, and the code is told',
  async (code) => {
    const fault = { kind: 'error', code: Number(code), status: 400 } as const
    const rules = [{ path: KLINES, times: Infinity, fault }]
    const exchange = new Exchange({ symbols: [usdt('BTCUSDT')], faults: { rules } })
    const { exit, summary } = await attempt(job('[BTCUSDT]'), { world: virtualWorld(exchange) })
    expect(exit).toBe(3)
    expect(inspect(summary?.series, { depth: 9 })).toContain(code)
    expect(exchange.log.entries.filter(({ path }) => path === KLINES)).toHaveLength(1)
  },
)

test('a symbol of digits alone stays a text to a foreign reader', async () => {
  const simulator = await serve({ exchange: { symbols: [usdt('456')] } })
  const dataDir = await tempDir()
  const { summary } = await run(job('["456"]'), { dataDir, baseUrls: [simulator.url] })
  expect(summary).toMatchObject({ complete: true, rows: 59 * 24 })
  const read = `read_parquet('${dataDir}/spot/klines/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)`
  expect(await query(`SELECT symbol, count(*) AS n FROM ${read} GROUP BY ALL`)).toEqual([
    { symbol: '456', n: String(59 * 24) },
  ])
})
