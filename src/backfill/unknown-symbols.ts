/** Symbols that neither the exchange nor its archive knows: found before anything is fetched or written. */

import { isFatal, RejectedError, UnknownSymbolError } from '../base/errors.ts'
import { closest, didYouMean, quoted } from '../base/suggest.ts'
import { klinesOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Options } from '../options.ts'
import { isBlocked, type Want } from '../plan/plan.ts'
import type { Manifests } from '../session/manifests.ts'
import { isPart } from '../session/shard.ts'
import { usesArchive, type ArchiveSession } from '../walk/archive/files.ts'
import { INVALID_SYMBOL, UNKNOWN_SYMBOL, type ExchangeClient } from '../walk/exchange.ts'
import { firstTime } from '../walk/rest.ts'

/** Who can know a symbol. */
export type SymbolWitnesses = {
  readonly exchange: ExchangeClient
  readonly session: ArchiveSession
  readonly manifests: Manifests
  readonly options: Options
}

/**
 * Gives wants of unknown symbols their problem, and nothing to fetch. Series that the lake knows are not looked at, nor
 * those that only the archive is asked for.
 *
 * @throws UnknownSymbolError when all that is wanted is of unknown symbols, and that is all of the jobs.
 */
export async function withoutUnknown(
  wants: readonly Want[],
  witnesses: SymbolWitnesses,
): Promise<readonly Want[]> {
  const unknown = await unknownIn(wants, witnesses)
  const checked = wants.map((want) => {
    const problem = unknown.get(want.key.symbol)
    return problem === undefined ? want : { ...want, wanted: [], problem }
  })
  const [first] = unknown.values()
  // Other machines may find symbols of theirs: this one must not call the whole job a slip.
  if (isPart(witnesses.options.shard)) return checked
  if (first !== undefined && checked.every(({ key }) => unknown.has(key.symbol))) throw first
  return checked
}

/** @throws the problem of the first want when none can be planned, and that is all of the jobs */
export function assertAnyPlannable(wants: readonly Want[], { shard }: Options): void {
  const [first] = wants
  if (first?.problem !== undefined && !isPart(shard) && wants.every(isBlocked)) throw first.problem
}

async function unknownIn(
  wants: readonly Want[],
  witnesses: SymbolWitnesses,
): Promise<ReadonlyMap<string, UnknownSymbolError>> {
  const { exchange, manifests } = witnesses
  const unknown = new Map<string, UnknownSymbolError>()
  const doubtful = new Map<string, Want[]>()
  for (const want of wants)
    if (await isDoubtful(want, manifests))
      doubtful.set(want.key.symbol, [...(doubtful.get(want.key.symbol) ?? []), want])
  try {
    if (doubtful.size > 1) await exchange.readAllSymbols()
    for (const [symbol, own] of doubtful)
      if (await isUnknown(own, witnesses)) {
        await exchange.readAllSymbols()
        unknown.set(symbol, unknownSymbol(symbol, exchange))
      }
  } catch (error) {
    // What cannot be looked up now will be told by the answers for rows.
    if (isFatal(error)) throw error
  }
  return unknown
}

async function isDoubtful(want: Want, manifests: Manifests): Promise<boolean> {
  if (isBlocked(want)) return isInvalidSymbol(want.problem)
  if (want.wanted.length === 0 || want.settings.source === 'archive') return false
  return (await manifests.get(want.key)) === undefined
}

/** One that exchangeInfo does not name any more may still have a history, there or in the archive. */
async function isUnknown(
  wants: readonly Want[],
  { exchange, session, options }: SymbolWitnesses,
): Promise<boolean> {
  const [first] = wants
  if (first === undefined) return false
  if ((await exchange.statusOf(first.key.symbol)) !== UNKNOWN_SYMBOL) return false
  for (const { key, settings } of wants)
    if (usesArchive(key, settings.source, options) && (await session.isListed(key))) return false
  return isRefused(klinesOf(first.key), exchange)
}

async function isRefused(klines: SeriesKey, exchange: ExchangeClient): Promise<boolean> {
  try {
    await firstTime(exchange.pages(klines, 'string', 0))
    return false
  } catch (error) {
    if (isInvalidSymbol(error)) return true
    throw error
  }
}

function isInvalidSymbol(error: unknown): boolean {
  return error instanceof RejectedError && error.exchangeCode === INVALID_SYMBOL
}

function unknownSymbol(symbol: string, { symbols }: ExchangeClient): UnknownSymbolError {
  const meant = closest(
    symbol,
    symbols.map((info) => info.symbol),
  )
  return new UnknownSymbolError(
    `the exchange has no symbol ${quoted(symbol)} (${INVALID_SYMBOL})${didYouMean(meant)}`,
    { hint: '`binance-backfill symbols` lists those that it has; mend the job.' },
  )
}
