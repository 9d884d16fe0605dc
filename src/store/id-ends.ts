/** What the manifest shows of the rows on either side of a moment: what a walk goes on from, and has to meet. */

import { clip } from '../base/coverage.ts'
import { micros, periodWindow, type Micros, type Window } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import type { Manifest, PartitionEntry } from './manifest.ts'

/** The stretch of coverage that ends at a moment, and the last partition in it that has rows. */
export type IdEnd = {
  readonly stretch: Window
  readonly period: Window
  readonly entry: PartitionEntry
}

/**
 * Where the coverage before `from` ends with rows, as far as the manifest shows it: nothing that is known lies after
 * `from` in the file of the last of them. An end that nothing confirmed is no such thing: the next answer goes on there.
 */
export function endBefore(
  { coverage, gaps, partitions }: Manifest,
  from: Micros,
): IdEnd | undefined {
  const stretch = coverage.find((window) => window.from < from && from <= window.to)
  const name = [...partitions.keys()]
    .filter((one) => periodWindow(one).from < from)
    .sort()
    .at(-1)
  const entry = partitions.get(name ?? '')
  if (stretch === undefined || name === undefined || entry === undefined) return undefined
  const period = periodWindow(name)
  if (period.to <= stretch.from) return undefined
  if (period.to <= from) return { stretch, period, entry }
  // Windows are asked for in whole milliseconds: coverage may end a little after `from`.
  const rest = { from: micros(from + 1_000n), to: period.to }
  // Rows after a stretch that was not answered may be stored before that stretch is.
  const known = [...coverage, ...gaps.filter(({ reason }) => reason !== 'unconfirmed')]
  const isLast = stretch.to < rest.from && clip(known, rest).length === 0
  return isLast ? { stretch, period, entry } : undefined
}

/** The id after the last row before `from`, where the manifest alone shows it; see {@link endBefore}. */
export function nextIdAt(manifest: Manifest, from: Micros): bigint | undefined {
  const end = endBefore(manifest, from)
  // Else the last row of the file may lie before the stretch that ends here.
  if (end === undefined || end.stretch.from > end.period.from) return undefined
  return BigInt(end.entry.lastKey) + 1n
}

/** Do the files of the stretch up to an end have all ids from the first to the last, as far as the manifest shows it? */
export function isEndContiguous({ partitions }: Manifest, { stretch, period }: IdEnd): boolean {
  const entries = [...partitions].flatMap(([name, entry]) => {
    const { from, to } = periodWindow(name)
    return stretch.from < to && from <= period.from ? [entry] : []
  })
  return leftOutOf(entries) === 0n
}

/** How many ids between the first and the last of some files none of them has. */
export function leftOutOf(entries: readonly PartitionEntry[]): bigint {
  const [first] = entries
  if (first === undefined) return 0n
  let [low, high, rows] = [BigInt(first.firstKey), BigInt(first.lastKey), 0n]
  for (const { firstKey, lastKey, rows: count } of entries) {
    if (BigInt(firstKey) < low) low = BigInt(firstKey)
    if (BigInt(lastKey) > high) high = BigInt(lastKey)
    rows += BigInt(count)
  }
  return high - low + 1n - rows
}

/** The first stored id of the periods that begin at or after `from`; `undefined` when nothing is stored of any. */
export function firstIdAfter({ partitions }: Manifest, from: Micros): bigint | undefined {
  const periods = [...partitions.keys()].filter((period) => periodWindow(period).from >= from)
  const entry = partitions.get(periods.sort()[0] ?? '')
  return entry === undefined ? undefined : BigInt(entry.firstKey)
}

/** Are there rows of before `from`, as far as keys and periods tell? */
export function hasRowsBefore({ key, partitions }: Manifest, from: Micros): boolean {
  const dataset = datasetOf(key)
  return [...partitions].some(([period, { firstKey }]) =>
    dataset.key === dataset.time ? BigInt(firstKey) < from : periodWindow(period).to <= from,
  )
}
