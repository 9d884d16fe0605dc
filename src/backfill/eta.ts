/**
 * How long a run will still take: what is left of the plan at the speed that was measured so far, corrected by how fast
 * what is done was really done; over REST at least as long as the limits make it take.
 */

import { clip, lengthOf, type Coverage } from '../base/coverage.ts'
import type { Clock } from '../base/ports.ts'
import type { Window } from '../base/time.ts'
import { fileSeconds, pageSeconds, type FileWork } from '../plan/cost.ts'
import type { Speed } from '../plan/speed.ts'
import type { Task } from '../plan/task.ts'
import { workOf, type Work } from '../plan/total.ts'
import { Stopwatch } from './stopwatch.ts'

/**
 * The measured speed counts as much as work of this size: reading ahead begins with one page or file and takes as many
 * to get under way. Later what was really done counts.
 */
const PRIOR: Work = {
  rest: { requests: 32, weight: 0, rows: 32_000 },
  files: { files: 6, bytes: 0 },
}

/** How far a series is, and how long all of them will take. */
type Report = { readonly done: number; readonly secondsLeft: number }

/** Plain sums. */
class Sums {
  readonly rest = { requests: 0, weight: 0, rows: 0 }
  readonly files = { files: 0, bytes: 0 }

  add({ rest, files }: Work, share: number): void {
    this.rest.requests += rest.requests * share
    this.rest.weight += rest.weight * share
    this.rest.rows += rest.rows * share
    this.files.files += files.files * share
    this.files.bytes += files.bytes * share
  }
}

type Source = Task['source']

/** Seconds of work on one source, besides request weight. */
const SECONDS: Readonly<Record<Source, (work: Work, speed: Speed) => number>> = {
  rest: ({ rest }, speed) => pageSeconds(rest, speed),
  archive: ({ files }, speed) => fileSeconds(files, speed),
}

/** How long work on a source went on, and what was done then. */
type Mark = { readonly seconds: number; readonly done: Work }

/** What has come so far. */
export type Arrived = { readonly pages: number; readonly files: FileWork }

/** What the time left rests on. */
export type EtaWorld = {
  /** As measured so far. */
  readonly speed: () => Speed
  /** What has come over the network: it is stored in order, and files when they are whole. */
  readonly arrived: () => Arrived
  /** How long it takes at least to spend so much request weight from now on. */
  readonly budgetSeconds: (weight: number) => number
}

/** The work of a run. */
export class Eta {
  readonly watches: Readonly<Record<Source, Stopwatch>>
  readonly #speed: () => Speed
  readonly #budgetSeconds: (weight: number) => number
  readonly #planned = new Sums()
  readonly #done = new Sums()
  /** Where the work on a source was when it had first brought something, and was under way. */
  readonly #begun: Partial<Record<Source, Mark>> = {}
  readonly #arrived: () => Arrived
  readonly #pagesBefore: number
  #open = 0

  constructor(clock: Clock, { speed, arrived, budgetSeconds }: EtaWorld) {
    this.#arrived = arrived
    this.#pagesBefore = arrived().pages
    this.watches = { rest: new Stopwatch(clock), archive: new Stopwatch(clock) }
    this.#speed = speed
    this.#budgetSeconds = budgetSeconds
  }

  /** Adds the work of a series. To be called for all of them before any begins. */
  add(tasks: readonly Task[]): SeriesWork {
    this.#open += 1
    this.#planned.add(workOf(tasks), 1)
    return new SeriesWork(this, tasks)
  }

  /** Some work is done. */
  did(task: Task, share: number): void {
    this.#done.add(workOf([task]), share)
  }

  /** A source has brought something, for the first time or once more. */
  brought(source: Source): void {
    this.#begun[source] ??= this.#mark(source)
  }

  /** A series has ended. */
  ended(): void {
    this.#open -= 1
  }

  /** While REST is not asked at all, nothing is learnt about its speed. */
  wait(ms: number): void {
    this.watches.rest.pause(ms)
  }

  /** Seconds until all is done. */
  secondsLeft(): number {
    const speed = this.#speed()
    const spending = this.#planned.rest.weight - this.#done.rest.weight
    const files = this.#left('archive', speed)
    const pages = Math.max(this.#left('rest', speed), this.#budgetSeconds(Math.max(0, spending)))
    // Series are worked at side by side; of one, the files come first.
    return this.#open > 1 ? Math.max(files, pages) : files + pages
  }

  #left(source: Source, speed: Speed): number {
    const seconds = (work: Work): number => SECONDS[source](work, speed)
    const { seconds: nowSeconds, done } = this.#mark(source)
    const begun = this.#begun[source] ?? { seconds: nowSeconds, done }
    const prior = seconds(PRIOR)
    const really = nowSeconds - begun.seconds + prior
    const reckoned = Math.max(0, seconds(done) - seconds(begun.done)) + prior
    return (Math.max(0, seconds(this.#planned) - seconds(done)) * really) / reckoned
  }

  #mark(source: Source): Mark {
    const { pages, files } = this.#arrived()
    const { rest } = this.#done
    const requests = Math.max(rest.requests, pages - this.#pagesBefore)
    const done = { rest: { ...rest, requests }, files: { ...files } }
    return { seconds: this.watches[source].seconds(), done }
  }
}

/** The work of one series. */
export class SeriesWork {
  readonly #eta: Eta
  readonly #tasks: readonly Task[]
  readonly #shares: number[]

  constructor(eta: Eta, tasks: readonly Task[]) {
    this.#eta = eta
    this.#tasks = tasks
    this.#shares = tasks.map(() => 0)
  }

  /** `work` on a source is timed. */
  during<T>(source: Source, work: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
    return this.#eta.watches[source].during(work)
  }

  /** Files brought all but this. */
  lacks(lacking: Coverage): Report {
    return this.#report('archive', (window) => 1 - partOf(window, lacking))
  }

  /** REST brought this. */
  reached(part: Window): Report {
    return this.#report('rest', (window) => partOf(window, [part]))
  }

  /** Nothing more will be done. */
  end(): void {
    for (const index of this.#tasks.keys()) this.#set(index, 1)
    this.#eta.ended()
  }

  #report(source: Source, shareOf: (window: Window) => number): Report {
    for (const [index, task] of this.#tasks.entries())
      if (task.source === source) this.#set(index, shareOf(task.window))
    this.#eta.brought(source)
    return { done: this.#done(), secondsLeft: this.#eta.secondsLeft() }
  }

  #set(index: number, share: number): void {
    const [task, before = 0] = [this.#tasks[index], this.#shares[index]]
    if (task === undefined || share <= before) return
    this.#shares[index] = share
    this.#eta.did(task, share - before)
  }

  #done(): number {
    let [all, done] = [0, 0]
    for (const [index, { cost }] of this.#tasks.entries()) {
      all += cost.seconds
      done += cost.seconds * (this.#shares[index] ?? 0)
    }
    return all === 0 ? 1 : done / all
  }
}

function partOf(window: Window, parts: Coverage): number {
  return lengthOf(clip(parts, window)) / lengthOf([window])
}
