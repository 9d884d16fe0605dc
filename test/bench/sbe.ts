/**
 * JSON and SBE side by side: bytes of a full page on the wire, plain and compressed, and rows decoded a second on one
 * core. The pages are the stand-in's, of 1,000 rows.
 *
 *     npx tsc -p test/bench/tsconfig.json && node node_modules/.bench/test/bench/sbe.js [float64|decimal|string]
 */

import { gzipSync } from 'node:zlib'
import { parseMicros } from '../../src/base/time.ts'
import { type SpotKind, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { SBE_HEADERS } from '../../src/binance/sbe.ts'
import { decodeSbe } from '../../src/rows/sbe.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { Exchange } from '../../src/simulator/index.ts'

const ROUNDS = 7
const PAGES = 400
const NOW = parseMicros('2026-06-01')
const numbers = (process.argv[2] ?? 'float64') as Numbers

const QUERIES: readonly (readonly [SpotKind, string])[] = [
  ['klines', 'interval=1m&startTime=1700000000000'],
  ['aggTrades', 'fromId=100000'],
  ['trades', 'fromId=100000'],
  ['blockTrades', 'fromId=1'],
]
const exchange = new Exchange({
  symbols: [{ symbol: 'BTCUSDT', price: 60_000, volumePerDay: 20_000, aggTradesPerDay: 1_000_000 }],
  limits: { rules: [] },
})

function bodyOf(kind: SpotKind, query: string, wire: Readonly<Record<string, string>>): Uint8Array {
  const request = {
    path: DATASETS[kind].path,
    query: `symbol=BTCUSDT&${query}&limit=1000`,
    ip: '::1',
  }
  const headers = { 'x-mbx-time-unit': 'MICROSECOND', ...wire }
  return exchange.handle({ ...request, headers }, NOW).body
}

/** The best of some rounds, in rows a second. */
function rowsPerSecond(decode: () => { readonly rowCount: number }): number {
  let best = Infinity
  let rows = 0
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now()
    rows = 0
    for (let page = 0; page < PAGES; page++) rows += decode().rowCount
    best = Math.min(best, performance.now() - begin)
  }
  return (rows / best) * 1_000
}

const size = (bytes: Uint8Array): string => {
  const plain = (bytes.length / 1_000).toFixed(1)
  return `${plain.padStart(7)} kB, gzip ${(gzipSync(bytes).length / 1_000).toFixed(1).padStart(6)} kB`
}

console.log(`numbers: ${numbers}; Node ${process.version}`)
for (const [kind, query] of QUERIES) {
  const dataset = DATASETS[kind]
  const json = bodyOf(kind, query, {})
  const sbe = bodyOf(kind, query, SBE_HEADERS)
  const inJson = rowsPerSecond(() => decodePage(dataset, numbers, json, 'us'))
  const inSbe = rowsPerSecond(() => decodeSbe(dataset, numbers, sbe))
  const line = (format: string, body: Uint8Array, rate: number): void => {
    console.log(
      `${kind.padEnd(12)} ${format}  ${size(body)}  ${(rate / 1e6).toFixed(2).padStart(6)} M rows/s`,
    )
  }
  line('json', json, inJson)
  line('sbe ', sbe, inSbe)
}
