/** What is written again: a partition is one file, and rows that come to it take all of it with them. */

import { clip, type Coverage } from '../base/coverage.ts'
import type { Window } from '../base/time.ts'

/**
 * Files in whose place new ones are written, since rows of their time came, and what they held before: it is written
 * once more, the price of one file a partition.
 */
export type Rewritten = {
  readonly partitions: number
  readonly rows: number
  readonly bytes: number
}

/** A partition of the lake. */
export type StoredPart = {
  readonly window: Window
  readonly rows: number
  readonly bytes: number
}

/** What is written again, at most, when `windows` are asked for. */
export function rewrittenBy(windows: Coverage, parts: readonly StoredPart[]): Rewritten {
  const touched = parts.filter(({ window }) => clip(windows, window).length > 0)
  return rewrittenInAll(touched.map(({ rows, bytes }) => ({ partitions: 1, rows, bytes })))
}

/** All of it together. */
export function rewrittenInAll(all: readonly Rewritten[]): Rewritten {
  const sum = (of: (one: Rewritten) => number): number =>
    all.reduce((total, one) => total + of(one), 0)
  return {
    partitions: sum(({ partitions }) => partitions),
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
  }
}
