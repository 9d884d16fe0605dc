/** The documents of `--json`: series keys flattened, windows as text, so that no bigint reaches JSON. */

import {
  describeError,
  formatWindow,
  type Plan,
  type Progress,
  type SeriesKey,
  type SeriesPlan,
  type SeriesResult,
  type StatusReport,
  type Summary,
  type Task,
  type VerifyReport,
  type WindowText,
} from '../index.ts'

/** A {@link SeriesKey} as documents write it. */
export type FlatKey = {
  readonly market: string
  readonly dataset: string
  readonly symbol: string
  readonly interval?: string
  readonly account?: string
}

/** Picks the parts of a key, in one order. */
export function flatKey({ market, dataset, symbol, interval, account }: SeriesKey): FlatKey {
  return {
    market,
    dataset,
    symbol,
    ...(interval === undefined ? {} : { interval }),
    ...(account === undefined ? {} : { account }),
  }
}

/** `plan --json`. `recheck` is there only when covered windows would be asked again. */
export function planDocument({ series, total }: Plan, withTasks = false): object {
  return {
    series: series.map(seriesPlan),
    ...(withTasks ? { tasks: series.flatMap(({ tasks }) => tasks).map(taskDocument) } : {}),
    total: {
      requests: total.requests,
      weight: total.weight,
      minutes: total.minutes,
      rows: total.rows,
      bytes: total.bytes,
    },
  }
}

function taskDocument(task: Task): object {
  const { key, source, window, cost } = task
  const files =
    task.source === 'archive'
      ? { files: task.files.map(({ path, sizeBytes }) => ({ path, bytes: sizeBytes ?? null })) }
      : {}
  return { ...flatKey(key), source, window: formatWindow(window), ...files, ...cost }
}

function seriesPlan(plan: SeriesPlan): object {
  const { key, missing, recheck, settings, requests, weight, rows, bytes, archive, problem } = plan
  return {
    ...flatKey(key),
    missing: missing.map(formatWindow),
    ...(recheck.length === 0 ? {} : { recheck: recheck.map(formatWindow) }),
    source: settings.source,
    requests,
    weight,
    rows,
    bytes,
    ...(archive === undefined ? {} : { archive }),
    ...(problem === undefined ? {} : { error: describeError(problem) }),
  }
}

/** `status --json`. */
export function statusDocument({ series }: StatusReport, withRevisions: boolean): object {
  return {
    series: series.map(({ revisions, wanted, ...rest }) => ({
      market: rest.market,
      dataset: rest.dataset,
      symbol: rest.symbol,
      ...(rest.interval === undefined ? {} : { interval: rest.interval }),
      ...(rest.account === undefined ? {} : { account: rest.account }),
      ...(wanted === undefined ? {} : { wanted: windows(wanted) }),
      covered: windows(rest.covered),
      missing: windows(rest.missing),
      unconfirmed: windows(rest.unconfirmed),
      gaps: rest.gaps.map(({ from, to, reason }) => ({ from, to, reason })),
      rows: rest.rows,
      partitions: rest.partitions,
      bytes: rest.bytes,
      verdict: rest.verdict,
      ...(rest.error === undefined ? {} : { error: rest.error }),
      ...(withRevisions ? { revisions } : {}),
    })),
  }
}

function windows(list: readonly WindowText[]): readonly WindowText[] {
  return list.map(({ from, to }) => ({ from, to }))
}

/** `verify --json`. */
export function verifyDocument(report: VerifyReport): object {
  const { ok, series, findings, partitions, rows, bytes, seconds } = report
  return {
    ok,
    series: series.map(({ key, ...verdict }) => ({ ...flatKey(key), ...verdict })),
    findings,
    partitions,
    rows,
    bytes,
    seconds,
  }
}

/** One line of `run --json`. */
export function progressDocument(item: Progress): object {
  if (item.kind === 'plan') return { kind: 'plan', ...planDocument(item.plan) }
  if (item.kind === 'series') return { kind: 'series', ...seriesResult(item.result) }
  if (item.kind === 'summary') return summaryDocument(item)
  if (!('key' in item)) return item
  const { kind, key, ...rest } = item
  return { kind, ...flatKey(key), ...rest }
}

/** The last line of `run --json`. */
export function summaryDocument(summary: Summary): object {
  const { kind, complete, rows, requests, weight, partitions, bytes, seconds } = summary
  const series = summary.series.map(seriesResult)
  const totals = { complete, rows, requests, weight, partitions, bytes, seconds }
  return { kind, ...totals, series, exit: summary.exit }
}

function seriesResult({ key, missing, unconfirmed, ...rest }: SeriesResult): object {
  const windows = { missing: missing.map(formatWindow), unconfirmed: unconfirmed.map(formatWindow) }
  return { ...flatKey(key), ...rest, ...windows }
}
