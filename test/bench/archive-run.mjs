// Whole runs from the archive on loopback, zip to committed partition, beside DuckDB's COPY of the same CSV, already
// unpacked. Each measurement is a process of its own, so that peak memory is its own too; rounds take turns.
//
//     npm run build && node test/bench/archive-run.mjs [trades|big|year]...
import { execFileSync, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const dist = (path) =>
  import(new URL(`../../node_modules/.bench/src/${path}`, import.meta.url).href)
const SELF = new URL(import.meta.url).pathname
const ARCHIVE = new URL('archive.mjs', import.meta.url).pathname
const NAME = 'BTCUSDT-aggTrades-2026-01-05'
/** Processes, and runs in each of them: DuckDB's take as many. */
const ROUNDS = 3
const WARM_ROUNDS = 3
const [mode, ...args] = process.argv.slice(2)

if (mode === 'serve') await serve(args[0])
else if (mode === 'run') await run(...args)
else {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : ['trades', 'year', 'big']
  for (const name of wanted)
    if (name === 'year') await year()
    else await trades(name === 'big' ? 10_000_000 : 2_000_000, name === 'big' ? 1 : ROUNDS)
}

/** The stand-in with one recorded file, or with klines of its own. */
async function serve(place) {
  const { startSimulator } = await dist('simulator/index.js')
  const exchange = { symbols: [{ symbol: 'BTCUSDT' }] }
  if (place !== undefined) exchange.archive = { recorded: recorded(place) }
  const simulator = await startSimulator({ exchange })
  process.send(simulator.url)
  process.on('disconnect', () => simulator.close())
}

function recorded(place) {
  const path = `data/spot/daily/aggTrades/BTCUSDT/${NAME}.zip`
  const zip = readFileSync(join(place, `${NAME}.zip`))
  const hash = createHash('sha256').update(zip).digest('hex')
  const sum = Buffer.from(`${hash}  ${NAME}.zip\n`)
  const file = (bytes) => ({ sizeBytes: bytes.length, modified: 0n, read: () => bytes })
  return new Map([
    [path, file(zip)],
    [`${path}.CHECKSUM`, file(sum)],
  ])
}

/** A few runs, each in a lake of its own: the first one starts cold. */
async function run(kind, url) {
  const { keepYoungObjectsFew } = await dist('cli/heap.js')
  keepYoungObjectsFew()
  const { backfill, parseJob } = await dist('index.js')
  const series =
    kind === 'klines'
      ? 'kind: klines\n    intervals: [1m]\n    from: 2025-01-01\n    to: 2026-01-01'
      : 'kind: aggTrades\n    from: 2026-01-05\n    to: 2026-01-06'
  const yaml = `version: 1\nsource: archive\nsymbols: [BTCUSDT]\ndatasets:\n  - ${series}\n`
  const jobs = [parseJob(yaml, 'bench.yaml')]
  const rounds = []
  for (let round = 0; round < WARM_ROUNDS; round++) {
    const dataDir = mkdtempSync(join(tmpdir(), 'binance-backfill-bench-'))
    const before = process.cpuUsage()
    const began = performance.now()
    try {
      for await (const event of backfill(jobs, { dataDir, baseUrls: [url], archiveUrl: url }))
        if (event.kind === 'summary' && !event.complete) throw new Error('not complete')
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
    const { user, system } = process.cpuUsage(before)
    rounds.push({ seconds: (performance.now() - began) / 1_000, cpu: (user + system) / 1e6 })
  }
  const peak = Math.round(process.resourceUsage().maxRSS / 1024)
  const best = rounds.reduce((a, b) => (a.seconds < b.seconds ? a : b))
  process.stdout.write(JSON.stringify({ ...best, cold: rounds[0].seconds, peak }))
}

async function served(place, work) {
  const server = fork(SELF, ['serve', ...(place === undefined ? [] : [place])])
  try {
    const url = await new Promise((resolve) => server.once('message', resolve))
    await work(url)
  } finally {
    server.disconnect()
  }
}

async function trades(rows, rounds) {
  const place = mkdtempSync(join(tmpdir(), 'binance-backfill-archive-'))
  try {
    execFileSync(process.execPath, [ARCHIVE, 'make', place, String(rows)])
    const { size } = statSync(join(place, `${NAME}.zip`))
    console.log(`${rows} aggTrades in one day, a zip of ${(size / 1e6).toFixed(1)} MB`)
    await served(place, (url) => {
      const ours = []
      const duckdb = []
      for (let round = 0; round < rounds; round++) {
        ours.push(measured([SELF, 'run', 'aggTrades', url]))
        duckdb.push(measured([ARCHIVE, 'duckdb', place, '']))
      }
      report('ours: zip to committed', ours, rows)
      report('DuckDB: CSV to Parquet', duckdb, rows)
      console.log(`ours is ${(best(duckdb).seconds / best(ours).seconds).toFixed(2)} x DuckDB\n`)
    })
  } finally {
    rmSync(place, { recursive: true })
  }
}

async function year() {
  await served(undefined, (url) => {
    // The first round makes the stand-in's files.
    measured([SELF, 'run', 'klines', url])
    const rounds = Array.from({ length: 3 }, () => measured([SELF, 'run', 'klines', url]))
    console.log('a year of 1m klines from 12 monthly files')
    report('ours: zips to committed', rounds, 525_600)
  })
}

function measured(command) {
  return JSON.parse(execFileSync(process.execPath, command, { encoding: 'utf8' }))
}

function best(rounds) {
  return rounds.reduce((a, b) => (a.seconds < b.seconds ? a : b))
}

function report(name, rounds, rows) {
  const { seconds, cpu } = best(rounds)
  const peak = Math.max(...rounds.map((round) => round.peak))
  const all = rounds.map((round) => round.seconds.toFixed(2)).join(' ')
  const colds = rounds.flatMap(({ cold }) => (cold === undefined ? [] : [cold]))
  const cold = colds.length === 0 ? '' : `, cold ${Math.min(...colds).toFixed(2)} s`
  console.log(
    `${name}: best ${seconds.toFixed(2)} s of ${all}${cold} (${cpu.toFixed(2)} s of processor), ${(rows / seconds / 1e6).toFixed(2)} M rows/s, peak ${peak} MB`,
  )
}
