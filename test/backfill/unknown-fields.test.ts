/** An exchange that adds a field stops nothing: the lake is the same, and the field is said once a run. */

import { describe, expect, test, vi } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { type SpotKind } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import type { Options } from '../../src/options.ts'
import { Exchange, type ArchiveFault, type ExchangeOptions } from '../../src/simulator/index.ts'
import { accountOf } from '../support/accounts.ts'
import { archiveExchange, archiveJob, doors, storedRows } from '../support/archive-jobs.ts'
import { query, parquet } from '../support/duck.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { twist } from '../support/twist.ts'
import { attempt, lakeOf, virtualWorld, type Ended } from '../support/virtual.ts'

const PUBLIC = `
version: 1
compression: none
source: rest
symbols: [BTCUSDT, ETHUSDT]
from: 2026-05-01
to: 2026-05-01T04:00
datasets:
  - {kind: klines, intervals: [1m, 1h]}
  - {kind: uiKlines, intervals: [1h]}
  - {kind: aggTrades}
  - {kind: trades}
  - {kind: blockTrades}
`
const KINDS: readonly SpotKind[] = ['aggTrades', 'blockTrades', 'klines', 'trades', 'uiKlines']
const SYMBOLS = ['BTCUSDT', 'ETHUSDT'].map((symbol) => ({ symbol, aggTradesPerDay: 3_000 }))

type Change = (rows: unknown[]) => unknown

/** An exchange whose answers with rows are changed so. */
function changed(change: Change, options: Partial<ExchangeOptions> = {}): Exchange {
  const exchange = new Exchange({ symbols: SYMBOLS, ...options })
  for (const { path } of Object.values(DATASETS))
    twist(exchange, path, undefined, (body) => {
      const value: unknown = JSON.parse(body)
      return JSON.stringify(
        Array.isArray(value) ? value.map((row: unknown) => change([row])) : value,
      )
    })
  return exchange
}

const added: Change = ([row]) =>
  Array.isArray(row)
    ? [...(row as unknown[]), { new: [1] }]
    : { first: null, ...(row as object), last: '1' }

function warningsOf({ events }: Pick<Ended, 'events'>): string[] {
  return events.flatMap((event) => (event.kind === 'warning' ? [event.message] : [])).sort()
}

const fieldsIn = (warnings: readonly string[]): string[] =>
  warnings.map((text) => /^\w+: unknown field "[^"]+"/.exec(text)?.[0] ?? text)

async function virtual(exchange: Exchange, options: Partial<Options> = {}) {
  const world = virtualWorld(exchange, { start: parseMicros('2026-06-01') })
  const ended = await attempt(PUBLIC, { world, ...options })
  return { ended, lake: await lakeOf(world.files) }
}

describe('public data over REST', () => {
  test('with a field more in each row are the same bytes, and each field is said once', async () => {
    const usual = await virtual(new Exchange({ symbols: SYMBOLS }))
    expect(usual.ended).toMatchObject({ exit: 0, summary: { complete: true } })
    expect(warningsOf(usual.ended)).toEqual([])
    const grown = await virtual(changed(added))
    expect(grown.ended).toMatchObject({ exit: 0, summary: { complete: true } })
    expect(grown.lake).toEqual(usual.lake)
    const names = (kind: SpotKind) =>
      DATASETS[kind].shape === 'array' ? ['12'] : ['first', 'last']
    expect(fieldsIn(warningsOf(grown.ended))).toEqual(
      KINDS.flatMap((kind) => names(kind).map((name) => `${kind}: unknown field "${name}"`)),
    )
    for (const text of warningsOf(grown.ended)) expect(text).toMatch(/upgrade .* report/)
  })

  test('in a later SBE schema are the same bytes, and what it adds is said once', async () => {
    const usual = await virtual(new Exchange({ symbols: SYMBOLS }))
    const sbe = { extraBytes: 3 }
    const grown = await virtual(new Exchange({ symbols: SYMBOLS, sbe }), { wire: 'sbe' })
    expect(grown.ended).toMatchObject({ exit: 0, summary: { complete: true } })
    expect(grown.lake).toEqual(usual.lake)
    const warnings = fieldsIn(warningsOf(grown.ended))
    expect(new Set(warnings).size).toBe(warnings.length)
    for (const kind of KINDS) {
      expect(warnings).toContain(`${kind}: unknown field "SBE message from byte 2"`)
      expect(warnings).toContainEqual(
        expect.stringMatching(`^${kind}: unknown field "SBE row from`),
      )
    }
  })

  test('without a field are refused, and nothing of the dataset is stored', async () => {
    const lacking: Change = ([row]) =>
      Array.isArray(row) ? row : Object.fromEntries(Object.entries(row as object).slice(0, -1))
    const { ended, lake } = await virtual(changed(lacking))
    expect(ended.exit).toBe(4)
    expect(Object.keys(lake).filter((path) => path.endsWith('.parquet'))).toEqual(
      Object.keys(lake).filter((path) => /klines.*\.parquet$/i.test(path)),
    )
    const errors = ended.summary?.series.map(({ error }) => error?.message ?? '') ?? []
    for (const refused of [
      'aggTrades row 0: M (is_best_match): missing',
      'blockTrades row 0: isBuyerMaker (is_buyer_maker): missing',
    ])
      expect(errors.filter((text) => text.includes(refused)).length).toBeGreaterThan(0)
  })
})

