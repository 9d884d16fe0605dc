// The whole run, from socket to committed partitions, against the stand-in in a process of its own.
//
//     npm run build && node test/bench/run.mjs [klines|aggTrades] [MILLIONS]
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const dist = (path) => new URL(`../../node_modules/.bench/src/${path}`, import.meta.url).href
const DAY = 86_400_000
const FROM = Date.UTC(2020, 0, 1)

if (process.argv[2] === 'serve') await serve()
else await measure()

/** The stand-in: no limit, every page kept once made, so that making it does not count. */
async function serve() {
  const { startSimulator } = await import(dist('simulator/index.js'))
  const rule = { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1e9 }
  const simulator = await startSimulator({
    exchange: {
      symbols: [{ symbol: 'BTCUSDT', aggTradesPerDay: 1_000_000 }],
      limits: { rules: [rule] },
      pageCacheEntries: 20_000,
    },
  })
  process.send(simulator.url)
  process.on('disconnect', () => simulator.close())
}

async function measure() {
  const kinds = process.argv[2] === undefined ? ['klines', 'aggTrades'] : [process.argv[2]]
  const millions = Number(process.argv[3] ?? 1)
  const server = fork(new URL(import.meta.url).pathname, ['serve'])
  const url = await new Promise((resolve) => server.once('message', resolve))
  for (const kind of kinds) {
    await run(kind, millions, url) // fills the cache
    for (let round = 0; round < 3; round++) {
      const { rows, seconds } = await run(kind, millions, url)
      const rss = Math.round(process.resourceUsage().maxRSS / 1024)
      console.log(
        `${kind}: ${rows} rows in ${seconds.toFixed(2)} s, ${Math.round(rows / seconds)} rows/s, peak memory ${rss} MB`,
      )
    }
  }
  server.disconnect()
}

async function run(kind, millions, url) {
  const { backfill, jobFromFlags } = await import(dist('index.js'))
  const days = kind === 'klines' ? (millions * 1e6) / 1440 : millions
  const job = jobFromFlags({
    dataset: kind,
    symbol: ['BTCUSDT'],
    interval: kind === 'klines' ? ['1m'] : [],
    from: new Date(FROM).toISOString(),
    to: new Date(FROM + Math.ceil(days) * DAY).toISOString(),
    source: 'rest',
  })
  const dataDir = mkdtempSync(join(tmpdir(), 'binance-backfill-bench-'))
  const began = performance.now()
  let summary
  for await (const event of backfill([job], { dataDir, baseUrls: [url] })) {
    summary = event
    if (process.env.VERBOSE && event.kind !== 'rows')
      console.log(
        performance.now() - began,
        event.kind,
        event.kind === 'summary' ? [event.requests, event.weight] : '',
      )
  }
  const seconds = (performance.now() - began) / 1_000
  rmSync(dataDir, { recursive: true })
  if (!summary.complete) throw new Error('the run is not complete')
  return { rows: summary.rows, seconds }
}
