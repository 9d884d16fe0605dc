/** Symbols that a plan would ask REST for and that the exchange does not know: found before anything is fetched. */

import { UnavailableError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import type { SeriesPlan } from '../plan/plan.ts'
import { UNKNOWN_SYMBOL, type Exchange } from '../walk/exchange.ts'

/** Gives series of unknown symbols their problem, and nothing to do. What the archive has is fetched all the same. */
export async function withoutUnknown(
  series: readonly SeriesPlan[],
  exchange: Exchange,
): Promise<readonly SeriesPlan[]> {
  const asked = new Set(series.filter(isForRest).map(({ key }) => key.symbol))
  if (asked.size > 1) await exchange.readAllSymbols()
  return Promise.all(
    series.map(async (plan) => {
      if (!isForRest(plan)) return plan
      const status = await exchange.statusOf(plan.key.symbol)
      return status === UNKNOWN_SYMBOL ? withProblem(plan) : plan
    }),
  )
}

/** Is REST the only one to be asked? */
function isForRest({ tasks }: SeriesPlan): boolean {
  return tasks.length > 0 && tasks.every(({ source }) => source === 'rest')
}

function withProblem(plan: SeriesPlan): SeriesPlan {
  const problem = new UnavailableError(
    `${quoteText(plan.key.symbol)}: the exchange does not know this symbol`,
    { hint: '`binance-backfill symbols` lists those that it knows.' },
  )
  const nothing = { requests: 0, weight: 0, rows: 0, bytes: 0, tasks: [], recheck: [] }
  return { ...plan, ...nothing, problem: plan.problem ?? problem }
}
