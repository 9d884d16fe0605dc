/**
 * The cost model: how many seconds work takes over REST and from the archive. Pure. Each assumption is a constant here
 * or a figure of {@link Speed}. What is compared is what a piece of work adds to a run that does other work besides,
 * since that is what a user waits for.
 */

import { REQUEST_POOLS, type RequestPoolName } from '../binance/limit.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Speed } from './speed.ts'

/** Work over REST. */
export type RestWork = { readonly requests: number; readonly weight: number; readonly rows: number }

/** Work on files of the archive. */
export type FileWork = { readonly files: number; readonly bytes: number }

/** Files downloaded at once for a series, the one that is being read included. */
const FILES_AT_ONCE = 3
/** To unpack, check and store a file, however small: some disk operations that wait for the disk. */
const SECONDS_PER_FILE = 0.02
/** Rows of pages parsed, checked and stored per second by one processor; docs/PERFORMANCE.md. */
const ROWS_PER_SECOND = 100_000

/** Of a zip with nothing in it: its three headers, and the name of its entry twice. */
const ZIP_BYTES = 150
/**
 * Bytes of a row in a zip, by dataset. Trades: ids and times grow by little, and prices repeat. Klines: what those of a
 * quiet symbol take; a busy one's take twice as much, and then their grid says how many there are at most. Prices that
 * nobody trades at have more digits. A file of funding is a month of some hundred bytes.
 */
const ZIP_ROW_BYTES: Readonly<Record<string, number>> = {
  ...{ klines: 20, aggTrades: 16, trades: 17 },
  ...{ markPriceKlines: 30, indexPriceKlines: 30, premiumIndexKlines: 20 },
  ...{ fundingRate: 8, metrics: 42 },
}
/** For any other dataset. */
const ZIP_ROW_BYTES_ELSE = 20

/** Bytes of a row in the zips of a series. */
export function zipRowBytes({ dataset }: Pick<SeriesKey, 'dataset'>): number {
  return ZIP_ROW_BYTES[dataset] ?? ZIP_ROW_BYTES_ELSE
}

/** The rows in a zip of so many bytes. */
export function rowsInZip(key: SeriesKey, sizeBytes: number): number {
  return Math.max(0, sizeBytes - ZIP_BYTES) / zipRowBytes(key)
}

/** Seconds that the request weight takes. */
export function weightSeconds(
  { market }: Pick<SeriesKey, 'market'>,
  weight: number,
  { weightPerMinute, weightPerMinuteOf }: Speed,
): number {
  return (weight / (weightPerMinuteOf?.[market] ?? weightPerMinute)) * 60
}

/** Seconds that requests take that are counted besides their weight: so many at once, and as many after each span. */
export function poolSeconds(pool: RequestPoolName, requests: number, speed: Speed): number {
  const spans = Math.ceil(requests / speed.requestsInPool[pool]) - 1
  return (Math.max(0, spans) * REQUEST_POOLS[pool].windowMs) / 1_000
}

/** Seconds that pages take besides their weight: by latency, or by what the processor can do. */
export function pageSeconds({ requests, rows }: RestWork, speed: Speed): number {
  return Math.max((requests * speed.pageSeconds) / speed.pagesAtOnce, rows / ROWS_PER_SECOND)
}

/** Seconds that work over REST adds to a run. */
export function restSeconds(key: SeriesKey, work: RestWork, speed: Speed): number {
  const { pool } = datasetOf(key)
  const inPool = pool === undefined ? 0 : poolSeconds(pool, work.requests, speed)
  return Math.max(weightSeconds(key, work.weight, speed), pageSeconds(work, speed), inPool)
}

/** Seconds that work on files adds to a run. */
export function fileSeconds({ files, bytes }: FileWork, speed: Speed): number {
  const each = speed.fileSeconds / FILES_AT_ONCE + SECONDS_PER_FILE
  return files * each + bytes / speed.bytesPerSecond
}

/**
 * Bytes per second that were seen, when this work took so many seconds; the inverse of {@link fileSeconds}, besides the
 * time until as many files as are downloaded at once are under way.
 *
 * @param each - Seconds until a file begins to arrive.
 */
export function bytesPerSecond({ files, bytes }: FileWork, seconds: number, each: number): number {
  const waiting = ((files + FILES_AT_ONCE) / FILES_AT_ONCE) * each + files * SECONDS_PER_FILE
  return bytes / Math.max(seconds - waiting, seconds / 10)
}

/** What a page of full length costs. */
export function fullPage(key: SeriesKey): RestWork {
  const { weight, pageRows } = datasetOf(key)
  return { requests: 1, weight, rows: pageRows }
}
