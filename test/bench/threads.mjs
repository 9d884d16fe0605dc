// Files of the archive by one, two and four threads, whole processes in turns: run and verify; beside what a careful
// user would do instead: sha256sum, unzip -p, and DuckDB's COPY sorted by id, two files at a time.
//
//     npm run build && node test/bench/threads.mjs [FILES] [ROWS] [ROUNDS]
import { execFileSync, fork } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SELF = new URL(import.meta.url).pathname
const ROOT = new URL('../..', import.meta.url).pathname
const MAIN = join(ROOT, 'dist', 'cli', 'main.js')
const TIME = '/usr/bin/time'
const THREADS = [1, 2, 4]
const [first = '16', ...rest] = process.argv.slice(2)

if (first === 'serve') await serve(Number(rest[0]))
else if (first === 'copy') await copy(...rest)
else if (!existsSync(TIME)) console.log(`NOT RUN: ${TIME} is missing`)
else await compare(Number(first), Number(rest[0] ?? 1_000_000), Number(rest[1] ?? 3))

async function serve(rows) {
  const { startSimulator } = await import(join(ROOT, 'dist', 'index.js'))
  const symbols = [{ symbol: 'BTCUSDT', aggTradesPerDay: rows }]
  const simulator = await startSimulator({ exchange: { symbols } })
  process.send(simulator.url)
  process.on('disconnect', () => simulator.close())
}

async function compare(files, rows, rounds) {
  const place = mkdtempSync(join(tmpdir(), 'binance-backfill-threads-'))
  const server = fork(SELF, ['serve', String(rows)])
  try {
    const url = await new Promise((resolve) => server.once('message', resolve))
    const to = new Date(Date.UTC(2025, 2, 1 + files)).toISOString().slice(0, 10)
    const lake = (threads) => join(place, `lake-${threads}`)
    const run = (threads) => {
      rmSync(lake(threads), { recursive: true, force: true })
      const job = [
        '--dataset',
        'aggTrades',
        '--symbol',
        'BTCUSDT',
        '--from',
        '2025-03-01',
        '--to',
        to,
      ]
      const from = ['--source', 'archive', '--base-url', url, '--archive-url', url]
      const kept = ['--keep-archives', join(place, 'zips'), '--quiet']
      return measured(MAIN, ['run', ...job, ...from, ...kept, ...at(lake(threads), threads)])
    }
    console.log(`${files} zips of ${rows} aggTrades`)
    // The stand-in makes its files, and they are kept.
    run(1)
    const zips = paths(join(place, 'zips'))
    const canPipe = rows > 0 && existsSync('/usr/bin/unzip')
    const seen = {}
    const add = (name, figure) => (seen[name] ??= []).push(figure)
    for (let round = 0; round < rounds; round++) {
      for (const threads of THREADS) add(`run, ${threads} threads`, run(threads))
      if (canPipe)
        add('sha256sum, unzip, DuckDB; two at a time', pipeline(place, zips.slice(1, -1)))
      for (const threads of THREADS)
        add(
          `verify, ${threads} threads`,
          measured(MAIN, ['verify', '--quiet', ...at(lake(threads), threads)]),
        )
    }
    for (const [name, figures] of Object.entries(seen)) report(name, figures)
    if (!canPipe) console.log('NOT RUN: the pipeline, which needs unzip')
  } finally {
    server.disconnect()
    rmSync(place, { recursive: true, force: true })
  }
}

function at(lake, threads) {
  return ['--data-dir', lake, '--threads', String(threads)]
}

function paths(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.zip'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** The files before and after the range are read by us as well, as neighbours; they are not the pipeline's. */
function pipeline(place, zips) {
  const one = `sha256sum "$1" && unzip -p "$1" | "${process.execPath}" "${SELF}" copy "${place}/$(basename "$1").parquet"`
  return measured('xargs', ['-P2', '-I{}', 'sh', '-c', one, 'sh', '{}'], zips.join('\n'))
}

async function copy(out) {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect()
  const types = {
    ...{ id: 'BIGINT', price: 'DOUBLE', quantity: 'DOUBLE', first: 'BIGINT', last: 'BIGINT' },
    ...{ time: 'BIGINT', maker: 'BOOLEAN', best: 'BOOLEAN' },
  }
  const columns = Object.entries(types).map(([name, type]) => `'${name}': '${type}'`)
  await connection.run(
    `COPY (FROM read_csv('/dev/stdin', header=false, columns={${columns.join(', ')}}) ORDER BY id) TO '${out}' (FORMAT parquet, COMPRESSION zstd)`,
  )
}

/** Seconds, seconds of processor, and peak memory in MB of the largest process, by GNU time. */
function measured(command, args, input) {
  const isScript = command.endsWith('.js')
  const line = [...(isScript ? [process.execPath] : []), command, ...args]
  const stdio = ['pipe', 'ignore', 'pipe']
  const script = '"$@" >/dev/null 2>&1 || exit 1'
  const figures = join(tmpdir(), `binance-backfill-time-${process.pid}`)
  execFileSync(TIME, ['-o', figures, '-f', '%e %U %S %M', 'sh', '-c', script, 'sh', ...line], {
    ...{ input, stdio },
  })
  const text = execFileSync('tail', ['-1', figures], { encoding: 'utf8' })
  rmSync(figures)
  const [seconds, user, system, kilobytes] = text.trim().split(' ').map(Number)
  return { seconds, cpu: user + system, peak: kilobytes / 1024 }
}

function report(name, figures) {
  const sorted = figures.map(({ seconds }) => seconds).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]
  const cpu = Math.min(...figures.map((one) => one.cpu))
  const peak = Math.round(Math.max(...figures.map((one) => one.peak)))
  console.log(
    `${name.padEnd(42)} median ${median.toFixed(2)} s of ${sorted.map((one) => one.toFixed(2)).join(' ')} (${cpu.toFixed(1)} s of processor), peak ${peak} MB`,
  )
}
