/** From the status and the manifest of a series to what the page says of it. */

import { subtractAll, type Coverage } from '../base/coverage.ts'
import { quoteText } from '../base/text.ts'
import { parseMicros, parseWindow, type WindowText } from '../base/time.ts'
import { hasCandles } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { SeriesStatus } from '../query/status.ts'
import type { PartitionEntry } from '../store/manifest.ts'
import type { DayFacts } from './days.ts'
import { seriesId } from './series-id.ts'
import type { ReportSeries, Standing } from './document.ts'

/** The key of a series, without what a status says beside it. */
export function keyOf(one: SeriesStatus): SeriesKey {
  const { market, dataset, symbol, contract, interval, account } = one
  return {
    ...{ market, dataset, symbol },
    ...(contract === undefined ? {} : { contract }),
    ...(interval === undefined ? {} : { interval }),
    ...(account === undefined ? {} : { account }),
  }
}

/** What the days of a series are painted from. */
export function dayFacts({ covered, missing, gaps, revisions }: SeriesStatus): DayFacts {
  return {
    covered: covered.map(parseWindow),
    missing: missing.map(parseWindow),
    gaps: gaps.map((gap) => ({ ...parseWindow(gap), reason: gap.reason })),
    revised: revisions.map(({ time }) => parseMicros(time)),
  }
}

/** A series as the page has it, but for its days and candles; of each list the first `listedMax`. */
export function seriesFacts(
  one: SeriesStatus,
  entries: readonly PartitionEntry[],
  listedMax: number,
): Omit<ReportSeries, 'days' | 'candles'> {
  const { covered, missing, unconfirmed, gaps, revisions } = one
  const to = covered.at(-1)?.to
  const listed = <T>(list: readonly T[]): readonly T[] => list.slice(0, listedMax)
  const windows = (list: readonly WindowText[]): readonly WindowText[] =>
    listed(list).map(({ from, to }) => ({ from: brief(from), to: brief(to) }))
  return {
    id: seriesId(keyOf(one)),
    name: quoteText(seriesName(keyOf(one))),
    dataset: one.dataset,
    ...(one.interval === undefined ? {} : { interval: one.interval }),
    hasCandles: hasCandles(datasetOf(one)),
    standing: standingOf(one),
    verdict: quoteText(one.verdict),
    rows: one.rows,
    files: one.partitions,
    bytes: one.bytes,
    sources: countSources(entries),
    covered: windows(covered),
    coveredCount: covered.length,
    ...(to === undefined ? {} : { to: brief(to) }),
    isEnded: one.wanted !== undefined || gaps.some((gap) => isEnd(gap, to)),
    isDamaged: one.error !== undefined,
    missing: windows(missing),
    missingCount: missing.length,
    unconfirmedCount: unconfirmed.length,
    isUnconfirmed: missing.length > 0 && restOf(missing, unconfirmed).length === 0,
    gaps: listed(gaps).map(({ from, to, reason }) => ({
      from: brief(from),
      to: brief(to),
      reason,
    })),
    gapCount: gaps.length,
    revisions: listed(revisions).map((revision) => ({
      time: revision.time,
      key: revision.key,
      changes: changesText(revision.old, revision.new),
    })),
    revisionCount: revisions.length,
  }
}

function isEnd({ reason, to }: { reason: string; to: string }, end: string | undefined): boolean {
  return reason === 'after-delisting' && to === end
}

function restOf(missing: readonly WindowText[], unconfirmed: readonly WindowText[]): Coverage {
  return subtractAll(missing.map(parseWindow), unconfirmed.map(parseWindow))
}

/** ISO 8601 without seconds where these are zero, since the page holds many. */
function brief(iso: string): string {
  return iso.replace(/(:00)?\.000000Z$/, 'Z')
}

/** By its verdict, so that the page cannot say one thing in a colour and another in words. */
function standingOf({ verdict }: SeriesStatus): Standing {
  if (verdict === 'complete') return 'complete'
  return verdict.startsWith('complete with ') ? 'gaps' : 'incomplete'
}

function countSources(entries: readonly PartitionEntry[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const { sources } of entries)
    for (const source of sources) counts.set(source, (counts.get(source) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function changesText(
  old: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string {
  const changed = Object.keys({ ...old, ...now }).filter((name) => old[name] !== now[name])
  return quoteText(
    changed.map((name) => `${name} ${old[name] ?? '-'} to ${now[name] ?? '-'}`).join(', '),
  )
}
