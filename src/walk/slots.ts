/** Which slots of the grid have no kline. A slot is filled by any kline that opens in it, on the grid or off. */

import { micros, type Micros, type Window } from '../base/time.ts'
import {
  gridCeil,
  gridFloor,
  gridNext,
  hasKnownGrid,
  intervalStep,
  type Interval,
} from '../binance/interval.ts'

/**
 * The stretches of `window` whose slots have no kline, in order.
 *
 * @param opens - Open times inside `window`, increasing.
 */
export function missingSlots(interval: Interval, window: Window, opens: BigInt64Array): Window[] {
  return hasKnownGrid(interval)
    ? missingOnGrid(interval, window, opens)
    : missingBetween(intervalStep(interval), window, opens)
}

function missingOnGrid(interval: Interval, window: Window, opens: BigInt64Array): Window[] {
  const missing: Window[] = []
  let expected = gridCeil(interval, window.from)
  const expect = (until: Micros): void => {
    if (expected < until) missing.push({ from: expected, to: until })
  }
  for (const open of opens) {
    const slot = gridFloor(interval, micros(open))
    expect(slot)
    expected = gridNext(interval, slot)
  }
  expect(window.to)
  return missing
}

/** Without a known grid, only a distance of more than an interval shows that something is missing. */
function missingBetween(step: bigint, window: Window, opens: BigInt64Array): Window[] {
  const missing: Window[] = []
  let expected: Micros = window.from
  let isFirst = true
  for (const value of opens) {
    const open = micros(value)
    if (isFirst ? open - expected >= step : open > expected)
      missing.push({ from: expected, to: open })
    expected = micros(open + step)
    isFirst = false
  }
  if (isFirst || expected < window.to) {
    const from = expected < window.to ? expected : window.from
    missing.push({ from, to: window.to })
  }
  return missing
}
