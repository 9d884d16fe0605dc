/** The exchange, as far as the jobs of a call need it. */

import type { World } from '../base/ports.ts'
import { factsOf, type DatasetJob, type Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { HostList } from '../pull/query.ts'
import { ExchangeClient, hostListOf, type ExchangeEvents } from '../walk/exchange.ts'
import { anySymbol, needsAllSymbols } from './wants.ts'
import { credentialsFor } from './account.ts'

/** Does anything have to be asked of REST? Not for what is wanted of the archive alone, between dates. */
function needsExchange(jobs: readonly Job[], { source }: Options): boolean {
  const datasets = jobs.flatMap((job) => job.datasets)
  const isAway = (dataset: DatasetJob): boolean =>
    (source ?? dataset.source) === 'archive' && dataset.from.kind !== 'listing'
  return datasets.length === 0 || needsAllSymbols(jobs) || !datasets.every(isAway)
}

/** The hosts that jobs will be asked of. With hosts of the user's own there is one list for everything. */
function hostLists(jobs: readonly Job[], { baseUrls }: Options): readonly HostList[] {
  const lists = jobs.flatMap(({ datasets }) =>
    datasets.map((dataset) => hostListOf(factsOf(dataset))),
  )
  return baseUrls === undefined ? [...new Set(lists)] : ['public']
}

/** The way to the exchange, over which nothing was sent yet. @throws UsageError when the jobs need a key */
export function exchangeFor(
  world: World,
  jobs: readonly Job[],
  options: Options,
  events: ExchangeEvents & { readonly signal?: AbortSignal | undefined },
): ExchangeClient {
  const credentials = credentialsFor(jobs)
  return new ExchangeClient(
    world,
    options,
    { ...events, credentials },
    events.signal ?? options.signal,
  )
}

/** Opens the way to the exchange, and reads as much of exchangeInfo as the jobs need. */
export async function openFor(
  exchange: ExchangeClient,
  jobs: readonly Job[],
  options: Options,
): Promise<void> {
  const symbol = anySymbol(jobs)
  const isAll = needsAllSymbols(jobs) || symbol === undefined
  if (!needsExchange(jobs, options)) return
  await exchange.open(
    isAll ? { kind: 'all' } : { kind: 'symbol', symbol },
    hostLists(jobs, options),
  )
}

/** {@link exchangeFor} and {@link openFor}. */
export async function openExchange(
  world: World,
  jobs: readonly Job[],
  options: Options,
  events: ExchangeEvents & { readonly signal?: AbortSignal | undefined },
): Promise<ExchangeClient> {
  const exchange = exchangeFor(world, jobs, options, events)
  await openFor(exchange, jobs, options)
  return exchange
}
