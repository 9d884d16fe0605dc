/** The markets of the exchange, as far as the jobs of a call need them. */

import { BackfillError, BannedError, isFatal, type UnavailableError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { factsOf, type DatasetJob, type Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { HostList } from '../pull/query.ts'
import { baseUrlsOf } from '../binance/host.ts'
import type { Market } from '../binance/series.ts'
import type { ExchangeEvents } from '../walk/exchange-events.ts'
import { hostListOf } from '../walk/page-query.ts'
import type { ExchangeClient } from '../walk/exchange.ts'
import { Exchanges } from '../walk/exchanges.ts'
import { anySymbol, needsAllSymbols } from './wants.ts'
import { credentialsFor } from './account.ts'

/** Does anything have to be asked of REST? Not for what is wanted of the archive alone, between dates. */
export function needsExchange(jobs: readonly Job[], { source }: Options): boolean {
  const datasets = jobs.flatMap((job) => job.datasets)
  const isAway = (dataset: DatasetJob): boolean =>
    (source ?? dataset.source) === 'archive' && dataset.from.kind !== 'listing'
  return datasets.length === 0 || needsAllSymbols(jobs) || !datasets.every(isAway)
}

/** The hosts that jobs will be asked of. With hosts of the user's own there is one list for everything. */
function hostLists(
  jobs: readonly Job[],
  market: Market,
  { baseUrls }: Options,
): readonly HostList[] {
  const lists = jobs.flatMap(({ datasets }) =>
    datasets.map((dataset) => hostListOf(factsOf(dataset))),
  )
  return baseUrlsOf(market, baseUrls) === undefined ? [...new Set(lists)] : ['public']
}

/** The parts of jobs that are about one market; a job without such a part is left out. */
function jobsOf(market: Market, jobs: readonly Job[]): readonly Job[] {
  return jobs
    .map((job) => ({ ...job, datasets: job.datasets.filter((one) => one.market === market) }))
    .filter(({ datasets }) => datasets.length > 0)
}

/** What happens on the way, and which markets are needed if not those of the jobs. */
type OpeningEvents = ExchangeEvents & {
  readonly signal?: AbortSignal | undefined
  readonly markets?: readonly Market[]
}

/** The way to the exchange, over which nothing was sent yet. @throws UsageError when the jobs need a key */
export function exchangeFor(
  world: World,
  jobs: readonly Job[],
  options: Options,
  { markets = marketsOf(jobs), ...events }: OpeningEvents,
): Exchanges {
  const credentials = credentialsFor(jobs)
  const signal = events.signal ?? options.signal
  const own = { ...events, credentials: credentials && (() => credentials) }
  return Exchanges.to(world, markets, { options, events: own, signal })
}

function marketsOf(jobs: readonly Job[]): readonly Market[] {
  return jobs.flatMap(({ datasets }) => datasets.map(({ market }) => market))
}

/**
 * Opens the way to each market, and reads as much of exchangeInfo as the jobs need. A market that does not answer is
 * left, and the others are opened.
 *
 * @throws what the first failed with, when no market is left.
 */
export async function openFor(
  exchange: Exchanges,
  jobs: readonly Job[],
  options: Options,
): Promise<void> {
  const failed: unknown[] = []
  for (const { market } of exchange.clients)
    try {
      await openMarket(exchange.of(market), jobsOf(market, jobs), options)
    } catch (error) {
      if (!isOfMarket(error)) throw error
      failed.push(error)
      exchange.leave(market, error)
    }
  if (failed.length === exchange.clients.length) throw failed[0]
}

/** Is it about one market, and neither about this machine nor the job? */
function isOfMarket(error: unknown): error is BackfillError {
  return error instanceof BannedError || (error instanceof BackfillError && !isFatal(error))
}

async function openMarket(
  client: ExchangeClient,
  own: readonly Job[],
  options: Options,
): Promise<void> {
  const symbol = anySymbol(own)
  const isAll = needsAllSymbols(own) || symbol === undefined
  if (!needsExchange(own, options)) return
  const scope = isAll ? ({ kind: 'all' } as const) : ({ kind: 'symbol', symbol } as const)
  await client.open(scope, hostLists(own, client.market, options))
}

/** Why series are not even known: a filter of symbols of a market that was left. */
export function unknownSeries(
  jobs: readonly Job[],
  exchange: Exchanges,
): readonly UnavailableError[] {
  return exchange.clients.flatMap(({ market }) => {
    const left = exchange.leftFor(market)
    return left !== undefined && needsAllSymbols(jobsOf(market, jobs)) ? [left] : []
  })
}

/** {@link exchangeFor} and {@link openFor}; each market must answer. */
export async function openExchange(
  world: World,
  jobs: readonly Job[],
  options: Options,
  events: OpeningEvents,
): Promise<Exchanges> {
  const exchange = exchangeFor(world, jobs, options, events)
  await openFor(exchange, jobs, options)
  for (const { market } of exchange.clients) {
    const left = exchange.leftFor(market)
    if (left !== undefined) throw left.cause
  }
  return exchange
}
