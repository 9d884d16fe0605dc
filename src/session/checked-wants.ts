/** What jobs want, resolved with the help of the exchange and held against what is stored. */

import { DamageError, RejectedError, UnavailableError } from '../base/errors.ts'
import { periodWindow, type Micros } from '../base/time.ts'
import type { SymbolInfo } from '../binance/exchange-info.ts'
import { datasetOf, klinesOf } from '../binance/market.ts'
import { DEFAULT_MARKET, seriesName, type SeriesKey } from '../binance/series.ts'
import type { Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { Want } from '../plan/plan.ts'
import { checkFixed } from '../store/series.ts'
import type { ArchiveSession } from '../walk/archive/files.ts'
import { INVALID_SYMBOL, type ExchangeClient } from '../walk/exchange.ts'
import { resolveWants, seriesOf, symbolsFor } from './wants.ts'
import { accountLabel } from './account.ts'
import { listedAt, beginning } from './listing.ts'
import type { Manifests } from './manifests.ts'
import { ambiguousWords, archivedSymbols, needsAllTime } from './universe.ts'

/** Who tells what jobs want. */
export type WantSources = {
  readonly exchange: ExchangeClient
  readonly session: ArchiveSession
  readonly manifests: Manifests
  readonly onWarning: (message: string) => void
}

/** Resolves what the jobs want, with the exchange's help. */
export async function wantsOf(
  jobs: readonly Job[],
  { exchange, session, manifests, onWarning }: WantSources,
  options: Options,
): Promise<readonly Want[]> {
  const archived = await archivedFor(jobs, { exchange, session, onWarning }, options)
  const wants = await resolveWants(jobs, {
    now: exchange.now(),
    symbols: symbolsFor(jobs, [...exchange.symbols, ...archived]),
    source: options.source,
    account: accountLabel(jobs),
    shard: options.shard,
    listingOf: async (key) => {
      const known = listedAt(await manifests.get(key))
      if (known !== undefined) return known
      // Klines tell the listing of every dataset: they reach back to it, trades may not.
      const klines = datasetOf(key).hasInterval ? key : klinesOf(key)
      const isArchived = archived.some(({ symbol }) => symbol === key.symbol)
      const ask = async (): Promise<Micros | undefined> =>
        beginning(exchange.pages(klines, 'string', 0))
      const begin = isArchived ? await ask().catch(orFirstMonth(session, key)) : await ask()
      if (begin === undefined && (await exchange.isTrading(key.symbol)) !== false)
        throw new UnavailableError(`${seriesName(key)}: the exchange names no row of it`, {
          hint: 'A symbol that trades has rows: run again later, or name a date in from.',
        })
      return begin
    },
  })
  return Promise.all(wants.map((want) => checkWant(want, manifests)))
}

/** The symbols that only the archive has, where jobs want every one that ever was. */
async function archivedFor(
  jobs: readonly Job[],
  { exchange, session, onWarning }: Omit<WantSources, 'manifests'>,
  options: Options,
): Promise<readonly SymbolInfo[]> {
  if (!needsAllTime(jobs)) return []
  const sources = { listed: exchange.symbols, session, options }
  const { symbols, ambiguous } = await archivedSymbols(DEFAULT_MARKET, sources)
  const words = ambiguousWords(ambiguous)
  if (words !== undefined) onWarning(words)
  return symbols
}

/** REST no longer knows a delisted symbol: its history begins with the first month that the archive has. */
function orFirstMonth(
  session: ArchiveSession,
  key: SeriesKey,
): (error: unknown) => Promise<Micros | undefined> {
  return async (error) => {
    if (!(error instanceof RejectedError) || error.exchangeCode !== INVALID_SYMBOL) throw error
    const months = await session.catalog.months(key)
    return months && periodWindow(months.first).from
  }
}

/** A want of a series whose manifest is sound and as the job asks, or else with its problem. */
export async function checkWant(want: Want, manifests: Manifests): Promise<Want> {
  try {
    const begun = await manifests.begunAs(want.key)
    if (begun !== undefined) checkFixed(begun, want.settings)
    return want
  } catch (problem) {
    // A damaged manifest, or a file that is not as it says, is the failure of its series; the others go on.
    if (problem instanceof DamageError) return { ...want, wanted: [], problem }
    throw problem
  }
}

/**
 * Checks what needs no answer of the exchange: the series that the jobs name are stored as the jobs ask.
 *
 * @throws UsageError when one was begun with other numbers or partitions, or needs an account label.
 */
export async function checkStored(jobs: readonly Job[], manifests: Manifests): Promise<void> {
  const named = { symbols: [], account: accountLabel(jobs) }
  for (const { datasets } of jobs)
    for (const dataset of datasets)
      for (const key of seriesOf(dataset, named)) {
        const { numbers, partition } = dataset
        const begun = await manifests.begunAs(key).catch(ifSound)
        if (begun !== undefined) checkFixed(begun, { numbers, partition })
      }
}

function ifSound(error: unknown): undefined {
  if (!(error instanceof DamageError)) throw error
}
