/** An exchange of one symbol's aggregate trades that lags, forgets to answer, and whose times go back. No socket. */

import type { Micros, Window } from '../../src/base/time.ts'
import { restWindow } from '../../src/walk/rest-window.ts'
import { emptyTally } from '../../src/store/window-store.ts'
import { leftToAsk } from '../../src/base/coverage.ts'
import { DATASETS } from '../../src/binance/market.ts'
import type { SeriesPlan } from '../../src/plan/plan.ts'
import type { Progress } from '../../src/progress.ts'
import type { AskPage, PageParams } from '../../src/walk/walk.ts'
import { pageOf } from '../../src/rows/batch.ts'
import type { AggTrade } from '../../src/simulator/index.ts'
import { rowGroups } from '../../src/store/newest-rows.ts'
import type { Manifest } from '../../src/store/manifest.ts'
import type { MemFiles } from './mem-files.ts'
import { manifestOf, openStored, pageOfRows, type StoredOptions } from './stored-series.ts'

/** A trade, and when the exchange came to know it: ids are given in that order. */
export type Placed = AggTrade & { readonly place: Micros }

/** How one run meets the exchange. */
export type Meeting = {
  /** The server's clock. */
  readonly now: Micros
  /** What is younger than this the host does not have yet. */
  readonly lag?: bigint
  readonly pageRows?: number
  /** Is this request, counted from 0, answered with nothing? */
  readonly isEmpty?: (request: number) => boolean
}

const SERIES = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const

/** How the lake of the tests is stored. */
export function optionsOf(files: MemFiles): StoredOptions {
  return { files, key: SERIES, partition: 'day' }
}

/** A way to ask, and how often that was done. */
export function idExchange(
  rows: readonly Placed[],
  { now, lag = 0n, pageRows = 1_000, isEmpty = () => false }: Meeting,
): { readonly ask: AskPage; readonly asked: readonly PageParams[] } {
  const known = rows.filter(({ place }) => place <= now - lag)
  const asked: PageParams[] = []
  const ask: AskPage = async (params, check) => {
    const { fromId, startTime, limit } = params
    const count = Math.min(limit, pageRows)
    const matching = known.filter(
      ({ id, time }) => id >= (fromId ?? 0n) && time >= (startTime ?? 0n) * 1_000n,
    )
    const isOpen = fromId === undefined && startTime === undefined
    const sent = isOpen ? matching.slice(-count) : matching.slice(0, count)
    const page = pageOfRows(optionsOf({} as MemFiles), isEmpty(asked.length) ? [] : sent)
    asked.push(params)
    check(page)
    return page
  }
  return { ask, asked }
}

/** One run: asks for what is missing of `wanted`. */
export async function runOnce(
  files: MemFiles,
  wanted: Window,
  rows: readonly Placed[],
  meeting: Meeting,
): Promise<{ readonly events: readonly Progress[]; readonly asked: readonly PageParams[] }> {
  const options = optionsOf(files)
  const series = await openStored(options, [wanted])
  const { ask, asked } = idExchange(rows, meeting)
  const missing = leftToAsk([wanted], series.manifest.coverage)
  const { now } = meeting
  const events: Progress[] = []
  const isTrading = (): Promise<boolean> => Promise.resolve(true)
  const rest = {
    ...{ ask, askAggTrades: ask, readAhead: 3, signal: undefined },
    ...{ now, clock: () => now, isTrading, listedAt: async () => undefined },
  }
  const usage = () => ({ requests: 0, weight: 0, used: 0, limit: 0 })
  const warned = new Set<string>()
  const { signal } = new AbortController()
  const world = {
    rest,
    now,
    tally: emptyTally(),
    standing: () => ({ done: 0, secondsLeft: 0, usage: usage() }),
    warned,
    unconfirmed: [],
    lacking: [],
    between: [],
    signal,
  }
  const settings = { settle: 60_000_000n }
  const plan = { key: SERIES, missing, recheck: [], settings } as unknown as SeriesPlan
  for (const window of missing)
    for await (const event of restWindow(plan, series, window, world)) events.push(event)
  return { events, asked }
}

/** The ids of the lake by period, and its manifest. */
export async function lakeOf(
  files: MemFiles,
): Promise<{ readonly ids: Record<string, readonly bigint[]>; readonly manifest: Manifest }> {
  const manifest = await manifestOf(optionsOf(files))
  const ids: Record<string, bigint[]> = {}
  for (const period of [...manifest.partitions.keys()].sort()) {
    const path = `spot/aggTrades/symbol=BTCUSDT/period=${period}/data.parquet`
    ids[period] = []
    for await (const batch of rowGroups(files, path))
      ids[period].unshift(...pageOf(DATASETS.aggTrades, batch).keys)
  }
  return { ids, manifest }
}
