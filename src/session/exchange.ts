/** The markets of the exchange, as far as the jobs of a call need them. */

import type { World } from '../base/ports.ts'
import { factsOf, type DatasetJob, type Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { HostList } from '../pull/query.ts'
import { baseUrlsOf } from '../binance/host.ts'
import type { Market } from '../binance/series.ts'
import type { ExchangeEvents } from '../walk/exchange-events.ts'
import { hostListOf } from '../walk/page-query.ts'
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
  return Exchanges.to(world, markets, { options, events: { ...events, credentials }, signal })
}

function marketsOf(jobs: readonly Job[]): readonly Market[] {
  return jobs.flatMap(({ datasets }) => datasets.map(({ market }) => market))
}

/** Opens the way to each market, and reads as much of exchangeInfo as the jobs need. */
export async function openFor(
  exchange: Exchanges,
  jobs: readonly Job[],
  options: Options,
): Promise<void> {
  for (const client of exchange.clients) {
    const own = jobsOf(client.market, jobs)
    const symbol = anySymbol(own)
    const isAll = needsAllSymbols(own) || symbol === undefined
    if (!needsExchange(own, options)) continue
    await client.open(
      isAll ? { kind: 'all' } : { kind: 'symbol', symbol },
      hostLists(own, client.market, options),
    )
  }
}

/** {@link exchangeFor} and {@link openFor}. */
export async function openExchange(
  world: World,
  jobs: readonly Job[],
  options: Options,
  events: OpeningEvents,
): Promise<Exchanges> {
  const exchange = exchangeFor(world, jobs, options, events)
  await openFor(exchange, jobs, options)
  return exchange
}
