/**
 * How fast trades become Parquet, and how small: our writer, DuckDB's COPY and stock parquetjs-lite side by side.
 *
 *     npx tsc -p test/bench/tsconfig.json && node node_modules/.bench/test/bench/encode.js [ROWS] [float64|decimal]
 */

import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createWriteStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { RecordBatch } from 'apache-arrow'
import {
  makeTrades,
  tradeBatch,
  tradeSchema,
  type TradeColumns,
  type TradeNumbers,
} from '../support/parquet-trades.ts'
import { readParquet, writeParquet } from '../support/parquet-memory.ts'
import type { Compression } from '../../src/job/job.ts'

const REPEATS = 5
/** Rows of a batch: a hundred full pages of the exchange. */
const BATCH_ROWS = 100_000
const STOCK_ROWS = 200_000

const rows = Number(process.argv[2] ?? 2_000_000)
const only = process.argv[3]
const folder = await mkdtemp(join(tmpdir(), 'encode-bench-'))
try {
  const trades = makeTrades(rows)
  for (const numbers of ['float64', 'decimal'] as const) {
    if (only !== undefined && only !== numbers) continue
    await benchWriter(trades, numbers)
    await benchDuckdb(trades, numbers)
  }
  await benchStock(makeTrades(Math.min(rows, STOCK_ROWS)))
} finally {
  await rm(folder, { recursive: true })
}

async function benchWriter(trades: TradeColumns, numbers: TradeNumbers): Promise<void> {
  const batches = [...sliced(tradeBatch(trades, numbers))]
  for (const compression of ['zstd', 'snappy', 'gzip', 'none'] as const) {
    await benchCodec(batches, numbers, compression)
  }
}

async function benchCodec(
  batches: readonly RecordBatch[],
  numbers: TradeNumbers,
  compression: Compression,
): Promise<void> {
  const options = {
    schema: tradeSchema(numbers),
    sortedBy: 'agg_trade_id',
    compression,
    createdBy: 'bench',
  }
  let file: Buffer = Buffer.alloc(0)
  const writing = await timed(async () => {
    file = await writeParquet(options, batches)
  })
  report(`writer ${numbers} ${compression}`, writing, rows, file.length)
  const reading = await timed(async () => {
    await readParquet(file)
  })
  report(`reader ${numbers} ${compression}`, reading, rows, file.length)
}

function* sliced(batch: RecordBatch): Generator<RecordBatch> {
  for (let from = 0; from < batch.numRows; from += BATCH_ROWS) {
    yield batch.slice(from, Math.min(from + BATCH_ROWS, batch.numRows))
  }
}

async function benchDuckdb(trades: TradeColumns, numbers: TradeNumbers): Promise<void> {
  const source = join(folder, `source-${numbers}.parquet`)
  const schema = tradeSchema(numbers)
  const options = { schema, sortedBy: 'agg_trade_id', compression: 'none', createdBy: 'x' } as const
  await writeFile(source, await writeParquet(options, [tradeBatch(trades, numbers)]))
  const target = join(folder, 'duckdb.parquet')
  const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
  await connection.run(`CREATE TABLE trades AS FROM '${source}'`)
  for (const version of ['v1', 'v2']) {
    const seconds = await timed(async () => {
      await connection.run(
        `COPY trades TO '${target}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION ${version})`,
      )
    })
    const { size } = await stat(target)
    report(`DuckDB COPY ${numbers} zstd ${version} 1 thread`, seconds, rows, size)
  }
  connection.closeSync()
}

async function benchStock(trades: TradeColumns): Promise<void> {
  const { default: stock } = (await import('parquetjs-lite')) as unknown as {
    default: {
      ParquetSchema: new (fields: object) => object
      ParquetWriter: {
        openStream(
          schema: object,
          stream: object,
          options: object,
        ): Promise<{ appendRow(row: object): Promise<void>; close(): Promise<void> }>
      }
    }
  }
  const path = join(folder, 'stock.parquet')
  const field = (type: string): object => ({ type, compression: 'SNAPPY' })
  const schema = new stock.ParquetSchema({
    agg_trade_id: field('INT64'),
    price: field('DOUBLE'),
    quantity: field('DOUBLE'),
    first_trade_id: field('INT64'),
    last_trade_id: field('INT64'),
    time: field('TIMESTAMP_MICROS'),
    is_buyer_maker: field('BOOLEAN'),
    is_best_match: field('BOOLEAN'),
  })
  const stream = createWriteStream(path)
  const start = performance.now()
  const writer = await stock.ParquetWriter.openStream(schema, stream, { rowGroupSize: 122_880 })
  for (let i = 0; i < trades.rows; i++) {
    await writer.appendRow({
      agg_trade_id: trades.ids[i],
      price: trades.prices[i]! / 100,
      quantity: trades.quantities[i]! / 100_000,
      first_trade_id: trades.firsts[i],
      last_trade_id: trades.lasts[i],
      time: trades.times[i],
      is_buyer_maker: trades.makers[i] === 1,
      is_best_match: true,
    })
  }
  await writer.close()
  if (!stream.closed) await once(stream, 'close')
  const { size } = await stat(path)
  report('stock appendRow float64 snappy', (performance.now() - start) / 1000, trades.rows, size)
}

/** Median of a few runs, in seconds; the first warms up and does not count. */
async function timed(run: () => Promise<void>): Promise<number> {
  const seconds: number[] = []
  for (let i = 0; i <= REPEATS; i++) {
    const start = performance.now()
    await run()
    seconds.push((performance.now() - start) / 1000)
  }
  return seconds.slice(1).sort((a, b) => a - b)[REPEATS >> 1]!
}

function report(name: string, seconds: number, count: number, bytes: number): void {
  const millions = (count / seconds / 1e6).toFixed(2).padStart(6)
  console.log(
    `${name.padEnd(42)} ${millions} M rows/s ${(bytes / count).toFixed(2).padStart(7)} B/row`,
  )
}