test('an account: orders keep the field in extra, trades do without, the rest is the same', async () => {
  const { account, credentials } = accountOf('hmac')
  vi.stubEnv('BINANCE_API_KEY', account.apiKey)
  vi.stubEnv('BINANCE_API_SECRET', credentials.key.reveal())
  vi.stubEnv('BINANCE_ACCOUNT_LABEL', 'mine')
  const job = `
version: 1
source: rest
symbols: [BTCUSDT]
from: 2026-04-28
to: 2026-04-30
datasets: [{kind: myTrades}, {kind: allOrders}, {kind: myAllocations}]
`
  const filled = async (exchange: Exchange) => {
    const dataDir = await tempDir()
    const simulator = await serve({ exchange })
    const told = await run(job, { dataDir, baseUrls: [simulator.url] })
    expect(told.summary).toMatchObject({ exit: 0, complete: true })
    const rowsOf = (kind: string, key: string) =>
      query(
        `SELECT * FROM ${parquet(dataDir, `spot/account=mine/${kind}/symbol=BTCUSDT`)} ORDER BY ${key}`,
      )
    return {
      warnings: fieldsIn(warningsOf(told)),
      trades: await rowsOf('myTrades', 'trade_id'),
      orders: await rowsOf('allOrders', 'order_id'),
      allocations: await rowsOf('myAllocations', 'allocation_id'),
    }
  }
  const usual = await filled(new Exchange({ symbols: SYMBOLS, accounts: [account] }))
  const grown = await filled(changed(added, { accounts: [account] }))
  expect(usual.warnings).toEqual([])
  expect(usual.orders.length).toBeGreaterThan(5)
  expect(grown.trades).toEqual(usual.trades)
  expect(grown.allocations).toEqual(usual.allocations)
  const known = (rows: readonly Record<string, unknown>[]) =>
    rows.map((row) => ({ ...row, extra: undefined }))
  expect(known(grown.orders)).toEqual(known(usual.orders))
  for (const [row, { extra }] of grown.orders.entries()) {
    const before = JSON.parse(usual.orders[row]?.['extra'] ?? '{}') as object
    expect(JSON.parse(extra ?? '')).toEqual({ first: null, ...before, last: '1' })
  }
  expect(grown.warnings).toEqual(
    ['allOrders', 'myAllocations', 'myTrades'].flatMap((kind) =>
      ['first', 'last'].map((name) => `${kind}: unknown field "${name}"`),
    ),
  )
})

describe('files of the archive', () => {
  const SERIES = [
    ['klines', 'spot/klines/interval=1h/symbol=BTCUSDT', 'open_time', 13],
    ['aggTrades', 'spot/aggTrades/symbol=BTCUSDT', 'agg_trade_id', 9],
    ['trades', 'spot/trades/symbol=BTCUSDT', 'trade_id', 8],
  ] as const
  // Its listing is short.
  const listedAt = parseMicros('2025-03-01')
  const YOUNG = [{ symbol: 'BTCUSDT', aggTradesPerDay: 3_000, listedAt }]
  const widened: ArchiveFault = {
    kind: 'lines',
    change: (lines) => lines.map((line, row) => `${line},${row === 0 ? 'new' : '"a,b"'}`),
  }
  const behindAll: ArchiveFault = {
    kind: 'lines',
    change: (lines) => lines.map((line) => `${line},RPI`),
  }

  test.each(SERIES)(
    'of %s with a column more, named or not, are the same rows',
    async (kind, path, key, place) => {
      const interval = kind === 'klines' ? { interval: '1h' } : {}
      const job = archiveJob({ kind, ...interval }, ['2025-03-04', '2025-03-05'], 'archive')
      const filled = async (faults: readonly ArchiveFault[]) => {
        const rules = faults.map((fault) => ({ path: '.zip', fault }))
        const dataDir = await tempDir()
        const simulator = await serve({ exchange: archiveExchange(rules, { symbols: YOUNG }) })
        const told = await run(job, { dataDir, ...doors(simulator) })
        expect(told.summary).toMatchObject({ exit: 0, complete: true })
        return { rows: await storedRows(dataDir, path, key), warnings: warningsOf(told) }
      }
      const usual = await filled([])
      expect(usual.rows.length).toBeGreaterThan(20)
      const headless = await filled([behindAll])
      expect(headless.rows).toEqual(usual.rows)
      expect(fieldsIn(headless.warnings)).toEqual([`${kind}: unknown field "column ${place}"`])
      const headed = await filled([{ kind: 'header' }, widened])
      expect(headed.rows).toEqual(usual.rows)
      expect(fieldsIn(headed.warnings)).toEqual([`${kind}: unknown field "new"`])
    },
  )
})
