// How fast a lake is verified, rows a second on one core: a made-up lake, every file read and checked. Needs a build:
//     npm run build && node test/bench/verify.mjs [aggTrades|klines] [float64|decimal|string] [MILLIONS] [DIST]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [kind = 'aggTrades', numbers = 'float64', millions = '5', folder = 'dist'] =
  process.argv.slice(2)
const ROUNDS = 4
const PARTITION_ROWS = 1_000_000
const PAGE_ROWS = 1000
const DAY = 86_400_000_000n
const FIRST_DAY = 20_000n * DAY

const dist = pathToFileURL(`${resolve(folder)}/`).href
const load = (path) => import(new URL(path, dist))
const { DATASETS } = await load('binance/dataset.js')
const { openSeries, seriesWorld } = await load('session/series.js')
const { nodeFiles } = await load('node/files.js')
const { decodePage } = await load('rows/scan.js')
const { markLake } = await load('store/lake.js')
const { verify } = await load('verify/verify.js')

let state = 1
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}
const decimal = (max) => (random() * max).toFixed(8)
const STEP = kind === 'klines' ? 1_000_000n : DAY / BigInt(PARTITION_ROWS)
const dayRows = kind === 'klines' ? 86_400 : PARTITION_ROWS

function aggTrade(id, time) {
  const price = `${(60_000 + random() * 999).toFixed(2)}000000`
  return `{"a":${300_000_000 + id},"p":"${price}","q":"${decimal(2)}","f":${4_000_000_000 + 2 * id},"l":${4_000_000_001 + 2 * id},"T":${time},"m":${random() < 0.5},"M":true}`
}

function kline(_, open) {
  const [low, volume, quote] = [60_000 + random() * 999, random() * 9999, random() * 99_999_999]
  const price = (add) => `"${(low + add).toFixed(2)}000000"`
  return `[${open},${price(1)},${price(3)},${price(0)},${price(2)},"${volume.toFixed(8)}",${open + 999_999n},"${quote.toFixed(8)}",${1 + Math.floor(random() * 9999)},"${(volume / 2).toFixed(8)}","${(quote / 2).toFixed(8)}","0"]`
}

const dataDir = mkdtempSync(join(tmpdir(), 'verify-bench-'))
try {
  const rows = await fill()
  let best = 0
  for (let round = 0; round <= ROUNDS; round++) {
    let report
    for await (const step of verify([], { dataDir })) if (step.kind === 'report') report = step
    if (!report.ok || report.rows !== rows) throw new Error(JSON.stringify(report.findings))
    const speed = rows / report.seconds / 1e6
    const memory = Math.round(process.memoryUsage().rss / 2 ** 20)
    console.log(`${speed.toFixed(2)} M rows/s, ${report.bytes} bytes, ${memory} MiB resident`)
    best = Math.max(best, speed)
  }
  console.log(`best: ${best.toFixed(2)} M rows/s (${kind}, ${numbers}, ${rows} rows)`)
} finally {
  rmSync(dataDir, { recursive: true })
}

async function fill() {
  const files = nodeFiles(dataDir)
  await markLake(files)
  const key = { market: 'spot', dataset: kind, symbol: 'BTCUSDT' }
  if (kind === 'klines') key.interval = '1s'
  const settings = {
    source: 'rest',
    numbers,
    compression: 'zstd',
    settle: 0n,
    partition: undefined,
  }
  const series = await openSeries(
    seriesWorld(files, async () => undefined),
    { key, wanted: [], settings },
    [],
  )
  const days = Math.max(1, Math.round((Number(millions) * 1e6) / dayRows))
  const make = kind === 'klines' ? kline : aggTrade
  let id = 0
  for (let day = 0; day < days; day++) {
    const from = FIRST_DAY + BigInt(day) * DAY
    const period = new Date(Number(from / 1000n)).toISOString().slice(0, 10)
    const writer = await series.begin(period)
    for (let row = 0; row < dayRows; row += PAGE_ROWS) {
      const page = []
      for (let n = row; n < Math.min(dayRows, row + PAGE_ROWS); n++)
        page.push(make(id++, from + BigInt(n) * STEP))
      const body = new TextEncoder().encode(`[${page.join(',')}]`)
      await writer.append(decodePage(DATASETS[kind], numbers, body, 'us').batch)
    }
    const window = { from, to: from + DAY }
    await series.commit(period, writer, { window, gaps: [], fresh: [], source: 'rest' })
  }
  return days * dayRows
}
