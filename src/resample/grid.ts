/** Where the longer klines open that shorter ones are put together to. */

import { UsageError } from '../base/errors.ts'
import { floorDiv, fromMillis, micros, toMillis, type Micros } from '../base/time.ts'
import { gridFloor, intervalStep, UNIT, type Interval } from '../binance/interval.ts'
import type { Length } from './measure.ts'

/** The slots of a longer interval. */
export type Grid = {
  /** The last slot's beginning at or before `time`. */
  floor(time: Micros): Micros
  /** The end of the slot that begins at `floor`. */
  next(floor: Micros): Micros
}

const DAY = 86_400_000_000n

/** The first beginning of a slot at or after `time`. */
export function slotCeil(time: Micros, grid: Grid): Micros {
  const floor = grid.floor(time)
  return floor === time ? time : grid.next(floor)
}

/**
 * The grid of an interval: from 1970 on, weeks from Mondays, months from January.
 *
 * @param source - The interval of the shorter klines, which must fill each longer one without a rest; none for trades.
 * @param threeDays - Where some 3d kline of the symbol opens; their grid is not documented.
 * @throws UsageError for one that cannot be made of `source`.
 */
export function resampleGrid(
  length: Length,
  source: Interval | undefined,
  threeDays: Micros | undefined,
): Grid {
  if (source === '3d') throw new UsageError('nothing is resampled from 3d klines')
  return length.unit === 'M' ? monthGrid(length, source) : fixedGrid({ length, source, threeDays })
}

function monthGrid(length: Length, source: Interval | undefined): Grid {
  const { count } = length
  const isFilled = source === undefined || source === '1M' || DAY % intervalStep(source) === 0n
  if (!isFilled) throw unfit(length, source)
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

type Asked = {
  readonly length: Length
  readonly source: Interval | undefined
  readonly threeDays: Micros | undefined
}

function fixedGrid(asked: Asked): Grid {
  const { length, source } = asked
  const step = BigInt(length.count) * (UNIT[length.unit] ?? 0n)
  const phase = phaseOf(asked)
  if (source !== undefined && !isFilledBy(source, step, phase)) throw unfit(length, source)
  return {
    floor: (time) => micros(floorDiv(time - phase, step) * step + phase),
    next: (floor) => micros(floor + step),
  }
}

function isFilledBy(source: Interval, step: bigint, phase: Micros): boolean {
  return source !== '1M' && step % intervalStep(source) === 0n && gridFloor(source, phase) === phase
}

function phaseOf({ length: { count, unit }, threeDays }: Asked): Micros {
  if (unit === 'w') return gridFloor('1w', fromMillis(7 * 86_400_000))
  if (unit !== 'd' || count !== 3) return micros(0n)
  if (threeDays !== undefined) return threeDays
  throw new UsageError(
    'where 3d klines open is not documented, and the lake holds none of this symbol to see it',
    {
      hint: 'Fetch some 3d klines of it first, or resample to 72h, which counts from 1970.',
    },
  )
}

function unfit({ count, unit }: Length, source: Interval): UsageError {
  return new UsageError(`klines of ${count}${unit} cannot be made of those of ${source}`, {
    hint: 'The longer interval must be a whole number of the shorter one, on the same grid.',
  })
}
