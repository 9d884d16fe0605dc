/** The grid of open times in plain numbers, for loops over millions of rows. */

import { micros } from '../base/time.ts'
import { gridFloor, intervalStep, type Interval } from '../binance/interval.ts'

// 1970-01-05 was the first Monday of the epoch; weeks open on Mondays.
const MONDAY = 4 * 86_400e6
const SHORTEST_MONTH = 28 * 86_400e6

/** How far times lie after the start of their slot. */
export class GridOffset {
  readonly #interval: Interval
  /** Length of a slot in microseconds; of months, the shortest. */
  readonly step: number
  readonly #phase: number

  /** @param interval - Its grid must be known. */
  constructor(interval: Interval) {
    this.#interval = interval
    this.step = interval === '1M' ? SHORTEST_MONTH : Number(intervalStep(interval))
    this.#phase = interval === '1w' ? MONDAY : 0
  }

  /** Microseconds since the slot's start. @param time - A whole number of microseconds, from 1970 to 2255. */
  of(time: number): number {
    if (this.#interval === '1M')
      return time - Number(gridFloor(this.#interval, micros(BigInt(time))))
    const rest = (time - this.#phase) % this.step
    return rest < 0 ? rest + this.step : rest
  }
}
