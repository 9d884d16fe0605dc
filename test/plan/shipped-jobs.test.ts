/** Every example job can be planned against an exchange that has what it names. */

import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { marketUrl } from '../../src/binance/host.ts'
import { MARKET_NAMES, type Market } from '../../src/binance/series.ts'
import { planJobs } from '../../src/backfill/plan-jobs.ts'
import { parseJob } from '../../src/job/parse.ts'
import { accountOf } from '../support/accounts.ts'
import { serve, tempDir } from '../support/lake.ts'

const JOBS = readdirSync('jobs').filter((name) => name.endsWith('.yaml'))

afterEach(() => {
  vi.unstubAllEnvs()
})

function filtered(baseAsset: string, quoteAsset: string) {
  return { symbol: `${baseAsset}${quoteAsset}`, baseAsset, quoteAsset }
}

test('there are at least five', () => {
  expect(JOBS.length).toBeGreaterThanOrEqual(5)
})

test.each(JOBS)('%s', async (name) => {
  const job = parseJob(readFileSync(`jobs/${name}`, 'utf8'), `jobs/${name}`)
  const { account, credentials } = accountOf('hmac')
  vi.stubEnv('BINANCE_API_KEY', account.apiKey)
  vi.stubEnv('BINANCE_API_SECRET', credentials.key.reveal())
  vi.stubEnv('BINANCE_ACCOUNT_LABEL', 'mine')
  const symbolsOf = (market: Market) => {
    const named = job.datasets
      .filter((dataset) => dataset.market === market)
      .flatMap(({ symbols }) =>
        symbols.kind === 'list'
          ? symbols.symbols.map((symbol) => ({ symbol }))
          : [filtered(symbols.base ?? 'BTC', symbols.quote ?? 'USDT')],
      )
    return [...new Map(named.map((entry) => [entry.symbol, entry])).values()]
  }
  const [symbols, um, cm] = MARKET_NAMES.map(symbolsOf)
  const simulator = await serve({
    exchange: {
      symbols: symbols ?? [],
      um: { symbols: um ?? [] },
      cm: { symbols: cm ?? [] },
      accounts: [account],
    },
  })
  const plan = await planJobs([job], {
    dataDir: await tempDir(),
    baseUrls: MARKET_NAMES.map((market) => marketUrl(market, simulator.url)),
    archiveUrl: simulator.url,
  })
  expect(plan.series.length).toBeGreaterThan(0)
  expect(plan.series.every(({ missing }) => missing.length > 0)).toBe(true)
  expect(plan.total.rows).toBeGreaterThan(0)
  expect(simulator.log.entries.every(({ status }) => status < 400)).toBe(true)
})
