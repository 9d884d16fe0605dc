/** Metrics of one run in the text format of Prometheus, for node_exporter's textfile collector and the like. */

import type { Gauge as GaugeType, Registry as RegistryType } from 'prom-client'
import { shareWithout, type Coverage } from '../base/coverage.ts'
import type { GapReason } from '../base/gap.ts'
import type { Micros } from '../base/time.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { Progress, SeriesResult, Summary } from '../progress.ts'

/** What the lake knows of a series once the run is over. */
export type SeriesFacts = {
  readonly rows: number
  readonly bytes: number
  readonly revisions: number
  readonly gaps: readonly { readonly reason: GapReason }[]
}

/** How a run ended, as far as {@link RunMetrics} did not see it. */
export type RunEnd = {
  readonly exit: number
  readonly now: Micros
  /** The file that the run before left; what it says of the last success is carried on. */
  readonly before: string | undefined
  /** Answers of the exchange and its archive by HTTP status; `0`: none came. */
  readonly responses: ReadonlyMap<number, number>
  readonly factsOf: (key: SeriesKey) => SeriesFacts | undefined
}

const PREFIX = 'binance_backfill_'
const LAST_SUCCESS = `${PREFIX}last_success_timestamp_seconds`

/** Counts a run. */
export class RunMetrics {
  readonly #wanted = new Map<string, Coverage>()
  #waits = 0
  #waitMs = 0
  #summary: Summary | undefined

  /** Takes one report of the run in. */
  apply(item: Progress): void {
    if (item.kind === 'plan')
      for (const { key, wanted } of item.plan.series) this.#wanted.set(seriesName(key), wanted)
    if (item.kind === 'summary') this.#summary = item
    if (item.kind !== 'wait') return
    this.#waits += 1
    this.#waitMs += item.ms
  }

  /** The metrics as text. */
  async text(end: RunEnd): Promise<string> {
    const { default: prometheus } = await import('prom-client')
    const registry = new prometheus.Registry()
    const gauge: Make = (name, help, labelNames = []) =>
      new prometheus.Gauge({
        name: `${PREFIX}${name}`,
        help,
        labelNames: [...labelNames],
        registers: [registry],
      })
    this.#addRun(gauge, end)
    for (const result of this.#summary?.series ?? [])
      this.#addSeries(gaugesOf(registry, gauge), result, end)
    return registry.metrics()
  }

  #addRun(gauge: Make, { exit, now, before, responses }: RunEnd): void {
    const seconds = Number(now / 1000n) / 1000
    const { rows = 0, requests = 0, weight = 0, partitions = 0, bytes = 0 } = this.#summary ?? {}
    const lastSuccess = exit === 0 ? seconds : lastSuccessOf(before)
    gauge('last_run_timestamp_seconds', 'When the last run ended.').set(seconds)
    if (lastSuccess !== undefined)
      gauge('last_success_timestamp_seconds', 'When a run last ended with exit code 0.').set(
        lastSuccess,
      )
    gauge('last_run_exit_code', 'Exit code of the last run.').set(exit)
    gauge('last_run_duration_seconds', 'How long the last run took.').set(
      this.#summary?.seconds ?? 0,
    )
    gauge('last_run_rows', 'Rows that the last run stored.').set(rows)
    gauge('last_run_files', 'Files that the last run wrote.').set(partitions)
    gauge('last_run_bytes', 'Bytes that the last run wrote.').set(bytes)
    gauge('last_run_requests', 'Requests of the last run, failed ones too.').set(requests)
    gauge('last_run_request_weight', 'Request weight that the last run spent.').set(weight)
    gauge('last_run_waits', 'Waits for rate limits and bans in the last run.').set(this.#waits)
    gauge('last_run_wait_seconds', 'Seconds asked to wait in the last run.').set(
      this.#waitMs / 1000,
    )
    const byCode = gauge(
      'last_run_responses',
      'Answers in the last run by HTTP status; 0: none came.',
      ['code'],
    )
    for (const [code, count] of [...responses].sort(([a], [b]) => a - b))
      byCode.set({ code: String(code) }, count)
  }

  #addSeries(
    gauges: SeriesGauges,
    { key, complete, missing, rows, revisions }: SeriesResult,
    end: RunEnd,
  ): void {
    const labels = {
      dataset: key.dataset,
      symbol: key.symbol,
      interval: key.interval ?? '',
      account: key.account ?? '',
    }
    const facts = end.factsOf(key)
    gauges.complete.set(labels, complete ? 1 : 0)
    // Without a plan it is not known what was wanted: the run could not begin.
    const wanted = this.#wanted.get(seriesName(key))
    if (wanted !== undefined) gauges.coverage.set(labels, shareWithout(wanted, missing))
    gauges.added.set(labels, rows)
    gauges.changed.set(labels, revisions)
    if (facts === undefined) return
    gauges.rows.set(labels, facts.rows)
    gauges.bytes.set(labels, facts.bytes)
    gauges.revisions.set(labels, facts.revisions)
    for (const { reason } of facts.gaps) gauges.gaps.inc({ ...labels, reason })
  }
}

type Gauge = GaugeType
type Make = (name: string, help: string, labelNames?: readonly string[]) => Gauge
type SeriesGauges = Readonly<
  Record<
    'complete' | 'coverage' | 'added' | 'changed' | 'rows' | 'bytes' | 'revisions' | 'gaps',
    Gauge
  >
>

const made = new WeakMap<RegistryType, SeriesGauges>()

/** The gauges of all series, made once for a registry. */
function gaugesOf(registry: RegistryType, gauge: Make): SeriesGauges {
  const known = made.get(registry)
  if (known !== undefined) return known
  const names = ['dataset', 'symbol', 'interval', 'account']
  const gauges: SeriesGauges = {
    complete: gauge(
      'series_complete',
      'Is all that was asked for covered, known gaps included?',
      names,
    ),
    coverage: gauge(
      'series_coverage_ratio',
      'Part of the time that was asked for that is covered, 0 to 1.',
      names,
    ),
    added: gauge('series_last_run_rows', 'Rows that the last run stored.', names),
    changed: gauge(
      'series_last_run_revisions',
      'Stored rows that the last run found changed.',
      names,
    ),
    rows: gauge('series_rows', 'Rows in the lake.', names),
    bytes: gauge('series_bytes', 'Bytes in the lake.', names),
    revisions: gauge('series_revisions', 'Rows that changed after they were stored.', names),
    gaps: gauge('series_gaps', 'Stretches without rows, by reason.', [...names, 'reason']),
  }
  made.set(registry, gauges)
  return gauges
}

function lastSuccessOf(before: string | undefined): number | undefined {
  const line = before?.split('\n').find((text) => text.startsWith(`${LAST_SUCCESS} `))
  const seconds = Number(line?.slice(LAST_SUCCESS.length + 1))
  return line !== undefined && Number.isFinite(seconds) ? seconds : undefined
}
