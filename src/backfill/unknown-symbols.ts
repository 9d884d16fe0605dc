/** Symbols that neither the exchange nor its archive knows: found before anything is fetched or written. */

import { isFatal, UnknownSymbolError } from '../base/errors.ts'
import { closest, didYouMean, oneOf, quoted } from '../base/suggest.ts'
import { isOldServed } from '../binance/dataset.ts'
import { datasetOf, klinesOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { Options } from '../options.ts'
import { isBlocked, type Want } from '../plan/plan.ts'
import type { Manifests } from '../session/manifests.ts'
import { isPart } from '../session/shard.ts'
import { usesArchive, type ArchiveSession } from '../walk/archive/files.ts'
import { UNKNOWN_SYMBOL, type ExchangeClient } from '../walk/exchange.ts'
import type { Exchanges } from '../walk/exchanges.ts'
import { firstTime } from '../walk/rest.ts'

/** Who can know a symbol. */
export type SymbolWitnesses = {
  readonly exchange: Exchanges
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
    const problem = unknown.get(nameOf(want.key))
    return problem === undefined ? want : { ...want, wanted: [], problem }
  })
  const [first] = unknown.values()
  // Other machines may find symbols of theirs: this one must not call the whole job a slip.
  if (isPart(witnesses.options.shard)) return checked
  if (first !== undefined && checked.every(({ key }) => unknown.has(nameOf(key)))) throw first
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
  const { exchange } = witnesses
  const unknown = new Map<string, UnknownSymbolError>()
  const doubtful = new Map<string, Want[]>()
  for (const want of wants)
    if (await isDoubtful(want, witnesses)) {
      const name = nameOf(want.key)
      doubtful.set(name, [...(doubtful.get(name) ?? []), want])
    }
  try {
    for (const client of exchange.clients)
      if (isMany([...doubtful.values()], client)) await client.readAllSymbols()
    for (const [name, own] of doubtful) {
      const [first] = own
      if (first === undefined || !(await isUnknown(own, witnesses))) continue
      const client = exchange.of(first.key.market)
      await client.readAllSymbols()
      unknown.set(name, unknownSymbol(first.key, client))
    }
  } catch (error) {
    // What cannot be looked up now will be told by the answers for rows.
    if (isFatal(error)) throw error
  }
  return unknown
}

/** A symbol may be another contract in another market, and a pair may have one type of contract alone. */
function nameOf({ market, symbol, contract }: SeriesKey): string {
  return `${market} ${symbol} ${contract}`
}

function isMany(doubtful: readonly (readonly Want[])[], { market }: ExchangeClient): boolean {
  return doubtful.filter(([first]) => first?.key.market === market).length > 1
}

async function isDoubtful(want: Want, { manifests, exchange }: SymbolWitnesses): Promise<boolean> {
  if (isBlocked(want)) return exchange.of(want.key.market).isInvalidSymbol(want.problem)
  if (want.wanted.length === 0 || want.settings.source === 'archive') return false
  if (datasetOf(want.key).subject === 'incomeType') return false
  return (await manifests.get(want.key)) === undefined
}

/** One that exchangeInfo does not name any more may still have a history, there or in the archive. */
async function isUnknown(
  wants: readonly Want[],
  { exchange, session, options }: SymbolWitnesses,
): Promise<boolean> {
  const [first] = wants
  if (first === undefined) return false
  const client = exchange.of(first.key.market)
  if ((await client.statusOf(first.key)) !== UNKNOWN_SYMBOL) return false
  for (const { key, settings } of wants)
    if (usesArchive(key, settings.source, options) && (await session.isListed(key))) return false
  return isRefused(isOldServed(datasetOf(first.key)) ? first.key : klinesOf(first.key), client)
}

async function isRefused(klines: SeriesKey, exchange: ExchangeClient): Promise<boolean> {
  try {
    await firstTime(exchange.pages(klines, 'string', 0))
    return false
  } catch (error) {
    if (exchange.isInvalidSymbol(error)) return true
    throw error
  }
}

function unknownSymbol(
  { symbol, contract }: SeriesKey,
  client: ExchangeClient,
): UnknownSymbolError {
  const { symbols } = client
  const types = symbols.flatMap((one) => (one.contract?.pair === symbol ? [one.contract.type] : []))
  if (contract !== undefined && types.length > 0)
    return new UnknownSymbolError(
      `the exchange lists no ${contract} of ${quoted(symbol)}; it lists ${oneOf([...new Set(types)])}`,
      { hint: 'Mend the contracts of the job.' },
    )
  const meant = closest(
    symbol,
    symbols.map((info) => info.symbol),
  )
  return new UnknownSymbolError(
    `the exchange has no symbol ${quoted(symbol)} (-1121)${didYouMean(meant)}`,
    { hint: '`binance-backfill symbols` lists those that it has; mend the job.' },
  )
}
