/** Symbols, assets and labels beyond ASCII, from the job to the page: one form on disk, one in requests, tables that stay aligned. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { displayWidth, status, writeReport } from '../../src/index.ts'
import { statusTable } from '../../src/cli/command/status.ts'
import { accountOf } from '../support/accounts.ts'
import { contents, run, serve, tempDir } from '../support/lake.ts'
import '../support/cli-library.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const WIDE = '币安人生USDT'
/** One name, two spellings: Å and É as letters, and as letters with marks after them. */
const NFC = 'ÅÉUSDT'.normalize('NFC')
const NFD = NFC.normalize('NFD')
const LABEL = 'счёт'

const jobOf = (symbols: string, datasets: string): string =>
  `version: 1\nsymbols: ${symbols}\nfrom: 2024-01-01\nto: 2024-01-03\nsource: rest\ndatasets: [${datasets}]\n`

test('from the job to the page', async () => {
  const { account } = accountOf('hmac')
  const simulator = await serve({
    exchange: {
      accounts: [account],
      symbols: [
        { symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT' },
        { symbol: WIDE, baseAsset: '币安人生', quoteAsset: 'USDT' },
        { symbol: NFC, baseAsset: 'ÅÉ'.normalize('NFD'), quoteAsset: 'USDT' },
      ],
    },
  })
  const dataDir = await tempDir()
  const options = { dataDir, baseUrls: [simulator.url] }
  const klines = '{kind: klines, intervals: [1h]}'
  const listed = await run(jobOf(`[${WIDE}, ${NFD}, BTCUSDT]`, klines), options)
  expect(listed.summary).toMatchObject({ exit: 0, rows: 3 * 48 })
  const base = `{base: ${'ÅÉ'.normalize('NFC')}}`
  expect((await run(jobOf(base, klines), options)).summary).toMatchObject({
    rows: 0,
    series: [{ key: { symbol: NFC }, complete: true }],
  })
  vi.stubEnv('BINANCE_API_KEY', account.apiKey)
  vi.stubEnv('BINANCE_API_SECRET', 'aSecretOfTheTests')
  vi.stubEnv('BINANCE_ACCOUNT_LABEL', LABEL.normalize('NFD'))
  const own = await run(jobOf(`[${WIDE}]`, '{kind: myTrades}'), options)
  expect(own.summary).toMatchObject({ exit: 0, complete: true })

  // One spelling in requests and on disk, whatever was written.
  const asked = simulator.log.entries.map(({ query }) => new URLSearchParams(query).get('symbol'))
  expect(new Set(asked.filter((name) => name !== null))).toEqual(new Set([WIDE, NFC, 'BTCUSDT']))
  expect(simulator.log.entries.every(({ query }) => /^[\x21-\x7e]*$/.test(query))).toBe(true)
  const files = Object.keys(await contents(dataDir)).filter((path) => path.endsWith('.parquet'))
  expect(files.sort()).toEqual([
    `spot/account=${LABEL.normalize('NFC')}/myTrades/symbol=${WIDE}/period=2024-01/data.parquet`,
    ...['BTCUSDT', NFC, WIDE].map(
      (symbol) => `spot/klines/interval=1h/symbol=${symbol}/period=2024/data.parquet`,
    ),
  ])

  // In tables a name is as wide as it looks, and series have one order everywhere.
  const report = await status([], options)
  const lines = statusTable(report, false).split('\n')
  const ends = lines.filter((line) => /  complete$/.test(line)).map(displayWidth)
  expect([ends.length, new Set(ends).size]).toEqual([4, 1])
  expect(report.series.map(({ dataset, symbol }) => [dataset, symbol])).toEqual([
    ['myTrades', WIDE],
    ...['BTCUSDT', NFC, WIDE].map((symbol) => ['klines', symbol]),
  ])

  const out = join(dataDir, 'report.html')
  await writeReport(out, [], options)
  const page = await readFile(out, 'utf8')
  for (const name of [WIDE, NFC, LABEL.normalize('NFC')]) expect(page).toContain(name)
  expect(page).toContain('charset="utf-8"')
})
