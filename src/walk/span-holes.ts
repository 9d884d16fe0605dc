/** Where rows may be missing that come in spans of hours, without a grid: spans that are longer than their neighbours. */

import { micros, type Window } from '../base/time.ts'

const HOUR = 3_600_000_000n
/** The longest interval of funding; where no rows show theirs. */
const LONGEST = 8n * HOUR
/** How far a span may exceed those beside it. */
const SLACK = HOUR
/** How many spans on each side are looked at: one may be short, since a special settlement lies in it. */
const NEIGHBOURS = 3
/** Times are requested in whole milliseconds. */
const MILLISECOND = 1_000n

/**
 * The stretches of `window` in which a row may be missing, in order.
 *
 * @param times - Of the rows inside `window`, increasing.
 */
export function spanHoles(window: Window, times: BigInt64Array): Window[] {
  const spans = Array.from(times.subarray(1), (time, row) => time - (times[row] ?? time))
  const usual = spans.length === 0 ? LONGEST : longest(spans)
  const [first, last] = [times[0], times[times.length - 1]]
  if (first === undefined || last === undefined)
    return window.to - window.from > LONGEST + SLACK ? [window] : []
  const holes: Window[] = []
  if (first - window.from > usual + SLACK) holes.push({ from: window.from, to: micros(first) })
  spans.forEach((span, row) => {
    const near = [
      ...spans.slice(Math.max(0, row - NEIGHBOURS), row),
      ...spans.slice(row + 1, row + 1 + NEIGHBOURS),
    ]
    const allowed = near.length === 0 ? LONGEST : longest(near)
    if (span > allowed + SLACK) holes.push(between(times[row] ?? 0n, times[row + 1] ?? 0n))
  })
  if (window.to - last > usual + SLACK) holes.push({ from: after(last), to: window.to })
  return holes
}

function between(a: bigint, b: bigint): Window {
  return { from: after(a), to: micros(b) }
}

function after(time: bigint): Window['from'] {
  return micros((time / MILLISECOND + 1n) * MILLISECOND)
}

function longest(spans: readonly bigint[]): bigint {
  const most = spans.reduce((a, b) => (a > b ? a : b), 0n)
  return most > LONGEST ? LONGEST : most
}
