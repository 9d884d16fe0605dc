// `plan` and a run with nothing to do, over many series whose manifests say that all is covered.
//
//     npm run build && node test/bench/noop.mjs [SERIES]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const dist = (path) => new URL(`../../dist/${path}`, import.meta.url).href
const { backfill, makePlan, parseJob, startSimulator } = await import(dist('index.js'))
const count = Number(process.argv[2] ?? 2_000)
const symbols = Array.from({ length: count }, (_, index) => `S${index}USDT`)
const dataDir = mkdtempSync(join(tmpdir(), 'binance-backfill-noop-'))
const window = { from: '2020-01-01T00:00:00.000000Z', to: '2026-01-01T00:00:00.000000Z' }
for (const symbol of symbols) {
  const directory = join(dataDir, `spot/klines/interval=1h/symbol=${symbol}`)
  mkdirSync(directory, { recursive: true })
  const entry = (year) => [
    String(year),
    {
      rows: 8760,
      bytes: 400_000,
      sha256: 'f'.repeat(64),
      firstKey: '0',
      lastKey: '1',
      sources: ['rest'],
      proof: {},
    },
  ]
  const partitions = Object.fromEntries([2020, 2021, 2022, 2023, 2024, 2025].map(entry))
  const key = { market: 'spot', dataset: 'klines', symbol, interval: '1h' }
  const rest = { gaps: [], fresh: [], partitions, archives: {}, revisions: [] }
  const manifest = {
    format: 1,
    ...key,
    numbers: 'float64',
    partition: 'year',
    coverage: [window],
    ...rest,
  }
  writeFileSync(join(directory, '_series.json'), JSON.stringify(manifest, null, 1))
}
const job = parseJob(
  `version: 1\nsymbols: [${symbols.join(', ')}]\nfrom: 2020-01-01\nto: 2026-01-01\nsource: rest\ndatasets: [{kind: klines, intervals: [1h]}]\n`,
  'noop.yaml',
)
const simulator = await startSimulator({ exchange: { symbols: [{ symbol: symbols[0] }] } })
const options = { dataDir, baseUrls: [simulator.url] }

const time = async (name, work) => {
  const began = performance.now()
  await work()
  console.log(`${name} over ${count} series: ${((performance.now() - began) / 1_000).toFixed(2)} s`)
}
await time('plan', () => makePlan([job], options))
await time('run with nothing to do', async () => {
  let summary
  for await (const event of backfill([job], options)) summary = event
  if (!summary.complete || summary.requests !== 2) throw new Error('there was something to do')
})
await simulator.close()
rmSync(dataDir, { recursive: true })
