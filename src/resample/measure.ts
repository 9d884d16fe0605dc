/** What rows are put together to: slots of time, or bars of a size. */

import { UsageError } from '../base/errors.ts'
import { oneOf, quoted } from '../base/suggest.ts'
import { INTERVALS } from '../binance/interval.ts'
import { exactOf, type Exact } from './exact.ts'

/** How much a bar takes until it is full: trades, base asset, or quote asset. */
export type Size = { readonly kind: 'tick' | 'volume' | 'dollar'; readonly least: Exact }

/** An interval as text: Binance's own, or any whole number of seconds, minutes, hours, days, weeks or months. */
export type Length = { readonly kind: 'interval'; readonly count: number; readonly unit: string }

/** What `--resample` says. */
export type Measure = Length | Size

const KINDS = { tick: 'tick', vol: 'volume', volume: 'volume', dollar: 'dollar' } as const

/**
 * Reads `7m`, `1000tick`, `100volume` or `1e6dollar`.
 *
 * @throws UsageError for anything else.
 */
export function parseMeasure(text: string): Measure {
  const measure = lengthOf(intervalText(text)) ?? sizeOf(text)
  if (measure !== undefined) return measure
  throw new UsageError(`${quoted(text)} is not an interval to resample to`, {
    hint: `Name one of Binance's (${oneOf(INTERVALS)}), or a number of s, m, h, d, w or M, such as 7m or 90m; or of tick, volume or dollar, such as 1000tick, for bars of trades.`,
  })
}

/** The text without the `1mo` of paths. */
export function intervalText(text: string): string {
  return text.replace(/mo$/, 'M')
}

function lengthOf(text: string): Length | undefined {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([smhdwM])$/.exec(text) ?? []
  return count === '' ? undefined : { kind: 'interval', count: Number(count), unit }
}

function sizeOf(text: string): Size | undefined {
  const [, number = '', word = ''] =
    /^(\d{1,15}(?:\.\d{1,8})?(?:e\+?\d{1,2})?)(tick|vol|volume|dollar)s?$/i.exec(text) ?? []
  if (number === '') return undefined
  const kind = KINDS[word.toLowerCase() as keyof typeof KINDS]
  const least = exactOf(number)
  const isWhole = least.units % 10n ** BigInt(least.scale) === 0n
  return least.units === 0n || (kind === 'tick' && !isWhole) ? undefined : { kind, least }
}
