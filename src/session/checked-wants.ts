/** What jobs want, resolved with the help of the exchange and held against what is stored. */

import { ASKED_AT_ONCE, atOnce } from '../base/at-once.ts'
import { DamageError, UnavailableError } from '../base/errors.ts'
import { isOldServed } from '../binance/dataset.ts'
import { latest, periodWindow, type Micros } from '../base/time.ts'
import { isOneContract } from '../binance/contract.ts'
import { contractEnd } from '../binance/contract-end.ts'
import type { SymbolInfo } from '../binance/exchange-info.ts'
import { datasetOf, klinesOf } from '../binance/market.ts'
import { DEFAULT_MARKET, seriesName, type SeriesKey } from '../binance/series.ts'
import type { Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import type { Want } from '../plan/plan.ts'
import { checkFixed } from '../store/fixed.ts'
import { isArchiveMeant, type ArchiveSession } from '../walk/archive/files.ts'
import { UNKNOWN_SYMBOL } from '../walk/exchange.ts'
import type { Exchanges } from '../walk/exchanges.ts'
import { isDatedBy } from './chosen.ts'
import { resolveWants, seriesOf, symbolsFor } from './wants.ts'
import { accountLabel } from './account.ts'
import { listedAt, beginning } from './listing.ts'
import type { Manifests } from './manifests.ts'
import { allTimeMarkets, ambiguousWords, archivedSymbols, withMonths } from './universe.ts'

/** Who tells what jobs want. */
export type WantSources = {
  readonly exchange: Exchanges
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
  const symbols = await knownSymbols(jobs, { exchange, session, onWarning }, options)
  const wants = await resolveWants(jobs, {
    now: exchange.now(),
    symbols,
    leftFor: (market) => exchange.leftFor(market),
    source: options.source,
    account: accountLabel(jobs),
    endOf: (key) => endOf(key, exchange),
    onboardOf: (key) => {
      const [info] = exchange.of(key.market).infosOf(key)
      return datasetOf(key).subject === 'pair' ? undefined : info?.contract?.onboard
    },
    shard: options.shard,
    ahead: (keys) => manifests.ahead(keys),
    listingOf: async (key) => {
      const known = listedAt(await manifests.get(key))
      if (known !== undefined) return known
      // Klines tell the listing of every dataset: they reach back to it, trades may not.
      const klines = isOldServed(datasetOf(key)) ? key : klinesOf(key)
      const begin = await beginning(exchange.of(key.market).pages(klines, 'string', 0)).catch(
        async (error: unknown) => {
          const failure = exchange.failureIn(key.market, error)
          const isUnknown = exchange.of(key.market).isInvalidSymbol(error)
          if (!isUnknown || !isArchiveMeant(options, key.market)) throw failure
          const month = await firstMonth(session, key).catch((unlisted: unknown) => {
            // Of a symbol that the archive is known to have, only its listing failed.
            throw isArchived(key, symbols) ? unlisted : failure
          })
          if (month === undefined) throw failure
          return month
        },
      )
      if (begin === undefined && (await exchange.of(key.market).isTrading(key)) !== false)
        throw new UnavailableError(`${seriesName(key)}: the exchange names no row of it`, {
          hint: 'A symbol that trades has rows: run again later, or name a date in from.',
        })
      return begin
    },
  })
  const sourced = await Promise.all(wants.map((want) => withSource(want, exchange)))
  return atOnce(ASKED_AT_ONCE, sourced, (want) => checkWant(want, manifests))
}

/**
 * The symbols that filters of these jobs choose from, with the months of those of which they ask when they were listed.
 *
 * @throws as {@link symbolsFor} and {@link archivedSymbols}
 */
export async function knownSymbols(
  jobs: readonly Job[],
  sources: Omit<WantSources, 'manifests'>,
  options: Options,
): Promise<readonly SymbolInfo[]> {
  const { exchange, session } = sources
  const archived = await archivedFor(jobs, sources, options)
  const all = [...exchange.symbols, ...archived]
  const dated = await withMonths(all, session, (info) => isDatedBy(jobs, info))
  return symbolsFor(jobs, dated, (market) => exchange.leftFor(market) !== undefined)
}

/** One source where it has all that there is: REST of symbols that it lists, and the archive of the others. */
async function withSource(want: Want, exchange: Exchanges): Promise<Want> {
  const { key, settings, problem } = want
  const { walk, isArchiveSecond } = datasetOf(key)
  if (walk === 'archive') return { ...want, settings: { ...settings, source: 'archive' } }
  if (isArchiveSecond !== true || settings.source !== 'auto' || problem !== undefined) return want
  const status = await exchange.of(key.market).statusOf(key)
  const source = status === UNKNOWN_SYMBOL ? 'archive' : 'rest'
  return { ...want, settings: { ...settings, source } }
}

/** Where a contract ends, as far as it is known; pairs go on, and a delivered contract is followed by another. */
function endOf(key: SeriesKey, exchange: Exchanges): Micros | undefined {
  const infos = exchange.of(key.market).infosOf(key)
  if (datasetOf(key).subject !== 'pair') return contractEnd(key.symbol, infos[0]?.contract)
  if (!isOneContract(key.contract)) return undefined
  const ends = infos.map(({ contract }) => contract?.end)
  return ends.reduce(
    (a, b) => (a === undefined || b === undefined ? undefined : latest(a, b)),
    ends[0],
  )
}

/** The symbols that only the archive has, where jobs want every one that ever was. */
async function archivedFor(
  jobs: readonly Job[],
  { exchange, session, onWarning }: Omit<WantSources, 'manifests'>,
  options: Options,
): Promise<readonly SymbolInfo[]> {
  const found: SymbolInfo[] = []
  for (const market of allTimeMarkets(jobs)) {
    if (exchange.leftFor(market) !== undefined) continue
    const sources = { listed: exchange.of(market).symbols, session, options }
    const { symbols, ambiguous } = await archivedSymbols(market, sources)
    const words = ambiguousWords(ambiguous)
    if (words !== undefined) onWarning(words)
    found.push(...symbols)
  }
  return found
}

function isArchived(key: SeriesKey, symbols: readonly SymbolInfo[]): boolean {
  return symbols.some(
    (info) =>
      info.isArchived === true &&
      (info.market ?? DEFAULT_MARKET) === key.market &&
      info.symbol === key.symbol,
  )
}

/** REST no longer knows a delisted symbol: its history begins with the first month that the archive has. */
async function firstMonth(session: ArchiveSession, key: SeriesKey): Promise<Micros | undefined> {
  const months = await session.catalog.months(key)
  return months && periodWindow(months.first).from
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
  const asked = jobs.flatMap(({ datasets }) =>
    datasets.flatMap(({ numbers, partition, ...dataset }) =>
      seriesOf({ ...dataset, numbers, partition }, named).map((key) => ({
        key,
        numbers,
        partition,
      })),
    ),
  )
  const stored = await atOnce(ASKED_AT_ONCE, asked, async ({ key, ...settings }) => {
    const begun = await manifests.begunAs(key).catch(ifSound)
    return { begun, settings }
  })
  for (const { begun, settings } of stored) if (begun !== undefined) checkFixed(begun, settings)
}

function ifSound(error: unknown): undefined {
  if (!(error instanceof DamageError)) throw error
}
