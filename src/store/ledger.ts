/**
 * The algebra of a manifest: pure functions from one to the next. Coverage grows by windows that were asked and
 * answered in full; whatever was known of such a window before, the new answer replaces.
 */

import { clip, covers, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import { isKnown, type Gap } from '../base/gap.ts'
import {
  micros,
  periodOf,
  periodWindow,
  type Micros,
  type Partition,
  type Window,
} from '../base/time.ts'
import type { Numbers } from '../binance/dataset.ts'
import type { SeriesKey } from '../binance/series.ts'
import { clipGaps, type FooterFacts } from './footer.ts'
import type { Manifest, PartitionEntry } from './manifest.ts'

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
  }
}

/** Takes an answer in. */
export function cover(manifest: Manifest, { window, gaps, fresh }: Answered): Manifest {
  const unanswered = union(gaps.filter((gap) => !isKnown(gap)))
  const answered = subtractAll([window], unanswered)
  const kept = manifest.gaps.flatMap((gap) =>
    subtractAll([gap], [window]).map((part) => ({ ...part, reason: gap.reason })),
  )
  return {
    ...manifest,
    coverage: union(manifest.coverage, answered),
    gaps: joinGaps([...kept, ...gaps]),
    fresh: union(subtractAll(manifest.fresh, [window]), fresh),
  }
}

/**
 * Gaps in order, touching ones of a kind joined. Where an outage touches the time before the listing, or after the
 * delisting, it was a part of it.
 */
export function joinGaps(gaps: readonly Gap[]): Gap[] {
  const joined: Gap[] = []
  for (const gap of [...gaps].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
    const last = joined.at(-1)
    const reason = last === undefined || last.to < gap.from ? undefined : jointReason(last, gap)
    if (last === undefined || reason === undefined) joined.push(gap)
    else
      joined[joined.length - 1] = {
        from: last.from,
        to: last.to > gap.to ? last.to : gap.to,
        reason,
      }
  }
  return joined
}

function jointReason(a: Gap, b: Gap): Gap['reason'] | undefined {
  if (a.reason === b.reason) return a.reason
  if (a.reason === 'before-listing' && b.reason === 'outage') return a.reason
  if (a.reason === 'outage' && b.reason === 'after-delisting') return b.reason
  return undefined
}

/** Rows came after a stretch that was taken for the time after the delisting: then it was an outage. */
export function relist(gaps: readonly Gap[], rowsUntil: bigint): Gap[] {
  return joinGaps(
    gaps.map((gap) =>
      gap.reason === 'after-delisting' && gap.to <= rowsUntil ? { ...gap, reason: 'outage' } : gap,
    ),
  )
}

/**
 * The id after the last row before `from`, where the lake shows it: the whole period before `from` is covered, has
 * rows, and nothing after `from` is in the same file.
 */
export function nextIdAt(manifest: Manifest, from: Micros): bigint | undefined {
  const name = periodOf(micros(from - 1n), manifest.partition)
  const period = periodWindow(name)
  const entry = manifest.partitions.get(name)
  if (entry === undefined || !covers(manifest.coverage, { from: period.from, to: from }))
    return undefined
  const isLast = from === period.to || clip(manifest.coverage, { from, to: period.to }).length === 0
  return isLast ? BigInt(entry.lastKey) + 1n : undefined
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
  const outside = manifest.gaps.flatMap((gap) =>
    subtractAll([gap], facts.coverage).map((part) => ({ ...part, reason: gap.reason })),
  )
  return {
    ...manifest,
    coverage: union(manifest.coverage, facts.coverage),
    gaps: relist(joinGaps([...outside, ...facts.gaps]), periodWindow(period).from),
    partitions: new Map([...manifest.partitions, [period, entry]]),
    archives: new Map([...manifest.archives, ...Object.entries(facts.archives)]),
    revisions: [...others, ...facts.revisions].sort(byPeriod),
  }
}

function byPeriod(a: { readonly period: string }, b: { readonly period: string }): number {
  return a.period < b.period ? -1 : a.period > b.period ? 1 : 0
}

/** What the footer of a partition says: all that the manifest knows of its time, and of a rowless stretch before it. */
export function factsOf(
  manifest: Manifest,
  period: string,
  rows: Pick<FooterFacts, 'sources' | 'proof'> & { firstKey: bigint; lastKey: bigint },
): FooterFacts {
  const window = attachedWindow(manifest, period)
  return {
    key: manifest.key,
    period,
    partition: manifest.partition,
    numbers: manifest.numbers,
    coverage: intersect(manifest.coverage, [window]),
    gaps: clipGaps(manifest.gaps, window).filter(isKnown),
    sources: rows.sources,
    firstKey: String(rows.firstKey),
    lastKey: String(rows.lastKey),
    proof: rows.proof,
    archives: Object.fromEntries(
      [...manifest.archives].filter(([, entry]) => entry.period === period),
    ),
    revisions: manifest.revisions.filter((revision) => revision.period === period),
  }
}

/** The period, and before it whatever lies after the partition before it. */
function attachedWindow(manifest: Manifest, period: string): Window {
  const own = periodWindow(period)
  const before = [...manifest.partitions.keys()]
    .map(periodWindow)
    .filter(({ to }) => to <= own.from)
  const from = before.reduce((latest, { to }) => (to > latest ? to : latest), micros(-(2n ** 62n)))
  return { from, to: own.to }
}

/** The sources with one more, sorted. */
export function withSource(sources: readonly string[], source: string): readonly string[] {
  return [...new Set([...sources, source])].sort()
}
