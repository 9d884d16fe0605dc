/** Does exchangeInfo say that a series may have rows still to come? */

import { contractEnd } from '../binance/contract-end.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import type { ExchangeClient } from './exchange.ts'

/**
 * True while its symbol trades; of a dataset of dated contracts, while its pair has one. `undefined` when exchangeInfo
 * does not answer, which proves nothing.
 */
export async function mayHaveRows(
  key: SeriesKey,
  exchange: Pick<ExchangeClient, 'isTrading' | 'symbols'>,
): Promise<boolean | undefined> {
  const isTrading = await exchange.isTrading(key)
  if (datasetOf(key).isDated !== true || isTrading !== true) return isTrading
  return exchange.symbols.some(
    ({ symbol, contract }) =>
      contract?.pair === key.symbol && contractEnd(symbol, undefined) !== undefined,
  )
}
