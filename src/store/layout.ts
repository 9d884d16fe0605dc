/**
 * Where things lie in the lake: series and partitions as Hive-style paths, and back.
 *
 * @see Apache Hive, common/FileUtils.java, `charToEscape`: the characters that a partition value may not hold as they are.
 */

import { DATASET_KINDS } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { CONTRACT_TYPES } from '../binance/contract.ts'
import { MARKET_NAMES, type SeriesKey } from '../binance/series.ts'
import { intervalPathName, parseInterval } from '../binance/interval.ts'
import { periodWindow } from '../base/time.ts'

/** The name of a series' manifest in its directory. */
export const MANIFEST_NAME = '_series.json'
/** The name of a partition's file in its directory. */
export const DATA_NAME = 'data.parquet'

const ESCAPED = /[\u0000-\u001f\u007f"#%'*/:=?\\{[\]^]/g

/**
 * The directory of a series: `spot/klines/interval=1m/symbol=BTCUSDT`. Symbols and labels are NFC and escaped as Hive
 * does it, so that distinct series never share a directory.
 *
 * @throws RangeError for a key that no path can be made of: an empty symbol or label, half a surrogate pair, an
 * interval, contract or account where the dataset has none, or the other way round.
 */
export function seriesPath(key: SeriesKey): string {
  const { market, dataset, symbol, contract, interval, account } = key
  const { hasInterval, contracts, security } = datasetOf(key)
  if (hasInterval !== (interval !== undefined))
    throw new RangeError(`${dataset} ${hasInterval ? 'need' : 'have no'} interval`)
  if ((contracts !== undefined) !== (contract !== undefined))
    throw new RangeError(`${dataset} ${contract === undefined ? 'need' : 'have no'} contract`)
  if ((security === 'signed') !== (account !== undefined))
    throw new RangeError(`${dataset} ${account === undefined ? 'need' : 'have no'} account`)
  const parts: string[] = [market]
  if (account !== undefined) parts.push(`account=${escapeValue(account)}`)
  parts.push(dataset)
  if (interval !== undefined) parts.push(`interval=${intervalPathName(interval)}`)
  parts.push(`symbol=${escapeValue(symbol)}`)
  if (contract !== undefined) parts.push(`contract=${escapeValue(contract)}`)
  return parts.join('/')
}

/** Reads what {@link seriesPath} wrote; `undefined` for any other path. */
export function parseSeriesPath(path: string): SeriesKey | undefined {
  const [first, ...rest] = path.split('/')
  const market = MARKET_NAMES.find((known) => known === first)
  if (market === undefined) return undefined
  const account = takeValue(rest, 'account')
  const name = rest.shift()
  const dataset = DATASET_KINDS.find((kind) => kind === name)
  const interval = parseInterval(takeValue(rest, 'interval') ?? '')
  const symbol = takeValue(rest, 'symbol')
  const type = takeValue(rest, 'contract')
  const contract = CONTRACT_TYPES.find((known) => known === type)
  if (dataset === undefined || symbol === undefined) return undefined
  const key: SeriesKey = {
    market,
    dataset,
    symbol,
    ...(contract !== undefined && { contract }),
    ...(interval !== undefined && { interval }),
    ...(account !== undefined && { account }),
  }
  return isPathOf(key, path) ? key : undefined
}

// Whatever would be written in another way is not ours: other escapes, `1M`, a tail, an account of public data.
function isPathOf(key: SeriesKey, path: string): boolean {
  try {
    return seriesPath(key) === path
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function takeValue(parts: string[], name: string): string | undefined {
  const [first] = parts
  if (first?.startsWith(`${name}=`) !== true) return undefined
  parts.shift()
  return unescapeValue(first.slice(name.length + 1))
}

/**
 * The file of a partition: `.../symbol=BTCUSDT/period=2024-03/data.parquet`.
 *
 * @param period - a day, month or year, as `periodOf` names it.
 * @throws RangeError for another period, and as {@link seriesPath} does.
 */
export function partitionPath(key: SeriesKey, period: string): string {
  return `${partitionDirectory(key, period)}/${DATA_NAME}`
}

/** The directory of a partition. @throws RangeError as {@link partitionPath} does */
export function partitionDirectory(key: SeriesKey, period: string): string {
  periodWindow(period)
  return `${seriesPath(key)}/period=${period}`
}

/** The period of a directory named `period=...` in a series; `undefined` for any other name. */
export function parsePeriodName(name: string): string | undefined {
  const period = /^period=(.+)$/.exec(name)?.[1]
  try {
    if (period !== undefined) periodWindow(period)
    return period
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** The manifest of a series. */
export function manifestPath(key: SeriesKey): string {
  return `${seriesPath(key)}/${MANIFEST_NAME}`
}

/**
 * A partition value as Hive writes it in a directory name, in NFC.
 *
 * @throws RangeError for an empty value, which Hive reads as null, and for half a surrogate pair, which no file name can hold.
 */
export function escapeValue(value: string): string {
  if (value === '') throw new RangeError('an empty partition value')
  if (/\p{Cs}/u.test(value)) throw new RangeError('half a surrogate pair in a partition value')
  return value.normalize('NFC').replace(ESCAPED, percent)
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** Reads what {@link escapeValue} wrote. */
export function unescapeValue(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
