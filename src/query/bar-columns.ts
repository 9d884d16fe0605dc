/** The columns that bars of a dataset have. */

import type { Schema } from 'apache-arrow'
import { UsageError } from '../base/errors.ts'
import type { Dataset, Numbers } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { barColumns, barSchema, type BarColumn } from '../resample/columns.ts'
import { parseMeasure } from '../resample/measure.ts'

/**
 * The columns of bars of a dataset.
 *
 * @throws UsageError when the dataset has no such bars.
 */
export function columnsOfBars(
  key: Pick<SeriesKey, 'market' | 'dataset'>,
  text: string,
): readonly BarColumn[] {
  const hasIds = hasTradeIds(key, text)
  return barColumns(klineFacts(key), hasIds)
}

/** Their schema. */
export function schemaOfBars(key: SeriesKey, numbers: Numbers, text: string): Schema {
  return barSchema(klineFacts(key), numbers, hasTradeIds(key, text))
}

function hasTradeIds(key: Pick<SeriesKey, 'market' | 'dataset'>, text: string): boolean {
  const { kind, rules } = datasetOf(key)
  const isKlines = rules === 'kline'
  if (!isKlines && !isOfTrades(key))
    throw new UsageError(`only klines, aggTrades and trades are resampled, not ${kind}`)
  if (!isKlines && !isPaidInQuote(key))
    throw new UsageError(
      `${kind} of ${key.market} are counted in contracts, and cannot be resampled`,
      {
        hint: 'Resample klines of that market instead.',
      },
    )
  const measure = parseMeasure(text)
  if (measure.kind === 'interval') return false
  if (isKlines)
    throw new UsageError(`${measure.kind} bars are made of trades, not of ${kind}`, {
      hint: 'Name the series of aggTrades or trades.',
    })
  return true
}

/** Do klines of the market have what was paid? Contracts of COIN-M have their value in the base asset. */
function isPaidInQuote({ market }: Pick<SeriesKey, 'market'>): boolean {
  return datasetOf({ market, dataset: 'klines' }).columns.some(
    ({ name }) => name === 'quote_volume',
  )
}

function isOfTrades({ dataset }: Pick<SeriesKey, 'dataset'>): boolean {
  return dataset === 'aggTrades' || dataset === 'trades'
}

/** What bars are like: klines have the facts of their own, trades those of the market's. */
export function klineFacts({ market, dataset }: Pick<SeriesKey, 'market' | 'dataset'>): Dataset {
  const own = datasetOf({ market, dataset })
  return own.rules === 'kline' ? own : datasetOf({ market, dataset: 'klines' })
}
