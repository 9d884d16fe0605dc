/** What the archive's tests share: rows of files, files in memory, a client on real sockets. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import PQueue from 'p-queue'
import { onTestFinished } from 'vitest'
import { ArchiveError } from '../../src/base/errors.ts'
import type { Readable } from '../../src/base/ports.ts'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import type { SpotKind } from '../../src/binance/dataset.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { nodeHttp } from '../../src/node/http.ts'
import { ArchiveClient } from '../../src/pull/archive/client.ts'
import { Downloads } from '../../src/pull/archive/download.ts'
import type { Page } from '../../src/rows/page.ts'
import { rowTexts } from './rows-pages.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { Exchange, startSimulator, type ExchangeOptions } from '../../src/simulator/index.ts'

export const AGG_TRADES: SeriesKey = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' }
export const TRADES: SeriesKey = { market: 'spot', dataset: 'trades', symbol: 'BTCUSDT' }

/** Klines of BTCUSDT. */
export function klines(interval: NonNullable<SeriesKey['interval']>): SeriesKey {
  return { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval }
}

/** Bytes as a file. */
export function readableOf(bytes: Uint8Array): Readable {
  return {
    sizeBytes: bytes.length,
    read: async (from, to) => {
      if (to > bytes.length) throw new RangeError('past the end')
      return bytes.slice(from, to)
    },
  }
}

/** Bytes in pieces of `size`. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.slice(from, from + size)
}

/** Everything that an iteration gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** The rows of pages as texts by column. */
export function textsOf(dataset: SpotKind, pages: readonly Page[]): Record<string, string>[] {
  return pages.flatMap((page) => rowTexts(DATASETS[dataset], page.batch))
}

/** What a promise is refused with; the test fails when it is not an {@link ArchiveError}. */
export async function problemOf(work: Promise<unknown>): Promise<ArchiveError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ArchiveError) return error
  throw new Error(`not refused as a file of the archive: ${String(error)}`)
}

/** A directory that goes away with the test. */
export async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'archive-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

/** The stand-in on a socket, whose clock stands still, and a client that waits for nothing. */
export async function archiveWorld(
  options: Partial<ExchangeOptions> = {},
  { now = '2026-06-10', keep = false }: { readonly now?: string; readonly keep?: boolean } = {},
): Promise<{
  exchange: Exchange
  client: ArchiveClient
  downloads: Downloads
  directory: string
  /** Waits that were asked for, in milliseconds. */
  waits: number[]
  setNow: (time: Micros) => void
  /** Paths and queries in the order in which they arrived. */
  asked: () => string[]
  /** Downloads of another run. */
  again: () => Downloads
}> {
  let time = parseMicros(now)
  const waits: number[] = []
  const clock = {
    now: () => micros(time),
    monotonicMs: () => 0,
    sleep: async (ms: number) => {
      waits.push(ms)
    },
  }
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }], ...options })
  // Only the waits of the client are passed over; those of the stand-in are short and part of what is tried.
  const simulator = await startSimulator({
    exchange,
    clock: { ...clock, sleep: async () => undefined },
  })
  const http = nodeHttp()
  const directory = await scratch()
  onTestFinished(async () => {
    await http.close()
    await simulator.close()
  })
  const world = { clock, random: { next: () => 0.5 }, http }
  const client = new ArchiveClient(world, {
    url: simulator.url,
    listingUrl: simulator.url,
    places: new PQueue({ concurrency: 4 }),
  })
  const places = {
    files: nodeFiles(join(directory, 'lake')),
    keep: keep ? nodeFiles(join(directory, 'kept')) : undefined,
  }
  return {
    exchange,
    client,
    downloads: new Downloads(client, places),
    directory,
    waits,
    setNow: (next) => {
      time = next
    },
    asked: () =>
      exchange.log.entries.map(({ path, query }) => (query === '' ? path : `${path}?${query}`)),
    again: () => new Downloads(client, places),
  }
}
