// `plan` and a run with nothing to do, over many series whose manifests say that all is covered.
//
//     npm run build && node test/bench/noop.mjs [SERIES]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const dist = (path) => new URL(`../../node_modules/.bench/src/${path}`, import.meta.url).href
const { backfill, makePlan, parseJob, startSimulator } = await import(dist('index.js'))
const count = Number(process.argv[2] ?? 2_000)
const symbols = Array.from({ length: count }, (_, index) => `S${index}USDT`)
const dataDir = mkdtempSync(join(tmpdir(), 'binance-backfill-noop-'))
const { formatManifest } = await import(dist('store/manifest.js'))
const { parseMicros } = await import(dist('base/time.js'))
const window = { from: parseMicros('2020-01-01'), to: parseMicros('2026-01-01') }
const entry = { rows: 8760, bytes: 400_000, sha256: 'f'.repeat(64), firstKey: '0', lastKey: '1' }
for (const symbol of symbols) {
  const directory = join(dataDir, `spot/klines/interval=1h/symbol=${symbol}`)
  mkdirSync(directory, { recursive: true })
  const years = [2020, 2021, 2022, 2023, 2024, 2025].map(String)
  const manifest = {
    key: { market: 'spot', dataset: 'klines', symbol, interval: '1h' },
    numbers: 'float64',
    partition: 'year',
    coverage: [window],
    gaps: [],
    fresh: [],
    partitions: new Map(years.map((year) => [year, { ...entry, sources: ['rest'], proof: {} }])),
    archives: new Map(),
    revisions: [],
  }
  writeFileSync(join(directory, '_series.json'), formatManifest(manifest))
  // Each is looked for, and not opened.
  for (const year of years) {
    mkdirSync(join(directory, `period=${year}`))
    writeFileSync(join(directory, `period=${year}`, 'data.parquet'), '')
  }
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
