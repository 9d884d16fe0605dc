/** A page of rows as a request. */

import { weightOf, type Dataset } from '../binance/dataset.ts'
import { datasetOf, MARKETS } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { HostList, Query } from '../pull/query.ts'
import { endOf, inMillis, type PageParams } from './walk.ts'

/** The request for a page of a series, under Binance's names. */
export function pageQuery(
  key: SeriesKey,
  { limit, ...params }: PageParams,
  sending: Pick<Query, 'priority' | 'signal'>,
): Query {
  const dataset = datasetOf(key)
  const interval =
    key.interval === undefined
      ? []
      : [[dataset.intervalParameter ?? 'interval', key.interval] as const]
  const subject = [dataset.subject ?? 'symbol', key.symbol] as const
  const contract = key.contract === undefined ? [] : [['contractType', key.contract] as const]
  const isWhole = dataset.walk === 'whole'
  const asked = MARKETS[key.market].rest.unit === 'ms' ? inMillis(params) : params
  return {
    ...sending,
    path: dataset.path,
    params: [subject, ...contract, ...interval, ...(isWhole ? [] : Object.entries(asked))],
    ...(!isWhole && { limit }),
    weight: weightOf(dataset, limit),
    pool: dataset.pool,
    hosts: hostListOf(dataset),
    until: endOf(params),
  }
}

/** The hosts that serve a dataset: the market-data host has only public ones, and not all of those. */
export function hostListOf({ security }: Dataset): HostList {
  return security === 'none' ? 'public' : 'api'
}
