/** Where the longer klines open that shorter ones are put together to. */

import { UsageError } from '../base/errors.ts'
import { oneOf, quoted } from '../base/suggest.ts'
import { floorDiv, fromMillis, micros, toMillis, type Micros } from '../base/time.ts'
import { gridFloor, INTERVALS, intervalStep, UNIT, type Interval } from '../binance/interval.ts'

/** The slots of a longer interval. */
export type Grid = {
  /** The last slot's beginning at or before `time`. */
  floor(time: Micros): Micros
  /** The end of the slot that begins at `floor`. */
  next(floor: Micros): Micros
}

/** An interval as text: Binance's own, or any whole number of seconds, minutes, hours, days, weeks or months. */
type Length = { readonly count: number; readonly unit: string }

const DAY = 86_400_000_000n

/** The text without the `1mo` of paths. */
export function intervalText(text: string): string {
  return text.replace(/mo$/, 'M')
}

/**
 * The grid of `text`: from 1970 on, weeks from Mondays, months from January.
 *
 * @param source - The interval of the shorter klines, which must fill each longer one without a rest.
 * @param threeDays - Where some 3d kline of the exchange opens; its grid is not documented.
 * @throws UsageError for a text that is no interval, and for one that cannot be made of `source`.
 */
export function resampleGrid(text: string, source: Interval, threeDays: Micros | undefined): Grid {
  const length = lengthOf(intervalText(text))
  if (length === undefined)
    throw new UsageError(`${quoted(text)} is not an interval to resample to`, {
      hint: `Name one of Binance's (${oneOf(INTERVALS)}), or a number of s, m, h, d, w or M, such as 7m or 90m.`,
    })
  if (source === '3d') throw new UsageError('nothing is resampled from 3d klines')
  return length.unit === 'M'
    ? monthGrid(length.count, source)
    : fixedGrid(text, { length, source, threeDays })
}

function lengthOf(text: string): Length | undefined {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([smhdwM])$/.exec(text) ?? []
  return count === '' ? undefined : { count: Number(count), unit }
}

function monthGrid(count: number, source: Interval): Grid {
  if (source !== '1M' && DAY % intervalStep(source) !== 0n) throw unfit(`${count}M`, source)
  const start = (index: number): Micros => fromMillis(Date.UTC(1970, index, 1))
  const indexOf = (time: Micros): number => {
    const date = new Date(toMillis(time))
    return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
  }
  return {
    floor: (time) => start(Math.floor(indexOf(time) / count) * count),
    next: (floor) => start(indexOf(floor) + count),
  }
}

function fixedGrid(
  text: string,
  asked: {
    readonly length: Length
    readonly source: Interval
    readonly threeDays: Micros | undefined
  },
): Grid {
  const { length, source } = asked
  const step = BigInt(length.count) * (UNIT[length.unit] ?? 0n)
  const phase = phaseOf(asked)
  const isFilled =
    source !== '1M' && step % intervalStep(source) === 0n && gridFloor(source, phase) === phase
  if (!isFilled) throw unfit(text, source)
  return {
    floor: (time) => micros(floorDiv(time - phase, step) * step + phase),
    next: (floor) => micros(floor + step),
  }
}

function phaseOf({
  length: { count, unit },
  threeDays,
}: {
  readonly length: Length
  readonly threeDays: Micros | undefined
}): Micros {
  if (unit === 'w') return gridFloor('1w', fromMillis(7 * 86_400_000))
  if (unit !== 'd' || count !== 3) return micros(0n)
  if (threeDays !== undefined) return threeDays
  throw new UsageError(
    'where 3d klines open is not documented, and the lake holds none to see it',
    {
      hint: 'Fetch some 3d klines of any symbol first, or resample to 72h, which counts from 1970.',
    },
  )
}

function unfit(text: string, source: Interval): UsageError {
  return new UsageError(`klines of ${text} cannot be made of those of ${source}`, {
    hint: 'The longer interval must be a whole number of the shorter one, on the same grid.',
  })
}
