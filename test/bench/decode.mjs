// Raw bytes of REST answers → columns, rows a second on one core. Needs a build:
//   npm run build && node test/bench/decode.mjs [DIST]

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const PAGES = 200
const PAGE_ROWS = 1000
const ROUNDS = 5

const dist = pathToFileURL(`${resolve(process.argv[2] ?? 'dist')}/`).href
const { DATASETS } = await import(new URL('binance/dataset.js', dist))
const { decodePage } = await import(new URL('rows/scan.js', dist))
const { checkPage } = await import(new URL('rows/check.js', dist)).catch(() => ({}))

// A generator with a fixed seed: each run decodes the same bytes.
let state = 1
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}
const decimal = (max) => (random() * max).toFixed(8)

function aggTrade(id) {
  const [time, first] = [1_726_000_000_000_000 + id * 137_001, id * 2]
  return (
    `{"a":${300_000_000 + id},"p":"${(60_000 + random() * 999).toFixed(2)}000000","q":"${decimal(2)}",` +
    `"f":${4_000_000_000 + first},"l":${4_000_000_001 + first},"T":${time},"m":${random() < 0.5},"M":true}`
  )
}

function kline(index) {
  const open = 1_600_000_000_000_000 + index * 60_000_000
  const [low, volume, quote] = [60_000 + random() * 999, random() * 9999, random() * 99_999_999]
  const price = (add) => `"${(low + add).toFixed(2)}000000"`
  return (
    `[${open},${price(1)},${price(3)},${price(0)},${price(2)},"${volume.toFixed(8)}",${open + 59_999_999},` +
    `"${quote.toFixed(8)}",${1 + Math.floor(random() * 9999)},"${(volume / 2).toFixed(8)}","${(quote / 2).toFixed(8)}","0"]`
  )
}

function pagesOf(row) {
  return Array.from({ length: PAGES }, (_, page) => {
    const rows = Array.from({ length: PAGE_ROWS }, (_, index) => row(page * PAGE_ROWS + index))
    return new TextEncoder().encode(`[${rows.join(',')}]`)
  })
}

// Processor time, so that a busy machine does not count; the collector's threads do.
function cpuSeconds() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function measure(label, pages, decode) {
  let best = Infinity
  let rows = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = cpuSeconds()
    rows = 0
    for (const body of pages) rows += decode(body)
    best = Math.min(best, cpuSeconds() - start)
  }
  const megabytes = pages.reduce((sum, { length }) => sum + length, 0) / 1e6
  console.log(
    `${label.padEnd(40)} ${(rows / best / 1e6).toFixed(2).padStart(6)} M rows/s ${(megabytes / best).toFixed(0).padStart(5)} MB/s`,
  )
}

for (const [kind, row] of [
  ['aggTrades', aggTrade],
  ['klines', kline],
]) {
  const dataset = DATASETS[kind]
  const pages = pagesOf(row)
  measure(
    `${kind} JSON.parse alone`,
    pages,
    (body) => JSON.parse(new TextDecoder().decode(body)).length,
  )
  for (const numbers of ['float64', 'decimal', 'string']) {
    measure(
      `${kind} ${numbers} decode`,
      pages,
      (body) => decodePage(dataset, numbers, body, 'us').rowCount,
    )
    if (checkPage === undefined) continue
    measure(`${kind} ${numbers} decode and check`, pages, (body) => {
      const page = decodePage(dataset, numbers, body, 'us')
      checkPage(dataset, page)
      return page.rowCount
    })
  }
}
