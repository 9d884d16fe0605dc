// A zip of the archive to sorted, checked, durable Parquet, beside DuckDB's COPY of the same CSV, already unpacked.
// Each is a process of its own, so that peak memory is its own too.
//
//     npm run build && node test/bench/archive.mjs [ROWS]
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const dist = (path) =>
  import(new URL(`../../node_modules/.bench/src/${path}`, import.meta.url).href)
const NAME = 'BTCUSDT-aggTrades-2026-01-05'
const ROUNDS = 3
const [first = '2000000', directory = '', steps = 'all'] = process.argv.slice(2)

if (first === 'make') await make(directory, Number(steps))
else if (first === 'duckdb') await duckdb(directory)
else if (first === 'ours') await ours(directory, steps)
else compare(Number(first))

function compare(rows) {
  const place = mkdtempSync(join(tmpdir(), 'binance-backfill-archive-'))
  try {
    run('make', place, String(rows))
    const csv = statSync(join(place, `${NAME}.csv`)).size
    const zip = statSync(join(place, `${NAME}.zip`)).size
    console.log(`${rows} aggTrades, ${mega(csv)} of CSV, ${mega(zip)} of zip`)
    for (const steps of ['inflate', 'decode', 'all'])
      report(`ours: ${steps}`, rows, run('ours', place, steps))
    report('DuckDB: read_csv to Parquet', rows, run('duckdb', place, ''))
  } finally {
    rmSync(place, { recursive: true })
  }
}

function run(...args) {
  const text = execFileSync(process.execPath, [
    new URL(import.meta.url).pathname,
    args[0],
    args[1],
    args[2],
  ])
  return text.length === 0 ? {} : JSON.parse(text)
}

function report(name, rows, { seconds, cpu, peak, bytes }) {
  const rate = `${(rows / seconds / 1e6).toFixed(2)} M rows/s`
  console.log(
    `${name.padEnd(30)} ${seconds.toFixed(2)} s (${cpu.toFixed(2)} s of processor), ${rate}, peak memory ${peak} MB${bytes ? `, ${mega(bytes)}` : ''}`,
  )
}

function mega(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

async function make(place, rows) {
  let state = 1
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const step = (86_400e6 * 0.98) / rows
  let [time, trade, price] = [Date.UTC(2026, 0, 5) * 1000, 4_000_000_000, 9_360_829]
  const file = openSync(join(place, `${NAME}.csv`), 'w')
  let lines = ''
  for (let i = 0; i < rows; i++) {
    if (random() > 0.4) time += Math.floor((random() * 2 * step) / 0.6)
    if (random() > 0.6) price += Math.round((random() - 0.5) * 4)
    const count = random() > 0.7 ? 1 + Math.floor(random() * 4) : 1
    const quantity = (random() * random() * 2).toFixed(5)
    lines += `${3_300_000_000 + i},${(price / 100).toFixed(8)},${quantity}000,${trade},${trade + count - 1},${time},${random() > 0.5 ? 'True' : 'False'},True\n`
    trade += count
    if (lines.length < 1 << 20) continue
    writeSync(file, lines)
    lines = ''
  }
  writeSync(file, lines)
  closeSync(file)
  const { zipOf } = await dist('simulator/archive-zip.js')
  const bytes = await readFile(join(place, `${NAME}.csv`))
  writeFileSync(join(place, `${NAME}.zip`), zipOf([{ name: `${NAME}.csv`, bytes }]))
}

async function timed(work) {
  let best = { seconds: Infinity }
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    const began = performance.now()
    const bytes = await work(round)
    const seconds = (performance.now() - began) / 1_000
    const { user, system } = process.cpuUsage(before)
    if (seconds < best.seconds) best = { seconds, cpu: (user + system) / 1e6, bytes }
  }
  const peak = Math.round(process.resourceUsage().maxRSS / 1024)
  process.stdout.write(JSON.stringify({ ...best, peak }))
}

async function ours(place, steps) {
  const { unzip } = await dist('pull/archive/zip.js')
  const { CsvFile } = await dist('rows/csv-file.js')
  const { DATASETS } = await dist('binance/dataset.js')
  const { periodWindow } = await dist('base/time.js')
  const { schemaOf } = await dist('rows/schema.js')
  const { nodeFiles } = await dist('node/files.js')
  const { ParquetFileWriter } = await dist('store/parquet/write.js')
  const files = nodeFiles(place)
  const dataset = DATASETS.aggTrades
  await timed(async (round) => {
    const zip = await files.open(`${NAME}.zip`)
    const chunks = unzip(zip, { path: `${NAME}.zip`, entry: `${NAME}.csv` })
    let size = 0
    if (steps === 'inflate') for await (const chunk of chunks) size += chunk.length
    else {
      const csv = new CsvFile(dataset, 'float64', {
        period: periodWindow('2026-01-05'),
        file: NAME,
      })
      const upload = await files.upload(`${round}.parquet`)
      const schema = schemaOf(dataset, 'float64')
      const options = { schema, sortedBy: dataset.key, compression: 'zstd', createdBy: 'bench' }
      const writer = new ParquetFileWriter(options, (bytes) => upload.write(bytes))
      for await (const page of csv.pages(chunks)) {
        size += page.rowCount
        if (steps === 'all') await writer.append(page.batch)
      }
      if (steps === 'all') {
        size = (await writer.finish({})).bytes
        await upload.commit()
      } else await upload.abort()
    }
    await zip.close()
    return steps === 'all' ? size : 0
  })
}

async function duckdb(place) {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  const columns =
    "{'agg_trade_id':'BIGINT','price':'DOUBLE','quantity':'DOUBLE','first_trade_id':'BIGINT','last_trade_id':'BIGINT','time':'BIGINT','is_buyer_maker':'BOOLEAN','is_best_match':'BOOLEAN'}"
  await timed(async () => {
    const target = join(place, 'duckdb.parquet')
    await connection.run(
      `COPY (SELECT * REPLACE (make_timestamp(time) AS time) FROM read_csv('${join(place, `${NAME}.csv`)}', header=false, columns=${columns})) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`,
    )
    return statSync(target).size
  })
}
