/** A watched run: with metrics and a heartbeat, which change neither the run nor its exit code. */

import { ASKED_AT_ONCE, atOnce } from '../base/at-once.ts'
import { withHttp } from '../base/egress.ts'
import { BackfillError } from '../base/errors.ts'
import type { Http, World } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import { backfill } from '../backfill/run.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { checkHeartbeatUrl, sendBeat } from './heartbeat.ts'
import { jobNames, type Job } from '../job/job.ts'
import { RunMetrics, type SeriesFacts } from './metrics.ts'
import { updateText } from '../node/text-file.ts'
import type { Options } from '../options.ts'
import type { Progress, Summary } from '../progress.ts'
import type { PartitionEntry } from '../store/manifest.ts'
import { readManifest } from '../store/series.ts'

/** Options of a watched run, on top of those of every run. */
export type WatchOptions = Options & {
  /** Metrics in Prometheus' text format are written to this file when the run ends, however it ends. */
  readonly metricsFile?: string
  /** Asked when the run succeeded; with `/start` when it starts, with `/fail` when it fails. */
  readonly heartbeatUrl?: string
}

/**
 * {@link backfill}, watched over: what cannot be written or reached becomes a warning before the summary.
 *
 * @throws UsageError for an unsafe heartbeat URL, before anything is done; else what {@link backfill} throws.
 */
export async function* watchedBackfill(
  jobs: readonly Job[],
  options: WatchOptions = {},
): AsyncGenerator<Progress, void, void> {
  const { metricsFile, heartbeatUrl, ...rest } = options
  const url = heartbeatUrl === undefined ? undefined : checkHeartbeatUrl(heartbeatUrl)
  const world = worldOf(options)
  const watch = new Watch(world, { metricsFile, url, job: jobNames(jobs) })
  let summary: Summary | undefined
  try {
    for await (const item of backfill(jobs, { ...rest, world: watch.world })) {
      watch.apply(item)
      if (item.kind === 'summary') {
        summary = item
        yield* watch.end(item.exit, item)
      }
      yield item
    }
  } catch (error) {
    if (summary === undefined) yield* watch.end(exitOf(error), undefined)
    throw error
  } finally {
    await closeWorld(world, options)
  }
}

function exitOf(error: unknown): number {
  return error instanceof BackfillError ? error.exit : 1
}

function ifUnexpected(error: unknown): undefined {
  if (!(error instanceof BackfillError)) throw error
}

/** One run, watched. */
class Watch {
  /** The world of the run: its answers are counted. */
  readonly world: World
  readonly #plain: World
  readonly #metricsFile: string | undefined
  readonly #url: URL | undefined
  readonly #metrics: RunMetrics
  readonly #responses = new Map<number, number>()
  readonly #started: Promise<string | undefined>

  constructor(
    world: World,
    {
      metricsFile,
      url,
      job,
    }: {
      readonly metricsFile: string | undefined
      readonly url: URL | undefined
      readonly job: string
    },
  ) {
    this.#plain = world
    this.#metrics = new RunMetrics(job)
    this.#metricsFile = metricsFile
    this.#url = url
    this.world = withHttp(world, (http) => countedHttp(http, this.#responses))
    // The run does not wait for it; its end does.
    this.#started = url === undefined ? Promise.resolve(undefined) : sendBeat(url, 'start', world)
  }

  apply(item: Progress): void {
    this.#metrics.apply(item)
  }

  /** Writes and tells what there is to write and tell; yields a warning for what did not work. */
  async *end(exit: number, summary: Summary | undefined): AsyncGenerator<Progress, void, void> {
    const problems = [await this.#write(exit, summary), await this.#started]
    if (this.#url !== undefined)
      problems.push(await sendBeat(this.#url, exit === 0 ? 'success' : 'fail', this.#plain))
    for (const message of problems) if (message !== undefined) yield { kind: 'warning', message }
  }

  async #write(exit: number, summary: Summary | undefined): Promise<string | undefined> {
    const path = this.#metricsFile
    if (path === undefined) return undefined
    try {
      const end = {
        exit,
        now: this.#plain.clock.now(),
        responses: this.#responses,
        factsOf: await this.#facts(summary),
      }
      await updateText(path, (before) => this.#metrics.text({ ...end, before }))
      return undefined
    } catch (error) {
      // Whatever it is, it must not fail the run.
      return `no metrics: ${error instanceof Error ? quoteText(error.message) : 'unknown error'}`
    }
  }

  async #facts(summary: Summary | undefined): Promise<(key: SeriesKey) => SeriesFacts | undefined> {
    const facts = new Map<string, SeriesFacts>()
    const keys = summary?.series.map(({ key }) => key) ?? []
    // What cannot be read has no facts; how the run ended must be reported all the same.
    const manifests = await atOnce(ASKED_AT_ONCE, keys, (key) =>
      readManifest(this.#plain.files, key).catch(ifUnexpected),
    )
    for (const manifest of manifests) {
      if (manifest === undefined) continue
      const sum = (of: (entry: PartitionEntry) => number): number =>
        [...manifest.partitions.values()].reduce((total, entry) => total + of(entry), 0)
      facts.set(seriesName(manifest.key), {
        rows: sum(({ rows }) => rows),
        bytes: sum(({ bytes }) => bytes),
        revisions: manifest.revisions.length,
        gaps: manifest.gaps,
      })
    }
    return (key) => facts.get(seriesName(key))
  }
}

/** `http`, whose answers are counted by status. */
function countedHttp(http: Http, counts: Map<number, number>): Http {
  const count = (status: number): void => void counts.set(status, (counts.get(status) ?? 0) + 1)
  const counted = async <T extends { readonly status: number }>(asked: Promise<T>): Promise<T> => {
    try {
      const answer = await asked
      count(answer.status)
      return answer
    } catch (error) {
      count(0)
      throw error
    }
  }
  return {
    get: (request) => counted(http.get(request)),
    stream: (request) => counted(http.stream(request)),
    close: () => http.close(),
  }
}
