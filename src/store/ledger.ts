/**
 * The algebra of a manifest: pure functions from one to the next. Coverage grows by windows that were asked and
 * answered in full; whatever was known of such a window before, the new answer replaces.
 */

import { clip, holds, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import { isKnown, jointReason, type Gap } from '../base/gap.ts'
import {
  micros,
  parseMicros,
  periodOf,
  periodWindow,
  type Micros,
  type Partition,
  type Window,
} from '../base/time.ts'
import { type Numbers } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { renewedTime } from './archives.ts'
import { clipGaps, type FooterFacts } from './footer.ts'
import type { ArchiveEntry, Manifest, PartitionEntry } from './manifest.ts'

/** A window that was asked and answered in full. */
export type Answered = {
  readonly window: Window
  /** What was found absent in it; parts that are not {@link isKnown} stay missing. */
  readonly gaps: readonly Gap[]
  /** The part of it to be asked once more by the next run. */
  readonly fresh: Coverage
}

/** The manifest of a series that nothing is known of. */
export function emptyManifest(key: SeriesKey, numbers: Numbers, partition: Partition): Manifest {
  return {
    key,
    numbers,
    partition,
    coverage: [],
    gaps: [],
    fresh: [],
    partitions: new Map(),
    archives: new Map(),
    revisions: [],
    doubts: [],
  }
}

/**
 * Takes an answer in. A stretch that was not answered stays as it was known before; where nothing was, it is missing,
 * and the manifest says why.
 */
export function cover(manifest: Manifest, { window, gaps, fresh }: Answered): Manifest {
  const unanswered = gaps.filter((gap) => !isKnown(gap))
  const answered = answeredPart({ window, gaps })
  const unknown = cutGaps(unanswered, manifest.coverage)
  const kept = cutGaps(manifest.gaps, union(answered, unknown))
  const coverage = union(manifest.coverage, answered)
  // What is not served any more cannot change: what is stored of it is final, though it was young then.
  const gone = union(gaps.filter(({ reason }) => reason === 'unavailable-from-rest'))
  return {
    ...manifest,
    coverage,
    gaps: joinGaps([...kept, ...gaps.filter(isKnown), ...unknown]),
    fresh: intersect(union(subtractAll(manifest.fresh, union(answered, gone)), fresh), coverage),
    doubts: manifest.doubts.filter(({ time }) => !holds(gone, parseMicros(time))),
  }
}

/** The part of a window that was answered in full. */
export function answeredPart({ window, gaps }: Pick<Answered, 'window' | 'gaps'>): Coverage {
  return subtractAll([window], union(gaps.filter((gap) => !isKnown(gap))))
}

/** Stretches whose empty answers nothing has confirmed yet. */
export function unconfirmedIn({ gaps }: Pick<Manifest, 'gaps'>): Coverage {
  return union(gaps.filter(({ reason }) => reason === 'unconfirmed'))
}

/** What is left of `gaps` once `windows` are taken away. */
export function cutGaps(gaps: readonly Gap[], windows: Coverage): Gap[] {
  return gaps.flatMap((gap) =>
    subtractAll([gap], windows).map((part) => ({ ...part, reason: gap.reason })),
  )
}

/**
 * Gaps in order, touching ones of a kind joined. Where an outage touches the time before the listing, or after the
 * delisting, it was a part of it.
 */
export function joinGaps(gaps: readonly Gap[]): Gap[] {
  const joined: Gap[] = []
  for (const gap of [...gaps].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
    joined.push(gap)
    // What became of two may go on to join the one before.
    while (joinLast(joined));
  }
  return joined
}

/** Joins the last two gaps if they are one. */
function joinLast(gaps: Gap[]): boolean {
  const [before, last] = gaps.slice(-2)
  if (before === undefined || last === undefined || before.to < last.from) return false
  const reason = jointReason(before.reason, last.reason)
  if (reason === undefined) return false
  gaps.splice(-2, 2, { from: before.from, to: before.to > last.to ? before.to : last.to, reason })
  return true
}

/** Rows came after a stretch that was taken for the time after the delisting: then it was an outage. */
export function relist(gaps: readonly Gap[], rowsUntil: Micros): Gap[] {
  return joinGaps(
    gaps.map((gap) =>
      gap.reason === 'after-delisting' && gap.to <= rowsUntil ? { ...gap, reason: 'outage' } : gap,
    ),
  )
}

/** The manifest with one partition's facts in it. */
export function record(
  manifest: Manifest,
  facts: FooterFacts,
  file: { readonly rows: number; readonly bytes: number; readonly sha256: string },
): Manifest {
  const { period, firstKey, lastKey, sources, proof } = facts
  const entry: PartitionEntry = { ...file, firstKey, lastKey, sources, proof }
  const others = manifest.revisions.filter((revision) => revision.period !== period)
  const outside = cutGaps(manifest.gaps, facts.coverage)
  return {
    ...manifest,
    coverage: union(manifest.coverage, facts.coverage),
    gaps: relist(joinGaps([...outside, ...facts.gaps]), rowsUntil(manifest.key, facts)),
    partitions: new Map([...manifest.partitions, [period, entry]]),
    archives: new Map([...manifest.archives, ...Object.entries(facts.archives)]),
    revisions: [...others, ...facts.revisions].sort(byPeriod),
  }
}

/** The manifest without one partition, and without what its footer said: its time is asked for again. */
export function forget(manifest: Manifest, period: string): Manifest {
  return without(manifest, period, [attachedWindow(sortedPeriods(manifest), period)])
}

/**
 * The manifest without the rows of one partition: their time is asked for again. What is known to have no rows stays
 * known: that is not in the file.
 */
export function forgetRows(manifest: Manifest, period: string): Manifest {
  const known = union(manifest.gaps.filter(isKnown))
  return without(manifest, period, subtractAll([periodWindow(period)], known))
}

/** The manifest without one partition, nor what is known of `windows`; an archive file goes with the last of its rows. */
export function without(manifest: Manifest, period: string, windows: Coverage): Manifest {
  const partitions = new Map([...manifest.partitions].filter(([name]) => name !== period))
  const isUsed = (entry: ArchiveEntry): boolean =>
    !overlap(entry.period, period) ||
    [...partitions.keys()].some((name) => overlap(entry.period, name))
  return {
    ...manifest,
    coverage: subtractAll(manifest.coverage, windows),
    gaps: cutGaps(manifest.gaps, windows),
    fresh: subtractAll(manifest.fresh, windows),
    partitions,
    archives: new Map([...manifest.archives].filter(([, entry]) => isUsed(entry))),
    revisions: manifest.revisions.filter((revision) => revision.period !== period),
    doubts: manifest.doubts.filter((doubt) => doubt.period !== period),
  }
}

/** Have two periods time in common? An archive file may be shorter than a partition, or longer. */
function overlap(a: string, b: string): boolean {
  return clip([periodWindow(a)], periodWindow(b)).length > 0
}

/** A moment up to which there are rows, as far as keys tell. */
export function rowsUntil(
  key: SeriesKey,
  { period, lastKey }: Pick<FooterFacts, 'period' | 'lastKey'>,
): Micros {
  const { key: keyColumn, time } = datasetOf(key)
  return keyColumn === time ? micros(BigInt(lastKey)) : periodWindow(period).from
}

function byPeriod(a: { readonly period: string }, b: { readonly period: string }): number {
  return a.period < b.period ? -1 : a.period > b.period ? 1 : 0
}

/** What the footer of a partition says: all that the manifest knows of its time, and of a rowless stretch before it. */
export function factsOf(
  manifest: Manifest,
  period: string,
  rows: Pick<FooterFacts, 'sources' | 'proof' | 'firstKey' | 'lastKey'>,
): FooterFacts {
  return {
    key: manifest.key,
    period,
    partition: manifest.partition,
    numbers: manifest.numbers,
    ...knownOf(manifest, attachedWindow(sortedPeriods(manifest), period)),
    sources: rows.sources,
    firstKey: rows.firstKey,
    lastKey: rows.lastKey,
    proof: rows.proof,
    archives: Object.fromEntries(
      [...manifest.archives]
        .filter(([, entry]) => overlap(entry.period, period))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    revisions: manifest.revisions.filter((revision) => revision.period === period),
  }
}

/** What is known of the time in `window`, beside rows. */
export function knownOf(manifest: Pick<Manifest, 'coverage' | 'gaps'>, window: Window): Known {
  return { coverage: clip(manifest.coverage, window), gaps: clipGaps(manifest.gaps, window) }
}

/** What is known of a stretch of time, beside rows. */
export type Known = { readonly coverage: Coverage; readonly gaps: readonly Gap[] }

/**
 * The partitions whose footers say something else of time, or of archives that were replaced, by one manifest than by
 * a later one.
 *
 * @param windows - Where the two may know different time.
 */
export function restated(before: Manifest, after: Manifest, windows: Coverage): readonly string[] {
  const [old, now] = [sortedPeriods(before), sortedPeriods(after)]
  const renewed = renewedTime(before, after)
  const about = new Set([
    ...periodsAbout(old, after.partition, [...windows, ...renewed]),
    ...periodsAbout(now, after.partition, windows),
  ])
  return [...about].sort().filter((period) => {
    if (!before.partitions.has(period) || !after.partitions.has(period)) return false
    if (clip(renewed, periodWindow(period)).length > 0) return true
    const said = knownOf(before, attachedWindow(old, period))
    return !isSameKnown(said, knownOf(after, attachedWindow(now, period)))
  })
}

/** The partitions whose footers speak of `windows`: those in them, and the next one after each. */
function periodsAbout(
  periods: readonly string[],
  partition: Partition,
  windows: Coverage,
): readonly string[] {
  return windows.flatMap(({ from, to }) => {
    const first = lowerBound(periods, periodOf(from, partition))
    return periods.slice(first, lowerBound(periods, periodOf(micros(to - 1n), partition)) + 1)
  })
}

function isSameKnown(a: Known, b: Known): boolean {
  return (
    a.coverage.length === b.coverage.length &&
    a.gaps.length === b.gaps.length &&
    a.coverage.every((window, index) => isSameWindow(window, b.coverage[index])) &&
    a.gaps.every(
      (gap, index) => isSameWindow(gap, b.gaps[index]) && gap.reason === b.gaps[index]?.reason,
    )
  )
}

function isSameWindow(a: Window, b: Window | undefined): boolean {
  return b !== undefined && a.from === b.from && a.to === b.to
}

/** The gaps that are in one list and not in the other. */
export function changedGaps(before: readonly Gap[], after: readonly Gap[]): readonly Gap[] {
  const nameOf = ({ from, to, reason }: Gap): string => `${from} ${to} ${reason}`
  const [old, now] = [new Set(before.map(nameOf)), new Set(after.map(nameOf))]
  return [
    ...before.filter((gap) => !now.has(nameOf(gap))),
    ...after.filter((gap) => !old.has(nameOf(gap))),
  ]
}

function sortedPeriods({ partitions }: Manifest): readonly string[] {
  return [...partitions.keys()].sort()
}

const BEGINNING = micros(-(2n ** 62n))

/** The period, and before it whatever lies after the partition before it. @param periods - In order. */
function attachedWindow(periods: readonly string[], period: string): Window {
  const before = periods[lowerBound(periods, period) - 1]
  const from = before === undefined ? BEGINNING : periodWindow(before).to
  return { from, to: periodWindow(period).to }
}

/** The index of the first period that is not before `period`. */
function lowerBound(periods: readonly string[], period: string): number {
  let low = 0
  let high = periods.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((periods[middle] ?? '') < period) low = middle + 1
    else high = middle
  }
  return low
}

/** Periods that have a file and were covered in part of `window`, oldest first. */
export function periodsStoredIn(manifest: Manifest, window: Window): readonly string[] {
  const covered = clip(manifest.coverage, window)
  return [...manifest.partitions.keys()]
    .filter((period) => clip(covered, periodWindow(period)).length > 0)
    .sort()
}
