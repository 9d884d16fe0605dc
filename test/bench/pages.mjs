// Raw page bytes in memory to a committed, checked partition: decode, check, merge, write, hash, fsync, rename.
//
//     npm run build && node test/bench/pages.mjs [PAGES]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const dist = (path) =>
  import(new URL(`../../node_modules/.bench/src/${path}`, import.meta.url).href)
const { backfill, jobFromFlags } = await dist('index.js')
const { Exchange, inMemoryHttp } = await dist('simulator/index.js')
const { nodeFiles } = await dist('node/files.js')
const { nodeWorld } = await dist('node/world.js')
const pages = Number(process.argv[2] ?? 1_000)

const rule = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1e12 }
const exchange = new Exchange({
  symbols: [{ symbol: 'BTCUSDT', aggTradesPerDay: pages * 1_000 }],
  limits: { rules: [rule] },
  pageCacheEntries: pages + 100,
})
const job = jobFromFlags({
  dataset: 'aggTrades',
  symbol: ['BTCUSDT'],
  from: '2024-03-01',
  to: '2024-03-02',
  source: 'rest',
})

for (let round = 0; round < 4; round++) {
  const dataDir = mkdtempSync(join(tmpdir(), 'binance-backfill-pages-'))
  const real = nodeWorld({ files: nodeFiles(dataDir) })
  const world = { ...real, http: inMemoryHttp(exchange, real.clock) }
  const began = performance.now()
  let summary
  for await (const event of backfill([job], { dataDir, world })) summary = event
  const seconds = (performance.now() - began) / 1_000
  rmSync(dataDir, { recursive: true })
  // The first round makes the pages; the others find them made.
  if (round > 0)
    console.log(
      `pages to partition: ${summary.rows} aggTrades in ${seconds.toFixed(2)} s, ${Math.round(summary.rows / seconds)} rows/s`,
    )
}
