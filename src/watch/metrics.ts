/** Metrics of one run in the text format of Prometheus, for node_exporter's textfile collector and the like. */

import type { Gauge as GaugeType, Registry as RegistryType } from 'prom-client'
import { shareWithout, type Coverage } from '../base/coverage.ts'
import type { GapReason } from '../base/gap.ts'
import type { Micros } from '../base/time.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { Progress, SeriesResult, Summary } from '../progress.ts'
import { valueIn, withOtherJobs } from './metrics-file.ts'

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
  /** What the file holds: the samples of other jobs stay, and when this one last succeeded is carried on. */
  readonly before: string | undefined
  /** Answers of the exchange and its archive by HTTP status; `0`: none came. */
  readonly responses: ReadonlyMap<number, number>
  readonly factsOf: (key: SeriesKey) => SeriesFacts | undefined
}

const PREFIX = 'binance_backfill_'
const LAST_SUCCESS = `${PREFIX}last_success_timestamp_seconds`

/** Counts a run. */
export class RunMetrics {
  readonly #job: string
  readonly #wanted = new Map<string, Coverage>()
  #waits = 0
  #waitMs = 0
  #summary: Summary | undefined

  /** @param job - Of which job it is. */
  constructor(job: string) {
    this.#job = job
  }

  /** Takes one report of the run in. */
  apply(item: Progress): void {
    if (item.kind === 'plan')
      for (const { key, wanted } of item.plan.series) this.#wanted.set(seriesName(key), wanted)
    if (item.kind === 'summary') this.#summary = item
    if (item.kind !== 'wait') return
    this.#waits += 1
    this.#waitMs += item.ms
  }

  /** The metrics as the text of a file. */
  async text(end: RunEnd): Promise<string> {
    const { default: prometheus } = await import('prom-client')
    const registry = new prometheus.Registry()
    const gauge: Make = (name, help, labelNames = []) =>
      new prometheus.Gauge({
        name: `${PREFIX}${name}`,
        help,
        labelNames: ['job', ...labelNames],
        registers: [registry],
      })
    this.#addRun(gauge, end)
    for (const result of this.#summary?.series ?? [])
      this.#addSeries(gaugesOf(registry, gauge), result, end)
    return withOtherJobs(await registry.metrics(), end.before, this.#job)
  }

  #addRun(gauge: Make, { exit, now, before, responses }: RunEnd): void {
    const job = this.#job
    const set = (name: string, help: string, value: number): void => {
      gauge(name, help).set({ job }, value)
    }
    const seconds = Number(now / 1000n) / 1000
    const { rows = 0, requests = 0, weight = 0, partitions = 0, bytes = 0 } = this.#summary ?? {}
    const { rewritten } = this.#summary ?? {}
    const lastSuccess = exit === 0 ? seconds : valueIn(before, LAST_SUCCESS, job)
    set('last_run_timestamp_seconds', 'When the last run ended.', seconds)
    if (lastSuccess !== undefined)
      set('last_success_timestamp_seconds', 'When a run last ended with exit code 0.', lastSuccess)
    set('last_run_exit_code', 'Exit code of the last run.', exit)
    set('last_run_duration_seconds', 'How long the last run took.', this.#summary?.seconds ?? 0)
    set('last_run_rows', 'Rows that the last run added.', rows)
    set('last_run_files', 'Files that the last run wrote.', partitions)
    set('last_run_bytes', 'Bytes that the last run wrote.', bytes)
    set(
      'last_run_rewritten_bytes',
      'Of what the last run wrote, bytes of the files that were there before.',
      rewritten?.bytes ?? 0,
    )
    set(
      'last_run_rewritten_rows',
      'Rows that were there before and that the last run wrote again.',
      rewritten?.rows ?? 0,
    )
    set('last_run_requests', 'Requests of the last run, failed ones too.', requests)
    set('last_run_request_weight', 'Request weight that the last run spent.', weight)
    set('last_run_waits', 'Waits for rate limits and bans in the last run.', this.#waits)
    set('last_run_wait_seconds', 'Seconds asked to wait in the last run.', this.#waitMs / 1000)
    const byCode = gauge(
      'last_run_responses',
      'Answers in the last run by HTTP status; 0: none came.',
      ['code'],
    )
    for (const [code, count] of [...responses].sort(([a], [b]) => a - b))
      byCode.set({ job, code: String(code) }, count)
  }

  #addSeries(
    gauges: SeriesGauges,
    { key, complete, missing, rows, revisions }: SeriesResult,
    end: RunEnd,
  ): void {
    const labels = {
      job: this.#job,
      market: key.market,
      dataset: key.dataset,
      symbol: key.symbol,
      ...(key.contract === undefined ? {} : { contract: key.contract }),
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
  const names = ['market', 'dataset', 'symbol', 'contract', 'interval', 'account']
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
    added: gauge('series_last_run_rows', 'Rows that the last run added.', names),
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
