/** Chooses the walk for a window of a series over REST. */

import type { Coverage } from '../base/coverage.ts'
import type { Micros, Partition, Window } from '../base/time.ts'
import { columnIndex, type Dataset } from '../binance/dataset.ts'
import { intervalStep, type Interval } from '../binance/interval.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { findBlockTrade, findByTime, findTrade } from './first-row.ts'
import { walkAccountTime } from './account-time.ts'
import { walkAccount } from './account.ts'
import { walkIds } from './ids.ts'
import { walkKlines } from './klines.ts'
import { walkRecent, type RecentWalkOptions } from './recent.ts'
import { walkTimes } from './times.ts'
import type { AskPage } from './walk.ts'
import { walkWhole } from './whole.ts'
import { int64Values } from '../rows/batch.ts'
import type { Page } from '../rows/page.ts'
import type { Step } from '../rows/step.ts'
import { aggTrades } from '../binance/datasets/agg-trades.ts'

/** What the lake knows about the time before a window. */
export type Before = {
  readonly hasRowsBefore: boolean
  /** The id after the last stored row, where the coverage reaches the window. */
  readonly nextId: bigint | undefined
  /** The first stored id of the periods after the window's start. */
  readonly laterId: bigint | undefined
  /** The first stored id of the periods after the window's end. */
  readonly joinId: bigint | undefined
  /** Are rows stored of the same period, at the window's start or after it? */
  readonly hasRowsAfter: boolean
  /** Stretches that an earlier run left unconfirmed. */
  readonly unconfirmed: Coverage
  /** Stretches missing from archive files read in this run. */
  readonly lacking: Coverage
  /** The stretches among them that lie between klines of one file. */
  readonly between: Coverage
  /** Up to where the whole window was requested before without a confirmed result. */
  readonly askedUntil: Micros | undefined
  /** Where the coverage that reaches the window begins. */
  readonly coveredFrom: Micros | undefined
  /** Is all of the window covered, and asked for once more? */
  readonly isCovered?: boolean
  /** How long the partitions of the series last. */
  readonly partition: Partition
}

/** How to send requests. */
export type RestWorld = {
  readonly ask: AskPage
  /** Requests aggregate trades of the same symbol: they turn a time into a trade id. */
  readonly askAggTrades: AskPage
  readonly readAhead: number
  /** The server's clock, read before the first request. */
  readonly now: Micros
  /** The same as it goes on. */
  readonly clock: () => Micros
  /** Does exchangeInfo say that the symbol trades? */
  readonly isTrading: () => Promise<boolean | undefined>
  /** When the symbol was listed, by its klines. */
  readonly listedAt: () => Promise<Micros | undefined>
  readonly signal: AbortSignal | undefined
}

/** Walks `window` of a series. */
export function walkRest(
  key: SeriesKey,
  window: Window,
  before: Before,
  { ask, askAggTrades, readAhead, signal, now, clock, isTrading, listedAt }: RestWorld,
): AsyncGenerator<Step, void, void> {
  const { walk, pageRows: limit, cursor = 'fromId' } = datasetOf(key)
  const options = { limit, readAhead, signal, now, ...before }
  switch (walk) {
    case 'openTime':
      if (key.interval === undefined) throw new RangeError(`${key.dataset} without an interval`)
      return walkGrid(window, key.interval, ask, {
        ...{ ...options, reachDays: datasetOf(key).reachDays, clock, listedAt },
        limit: slotsOfPage(datasetOf(key), key.interval),
        otherEvidence: { now, isTrading, ...before },
      })
    case 'time':
      return walkTimes(window, ask, { ...options, otherEvidence: { now, isTrading, ...before } })
    case 'whole':
      return walkWhole(window, ask, { ...options, otherEvidence: { now, isTrading, ...before } })
    case 'archive':
      throw new RangeError(`${key.dataset} are not served over REST`)
    case 'aggTradeId':
      return walkIds(window, findByTime(ask, options), ask, options)
    case 'tradeId': {
      const first = findTrade(askAggTrades, ask, { ...options, firstTradeIdsOf })
      return walkIds(window, first, ask, options)
    }
    case 'blockTradeId':
      return walkIds(window, findBlockTrade(ask, options), ask, { ...options, areIdsSparse: true })
    case 'accountTime':
      return walkAccountTime(window, ask, { ...options, dataset: datasetOf(key) })
    case 'accountWindow': {
      // An order may be newer than one with a later id; for allocations the order is not documented.
      const nextId = cursor === 'fromId' ? before.nextId : undefined
      return walkAccount(window, ask, { ...options, nextId, cursor })
    }
  }
}

function walkGrid(
  window: Window,
  interval: Interval,
  ask: AskPage,
  {
    reachDays,
    clock,
    listedAt,
    ...options
  }: Omit<RecentWalkOptions, 'reachDays'> & { reachDays: number | undefined },
): AsyncGenerator<Step, void, void> {
  if (reachDays === undefined) return walkKlines(window, interval, ask, options)
  return walkRecent(window, interval, ask, { ...options, reachDays, clock, listedAt })
}

/** Slots that are requested at once; some are left, since a request also reaches into the slots beside them. */
function slotsOfPage({ pageRows, windowDaysMax }: Dataset, interval: Interval): number {
  if (windowDaysMax === undefined) return pageRows
  const slots = Number((BigInt(windowDaysMax) * 86_400_000_000n) / intervalStep(interval))
  return Math.min(pageRows, slots - 2)
}

const FIRST_TRADE_ID = columnIndex(aggTrades, 'first_trade_id')

function firstTradeIdsOf({ batch }: Page): BigInt64Array {
  return int64Values(batch, FIRST_TRADE_ID)
}

/** When a series begins, requested once; `undefined` when it has no rows. */
export async function firstTime(ask: AskPage): Promise<Micros | undefined> {
  const page = await ask({ startTime: 0n, limit: 1 }, () => undefined)
  return page.rowCount === 0 ? undefined : (page.times[0] as Micros)
}
