/** A life of a lake: a random history, random actions, random faults, and in the end calm. */

import { formatMicros, micros, type Window } from '../../../src/base/time.ts'
import { seriesName } from '../../../src/binance/series.ts'
import type { RunAction } from './actions.ts'
import { dataOf, expectSame } from './data.ts'
import type { ForeignLook } from './foreign.ts'
import { END, FIRST, HOUR } from './history.ts'
import { nameOf, Violation, windowsText } from './law.ts'
import { LivedLake, type LifeCount } from './lived-lake.ts'
import type { LifePlan } from './plan.ts'

/** Runs that the lake may take to be whole, a day apart. */
const CALM_RUNS_MAX = 5

/** What is wanted in the end. */
const WHOLE: Window = { from: FIRST, to: END }

/** A lake while it lives. */
export class Life {
  readonly #plan: LifePlan
  readonly #lake: LivedLake
  readonly #tell: (line: string) => void

  constructor(plan: LifePlan, tell: (line: string) => void = () => undefined) {
    this.#plan = plan
    this.#tell = tell
    this.#lake = new LivedLake(plan, tell)
  }

  /** The lake as others read it. */
  get foreign(): ForeignLook {
    return this.#lake.foreign
  }

  /** Lives it to the end. @throws Violation when the law was broken */
  async live(): Promise<LifeCount> {
    for (const action of this.#plan.actions) await this.#lake.act(action)
    await this.#end()
    return this.#lake.count
  }

  /** Calm: after some runs the lake is the truth, and then there is nothing left to do. */
  async #end(): Promise<void> {
    const { now } = this.#lake.machine
    const calmFrom = micros(END + 96n * HOUR)
    if (now < calmFrom) this.#lake.machine.pass(Number((calmFrom - now) / 60_000_000n))
    this.#tell(`${formatMicros(this.#lake.machine.now)} calm`)
    if (this.#lake.isSpoilt) await this.#lake.repair()
    const series = this.#lake.series.map((_, index) => index)
    const source = this.#plan.seed % 2 === 0 ? 'rest' : 'auto'
    const run: RunAction = {
      kind: 'run',
      wishes: [{ series, from: WHOLE.from, to: END }],
      source,
      seed: 9,
    }
    await this.#untilWhole(run)
    // A row that says less than before is taken once two runs are told the same, and a changed one is asked for once more.
    for (let times = 0; times < 2; times++) await this.#lake.run(run)
    const report = await this.#lake.law.look(true)
    this.#lake.law.expectAll(WHOLE, (row) => this.#lake.law.isExempt(row))
    this.#expectComplete(report.map((one) => [nameOf(one), one.verdict]))
    await this.#expectNothingToDo(run)
    this.#tell(`${formatMicros(this.#lake.machine.now)} asked once more`)
    // And so with those that change now.
    for (let times = 0; times < 2; times++)
      await this.#lake.run({ ...run, recheck: WHOLE, isRefresh: true })
    await this.#lake.run(run)
    await this.#lake.law.look(true)
    this.#lake.law.expectAll(WHOLE, () => false, true)
    await this.#expectNothingToDo(run)
    const { series: verdicts } = await this.#lake.verify()
    this.#expectComplete(verdicts.map(({ key, verdict }) => [seriesName(key), verdict]))
  }

  async #untilWhole(run: RunAction): Promise<void> {
    for (let times = 1; ; times++) {
      const ended = await this.#lake.run(run)
      const left = ended?.summary?.series.filter(({ key, missing, complete }) => {
        const isWhole = complete && missing.length === 0
        return !isWhole && !this.#isNeverWhole(seriesName(key))
      })
      if (left?.length === 0) return
      if (times === CALM_RUNS_MAX)
        throw new Violation(
          `calm, and after ${times} runs something is missing: ${left?.map(({ key, missing, error }) => `${seriesName(key)} ${windowsText(missing)} ${error?.message ?? ''}`).join('; ') ?? ''}`,
        )
      this.#lake.machine.pass(1_560)
    }
  }

  /** Where ids were left out, or no trade ever was, nobody can prove that nothing is missing. */
  #isNeverWhole(name: string): boolean {
    return this.#lake.law.symbols.some(({ hasNewIds, series }) =>
      series.some(
        ({ key, rows }) =>
          seriesName(key) === name &&
          (rows.length === 0 || (hasNewIds && key.interval === undefined)),
      ),
    )
  }

  #expectComplete(verdicts: readonly (readonly [name: string, verdict: string])[]): void {
    for (const [name, verdict] of verdicts)
      if (!verdict.startsWith('complete') && !this.#isNeverWhole(name))
        throw new Violation(`whole, and ${name} is said to be ${verdict}`)
  }

  /** The next run asks for no rows, and changes no byte. */
  async #expectNothingToDo(run: RunAction): Promise<void> {
    const series = [...this.#lake.series.entries()].filter(
      ([, { key }]) => !this.#isNeverWhole(seriesName(key)),
    )
    const wishes = run.wishes.map((wish) => ({ ...wish, series: series.map(([index]) => index) }))
    if (series.length === 0) return
    const [before, requests] = [dataOf(this.#lake.machine.disk), this.#lake.dataRequests]
    const ended = await this.#lake.run({ ...run, wishes })
    if (ended?.exit !== 0) throw new Violation(`nothing to do, and exit ${ended?.exit}`)
    if (this.#lake.dataRequests > requests)
      throw new Violation('nothing to do, and rows are asked for')
    expectSame(before, dataOf(this.#lake.machine.disk), 'a run with nothing to do')
  }
}
