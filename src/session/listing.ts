/** Where series begin: what the exchange says once, and the lake knows from then on. */

import { subtractAll } from '../base/coverage.ts'
import type { Gap } from '../base/gap.ts'
import { earliest, micros, type Micros } from '../base/time.ts'
import { datasetOf, findDataset, klinesOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Want } from '../plan/plan.ts'
import type { ExchangeClient } from '../walk/exchange.ts'
import type { AskPage } from '../walk/walk.ts'
import type { Manifest } from '../store/manifest.ts'
import { Series } from '../store/series.ts'
import { firstTime } from '../walk/rest.ts'

/** The beginning of time, for series that are wanted from their listing on. */
const EPOCH = micros(0n)

/** When the lake knows a series to begin: the end of the stretch before its listing, asked from the beginning of time. */
export function listedAt(manifest: Manifest | undefined): Micros | undefined {
  return manifest?.gaps.find(({ reason, from }) => reason === 'before-listing' && from === EPOCH)
    ?.to
}

/** Was the listing of a series asked for, and does its manifest not know it yet? */
export function isListingNew(manifest: Manifest | undefined, { listing }: Want): boolean {
  return listing !== undefined && listing > EPOCH && listedAt(manifest) === undefined
}

/** Records that there is nothing before the listing of a series, so that no later run asks for it. */
export async function recordListing(series: Series, want: Want): Promise<void> {
  const { listing } = want
  if (listing === undefined || !isListingNew(series.manifest, want)) return
  const window = { from: EPOCH, to: listing }
  series.coverEmpty({ window, gaps: [{ ...window, reason: 'before-listing' }], fresh: [] })
  await series.flush()
}

/** Does the manifest of a series not know yet that its contract has ended? */
export function isEndNew(manifest: Manifest | undefined, { ended }: Want): boolean {
  return ended !== undefined && subtractAll([ended], manifest?.coverage ?? []).length > 0
}

/** Records that there is nothing after the end of a contract, so that nobody asks for it. */
export async function recordEnd(series: Series, want: Want): Promise<void> {
  const { ended } = want
  if (ended === undefined || !isEndNew(series.manifest, want)) return
  for (const window of subtractAll([ended], series.manifest.coverage))
    series.coverEmpty({ window, gaps: [{ ...window, reason: 'after-delisting' }], fresh: [] })
  await series.flush()
}

/** The time after the contract that had the name before, as far as the manifest does not tell the two apart yet. */
function endedBefore(manifest: Manifest | undefined, { onboard }: Want): readonly Gap[] {
  if (onboard === undefined) return []
  return (manifest?.gaps ?? []).filter(
    ({ reason, from }) => reason === 'after-delisting' && from < onboard,
  )
}

/** Has another contract a name whose contract had ended? */
export function isReused(manifest: Manifest | undefined, want: Want): boolean {
  return endedBefore(manifest, want).length > 0
}

/** Records that rows which follow are those of another contract. */
export async function recordReuse(series: Series, want: Want): Promise<void> {
  const ended = endedBefore(series.manifest, want)
  for (const window of ended)
    series.coverEmpty({ window, gaps: [{ ...window, reason: 'between-contracts' }], fresh: [] })
  if (ended.length > 0) await series.flush()
}

/** A stretch before a listing is known only once it was asked for twice. */
export async function beginning(ask: AskPage): Promise<Micros | undefined> {
  const [first, again] = [await firstTime(ask), await firstTime(ask)]
  return first === undefined || (again !== undefined && again < first) ? again : first
}

/** When the symbol of a series was listed, or its pair, by the first kline; `undefined` where none is named. */
export async function firstKline(
  exchange: ExchangeClient,
  key: SeriesKey,
  priority: number,
): Promise<Micros | undefined> {
  let first: Micros | undefined
  for (const klines of klinesAbout(key))
    try {
      const open = await beginning(exchange.pages(klines, 'string', priority))
      if (open !== undefined) first = first === undefined ? open : earliest(first, open)
    } catch (error) {
      if (!exchange.isInvalidSymbol(error)) throw error
    }
  return first
}

/** The klines that tell of a listing: of a pair those of each type of contract, unless one is named. */
function klinesAbout(key: SeriesKey): readonly SeriesKey[] {
  if (datasetOf(key).subject !== 'pair') return [klinesOf(key)]
  const { market, symbol } = key
  const dataset = 'continuousKlines'
  const all = findDataset(market, dataset)?.contracts ?? []
  const contracts = key.contract === undefined ? all : [key.contract]
  return contracts.map((contract) => ({ market, dataset, symbol, contract, interval: '1m' }))
}
