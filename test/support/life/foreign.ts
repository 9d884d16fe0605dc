/** A lake as DuckDB reads it: by a pattern of file names, without any of our code. */

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Micros } from '../../../src/base/time.ts'
import type { Numbers } from '../../../src/binance/dataset.ts'
import { seriesName, type SeriesKey } from '../../../src/binance/series.ts'
import { seriesPath } from '../../../src/store/layout.ts'
import { ROOT } from '../crash-machine.ts'
import { parquet, query } from '../duck.ts'
import type { SimDisk } from '../sim-disk.ts'
import { cellsOf, type Cell } from './compare.ts'
import { finalRow, rowOf, versionAt, type SeriesTruth } from './truth.ts'

const TIMES = ['open_time', 'close_time', 'time']
const KEYS: Readonly<Record<string, string>> = {
  klines: 'open_time',
  aggTrades: 'agg_trade_id',
  trades: 'trade_id',
}

/** What is held against the truth as of `now`. */
export type ForeignLook = {
  readonly disk: SimDisk
  readonly series: readonly SeriesTruth[]
  readonly numbers: Numbers
  readonly now: Micros
}

/**
 * Reads all series of a lake, of which each row is what the exchange says last.
 *
 * @param directory - An empty one.
 * @returns How many rows were the truth.
 * @throws Error for the first row that is not
 */
export async function lookForeign(directory: string, look: ForeignLook): Promise<number> {
  const { disk, series } = look
  for (const [path, bytes] of disk.files()) {
    if (!path.endsWith('.parquet')) continue
    const real = join(directory, path.slice(ROOT.length))
    await mkdir(dirname(real), { recursive: true })
    await writeFile(real, bytes)
  }
  let rows = 0
  for (const truth of series) {
    const hasFiles = [...disk.files().keys()].some(
      (path) => path.startsWith(`${ROOT}/${seriesPath(truth.key)}/`) && path.endsWith('.parquet'),
    )
    if (hasFiles) rows += await lookAt(directory, truth, look)
  }
  return rows
}

async function lookAt(
  directory: string,
  truth: SeriesTruth,
  { numbers, now }: ForeignLook,
): Promise<number> {
  const names = columnsOf(truth)
  const columns = names.map((name) =>
    TIMES.includes(name) ? `epoch_us(${name}) AS ${name}` : name,
  )
  const source = parquet(directory, seriesPath(truth.key))
  const found = await query(`SELECT ${columns.join(', ')} FROM ${source}`)
  const seen = new Set<string>()
  for (const row of found) {
    const key = row[keyOf(truth.key)] ?? ''
    const told = rowOf(truth, BigInt(key))
    const about = `${seriesName(truth.key)} key ${key}, by DuckDB`
    if (told === undefined || seen.has(key)) throw new Error(`${about}: it is not, or is twice`)
    seen.add(key)
    const cells = cellsOf(finalRow(truth, told, versionAt(told, now)))
    for (const [name, wanted] of Object.entries(cells))
      if (!isText(row[name], wanted, numbers))
        throw new Error(`${about}: ${name} is ${String(row[name])} instead of ${String(wanted)}`)
  }
  return found.length
}

function columnsOf(truth: SeriesTruth): readonly string[] {
  const [first] = truth.rows
  return first === undefined ? [] : Object.keys(cellsOf(finalRow(truth, first, 0)))
}

function keyOf({ dataset }: SeriesKey): string {
  return KEYS[dataset] ?? ''
}

function isText(found: string | null | undefined, wanted: Cell, numbers: Numbers): boolean {
  if (typeof wanted !== 'string' || numbers !== 'float64') return found === String(wanted)
  return Number(found) === Number(wanted)
}
