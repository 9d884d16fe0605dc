/** What a worker did, as the lake's history has it: one record of many series, since the history keeps few. */

import type { World } from '../base/ports.ts'
import type { Wait } from '../base/wait.ts'
import { summaryOf } from '../backfill/outcome.ts'
import { notesFor, Recorder, type RunNotes } from '../backfill/recorder.ts'
import type { Job } from '../job/job.ts'
import type { Progress, SeriesResult, Summary } from '../progress.ts'
import type { Connection } from './connection.ts'

/** A worker that never ends writes a record after so many series. */
export const SERIES_MAX = 1_000

type Warning = Extract<Progress, { readonly kind: 'warning' }>

/** Some series that a worker was at, one after the other. */
export class WorkRecord {
  readonly notes: RunNotes
  readonly #recorder: Recorder
  readonly #jobs: Job[] = []
  readonly #results: SeriesResult[] = []
  readonly #startedMs: number
  readonly #clock: World['clock']
  readonly #connection: Connection
  readonly #before: Connection['spent']

  constructor(world: World, connection: Connection) {
    this.#recorder = new Recorder(world, this.#jobs)
    this.notes = notesFor(this.#recorder)
    this.#clock = world.clock
    this.#startedMs = world.clock.monotonicMs()
    this.#connection = connection
    this.#before = connection.spent
    this.#recorder.asks(() => this.#spent())
    this.#recorder.measures(() => connection.meter.measured())
  }

  /** Counts a wait. */
  wait(wait: Wait): void {
    this.#recorder.wait(wait)
  }

  /** Takes note of how a series ended. */
  add(jobs: readonly Job[], { series }: Summary): void {
    this.#results.push(...series)
    const isKnown = ({ name }: Job): boolean => this.#jobs.some((job) => job.name === name)
    this.#jobs.push(...jobs.filter((job) => !isKnown(job)))
  }

  /** Is it long enough to be written down? */
  get isFull(): boolean {
    return this.#results.length >= SERIES_MAX
  }

  /** Writes it down, unless nothing was done; what is in the way of that is a warning. */
  async *write(errors: readonly unknown[]): AsyncGenerator<Warning, void, void> {
    if (this.#results.length === 0) return
    const seconds = (this.#clock.monotonicMs() - this.#startedMs) / 1_000
    const end = { results: this.#results, errors, seconds, spent: this.#spent(), shard: undefined }
    const summary = summaryOf({ series: [] }, end)
    const items = this.#recorder.watch(only(summary), { errors, signal: undefined })
    for await (const item of items) if (item.kind === 'warning') yield item
  }

  #spent(): Connection['spent'] {
    const { requests, weight } = this.#connection.spent
    return { requests: requests - this.#before.requests, weight: weight - this.#before.weight }
  }
}

async function* only(summary: Summary): AsyncGenerator<Progress, void, void> {
  yield summary
}
