/** Symbols that a plan would ask REST for and that the exchange does not know: found before anything is fetched. */

import { RejectedError, type BackfillError } from '../base/errors.ts'
import { klinesOf } from '../binance/market.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import { rewrittenInAll } from '../plan/rewritten.ts'
import { INVALID_SYMBOL, UNKNOWN_SYMBOL, type ExchangeClient } from '../walk/exchange.ts'
import { firstTime } from '../walk/rest.ts'

/** Gives series of unknown symbols their problem, and nothing to do. What the archive has is fetched all the same. */
export async function withoutUnknown(
  series: readonly SeriesPlan[],
  exchange: ExchangeClient,
): Promise<readonly SeriesPlan[]> {
  // One of each symbol: its klines, which every symbol has.
  const klines = new Map(
    series.filter(isForRest).map(({ key }) => [seriesName(klinesOf(key)), klinesOf(key)]),
  )
  if (klines.size > 1) await exchange.readAllSymbols()
  const refusals = new Map<string, BackfillError | undefined>()
  for (const [name, key] of klines) refusals.set(name, await refusalOf(key, exchange))
  return series.map((plan) => {
    const problem = isForRest(plan) ? refusals.get(seriesName(klinesOf(plan.key))) : undefined
    if (problem === undefined) return plan
    const nothing = {
      requests: 0,
      weight: 0,
      rows: 0,
      bytes: 0,
      tasks: [],
      recheck: [],
      rewritten: NOTHING,
    }
    return { ...plan, ...nothing, problem: plan.problem ?? problem }
  })
}

const NOTHING = rewrittenInAll([])

/** Is REST the only one to be asked? */
function isForRest({ tasks }: SeriesPlan): boolean {
  return tasks.length > 0 && tasks.every(({ source }) => source === 'rest')
}

/** How the exchange refuses a symbol. One that exchangeInfo does not name any more may still have a history. */
async function refusalOf(
  klines: SeriesKey,
  exchange: ExchangeClient,
): Promise<BackfillError | undefined> {
  if ((await exchange.statusOf(klines.symbol)) !== UNKNOWN_SYMBOL) return undefined
  try {
    await firstTime(exchange.pages(klines, 'string', 0))
    return undefined
  } catch (error) {
    if (error instanceof RejectedError && error.exchangeCode === INVALID_SYMBOL) return error
    throw error
  }
}
