/** Reads the interval of a kline dataset; knows other tools' names for the same interval. */

import { INTERVALS, intervalStep, parseInterval, type Interval } from '../binance/interval.ts'
import { readDurationLoosely } from './moment.ts'
import { didYouMean, oneOf, quoted, type Reading } from '../base/suggest.ts'

/** Reads an interval by its own name, case-sensitive; `1mo` means `1M`. */
export function readInterval(text: string): Reading<Interval> {
  const value = parseInterval(text)
  if (value !== undefined) return { value }
  const suggestion = suggestInterval(text)
  const help =
    suggestion === undefined ? `; Binance has ${oneOf(INTERVALS)}` : didYouMean(suggestion)
  return { problem: `${quoted(text)} is not an interval${help}` }
}

function suggestInterval(text: string): Interval | undefined {
  const trimmed = text.slice(0, 20).trim()
  if (/^1 ?mon?(th)?s?$/i.test(trimmed)) return '1M'
  const folded = trimmed.toLowerCase()
  const sameButForCase = INTERVALS.find((interval) => interval === folded)
  if (sameButForCase !== undefined) return sameButForCase
  const length = readDurationLoosely(trimmed)
  return INTERVALS.find((interval) => interval !== '1M' && intervalStep(interval) === length)
}
