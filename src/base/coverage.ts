/**
 * Coverage: which spans of time are done. This algebra makes a backfill resumable: what is missing is what was wanted
 * minus the coverage, and each commit is a union with it.
 */

import { earliest, floorDiv, latest, micros, type Micros, type Window } from './time.ts'

/** Windows in order, disjoint and not touching; so two equal coverages are the same array. */
export type Coverage = readonly Window[]

/** Everything that `a` or `b` covers. Takes windows in any order, overlapping or touching. */
export function union(a: readonly Window[], b: readonly Window[] = []): Coverage {
  const merged: Window[] = []
  for (const next of [...a, ...b].sort(byFrom)) {
    const last = merged.at(-1)
    if (last === undefined || last.to < next.from) merged.push({ from: next.from, to: next.to })
    else if (last.to < next.to) merged[merged.length - 1] = { from: last.from, to: next.to }
  }
  return merged
}

/** What is left of `wanted` without `have`. */
export function subtract(wanted: Window, have: Coverage): Coverage {
  const missing: Window[] = []
  let { from } = wanted
  for (const done of have) {
    if (done.to <= from) continue
    if (wanted.to <= done.from) break
    if (from < done.from) missing.push({ from, to: done.from })
    from = done.to
  }
  if (from < wanted.to) missing.push({ from, to: wanted.to })
  return missing
}

/** {@link subtract} for several windows at once. */
export function subtractAll(wanted: Coverage, have: Coverage): Coverage {
  return wanted.flatMap((window) => subtract(window, have))
}

/**
 * Windows as they are requested: in whole milliseconds, no wider than necessary. Some sources have microsecond times
 * and others millisecond times. Where one continues after another within a millisecond, rows of that millisecond which
 * the first did not return could lie before the second's window. Rows that come again are merged by key.
 */
export function wholeMillis(windows: readonly Window[]): Coverage {
  return union(
    windows.map(({ from, to }) => ({
      from: micros(floorDiv(from, 1_000n) * 1_000n),
      to: micros(floorDiv(to + 999n, 1_000n) * 1_000n),
    })),
  )
}

/** What to request of `wanted` when `have` is there; see {@link wholeMillis}. */
export function leftToAsk(wanted: Coverage, have: Coverage): Coverage {
  return wholeMillis(subtractAll(wanted, have))
}

/** What both cover. */
export function intersect(a: Coverage, b: Coverage): Coverage {
  return a.flatMap((window) => clip(b, window))
}

/** The part of `coverage` that lies in `window`. */
export function clip(coverage: Coverage, window: Window): Coverage {
  const clipped: Window[] = []
  for (const { from, to } of coverage) {
    const part = { from: latest(from, window.from), to: earliest(to, window.to) }
    if (part.from < part.to) clipped.push(part)
  }
  return clipped
}

/** Does a moment lie in it? */
export function holds(coverage: Coverage, moment: Micros): boolean {
  return coverage.some(({ from, to }) => from <= moment && moment < to)
}

/** Is all of `window` covered? */
export function covers(coverage: Coverage, window: Window): boolean {
  return subtract(window, coverage).length === 0
}

function byFrom(a: Window, b: Window): number {
  return a.from < b.from ? -1 : a.from > b.from ? 1 : 0
}

/** The total length of these windows, in microseconds. */
export function lengthOf(windows: Coverage): number {
  return windows.reduce((sum, { from, to }) => sum + Number(to - from), 0)
}

/** The part of `wanted` that is not `missing`, 0 to 1; 1 where nothing is wanted. */
export function shareWithout(wanted: Coverage, missing: Coverage): number {
  const all = lengthOf(wanted)
  return all === 0 ? 1 : Math.max(0, 1 - lengthOf(missing) / all)
}
