/** A series as one word of a command line: `[MARKET/]DATASET/SYMBOL[/CONTRACT][/INTERVAL]`, as in `um/klines/BTCUSDT/1h`. */

import { UsageError } from '../base/errors.ts'
import type { Files } from '../base/ports.ts'
import { closest } from '../base/suggest.ts'
import { quoteText } from '../base/text.ts'
import { intervalPathName } from '../binance/interval.ts'
import { DEFAULT_MARKET, type SeriesKey } from '../binance/series.ts'
import { checkLake, listSeries } from '../store/lake.ts'

/** Series named in a hint at most. */
const NAMED_MAX = 8

/** The word for a series; account datasets have their label before them: `LABEL/myTrades/BTCUSDT`. */
export function seriesText(key: SeriesKey): string {
  const text = fullText(key)
  const prefix = `${DEFAULT_MARKET}/`
  return text.startsWith(prefix) ? text.slice(prefix.length) : text
}

function fullText(key: SeriesKey): string {
  const { market, account, dataset, symbol, contract, interval } = key
  return [market, account, dataset, symbol, contract, interval]
    .filter((part) => part !== undefined)
    .join('/')
}

/**
 * The series of the lake that `text` names.
 *
 * @throws UsageError, with the nearest name, when the lake has none of this name.
 */
export async function findSeries(files: Files, text: string): Promise<SeriesKey> {
  await checkLake(files)
  const all = await listSeries(files)
  const wanted = text.normalize('NFC')
  const found = all.find((key) => namesOf(key).includes(wanted))
  if (found !== undefined) return found
  const names = all.map(seriesText)
  const near = closest(wanted, names)
  const words = near === undefined ? '' : `; did you mean ${quoteText(near)}?`
  throw new UsageError(`the lake has no series ${quoteText(text)}${words}`, { hint: hintOf(names) })
}

function namesOf(key: SeriesKey): readonly string[] {
  const { interval } = key
  const names = [seriesText(key), fullText(key)]
  // As the directories have it.
  const path = interval === undefined ? undefined : intervalPathName(interval)
  if (path === interval) return names
  return [...names, ...names.map((name) => `${name.slice(0, -(interval ?? '').length)}${path}`)]
}

function hintOf(names: readonly string[]): string {
  if (names.length === 0) return 'It has none: name the right --data-dir, or run a job first.'
  const more = names.length > NAMED_MAX ? ', ...' : ''
  return quoteText(`It has ${names.slice(0, NAMED_MAX).join(', ')}${more}.`)
}
