/** A life of a lake: a random history, random actions, random faults, and in the end calm. */

import { subtractAll, union, type Coverage } from '../../../src/base/coverage.ts'
import {
  earliest,
  formatMicros,
  micros,
  parseWindow,
  type Micros,
  type Window,
} from '../../../src/base/time.ts'
import { NUMBERS } from '../../../src/binance/dataset.ts'
import { seriesName } from '../../../src/binance/series.ts'
import { horizonOf } from '../../../src/conduct/wants.ts'
import type { SeriesStatus } from '../../../src/status.ts'
import { verify, type VerifyReport } from '../../../src/verify.ts'
import { ROOT } from '../crash-machine.ts'
import { faultyCalls } from '../faulty-files.ts'
import type { SimDisk } from '../sim-disk.ts'
import type { Action, RunAction, Wish } from './actions.ts'
import { Depot } from './depot.ts'
import { diceOf } from './dice.ts'
import { END, historyOf, HOUR, ORIGIN } from './history.ts'
import { Host } from './host.ts'
import { Law, nameOf, unsaid, Violation, windowsText } from './law.ts'
import { LifeMachine } from './machine.ts'
import { actionText, type LifePlan } from './plan.ts'
import { runToEnd, type Ended } from './runs.ts'
import { Spoiler, type SpoilAction } from './spoil.ts'
import type { SeriesTruth } from './truth.ts'

/** What was counted in a life. */
export type LifeCount = {
  readonly runs: number
  readonly kills: number
  readonly faults: number
  readonly spoilt: number
  readonly looks: number
  readonly rows: number
  readonly exempt: number
}

/** Runs that the lake may take to be whole, a day apart. */
const CALM_RUNS_MAX = 5

/** A lake and all around it, while it lives. */
export class Life {
  readonly machine: LifeMachine
  readonly law: Law
  readonly series: readonly SeriesTruth[]
  readonly #plan: LifePlan
  readonly #tell: (line: string) => void
  readonly #host: Host
  readonly #spoiler: Spoiler
  readonly #count = { runs: 0, kills: 0, faults: 0, spoilt: 0 }
  #firstRunAt: Micros | undefined
  /** Was the lake cut off, or put back, so that what it covers may be older than the run that shows it? */
  #isUncertain = false
  #isSpoilt = false

  constructor(plan: LifePlan, tell: (line: string) => void = () => undefined) {
    const { seed, switches, pageRows, start, numbers } = plan
    this.#plan = plan
    this.#tell = tell
    const truth = historyOf(seed, switches)
    this.#host = new Host({ truth, pageRows })
    const depot = new Depot(truth, switches.faults.includes('files'))
    this.machine = new LifeMachine(this.#host, depot, start)
    this.#spoiler = new Spoiler(this.machine)
    this.law = new Law({ truth, host: this.#host, machine: this.machine, numbers })
    this.series = truth.symbols.flatMap(({ series }) => series)
  }

  /** Lives it to the end. @throws Violation when the law was broken */
  async live(): Promise<LifeCount> {
    for (const action of this.#plan.actions) {
      this.#tell(`${formatMicros(this.machine.now)} ${actionText(action)}`)
      await this.#act(action)
      if (action.kind !== 'pass') await this.law.look()
      this.#spoiler.remember()
    }
    await this.#end()
    return { ...this.#count, ...this.law.counted }
  }

  async #act(action: Action): Promise<void> {
    switch (action.kind) {
      case 'pass':
        this.machine.pass(action.minutes)
        return
      case 'run':
        await this.#run(action)
        return
      case 'otherNumbers':
        await this.#otherNumbers()
        return
      case 'verify':
        await this.#verify()
        return
      case 'delete':
      case 'restore':
      case 'damage':
        await this.#spoil(action)
        return
    }
  }

  /** A run, and what it says of itself. `undefined` when it was killed. */
  async #run(action: RunAction): Promise<Ended | undefined> {
    const { seed, fault, kill, hasRival = false } = action
    this.#count.runs += 1
    if (fault !== undefined) this.#count.faults += 1
    const startedAt = this.machine.now
    this.#firstRunAt ??= startedAt
    this.law.askedAt = this.#isUncertain ? this.#firstRunAt : startedAt
    const faulty = faultyCalls(this.machine.disk.calls, kill)
    const booted = this.machine.boot(seed, faulty.calls)
    this.#host.hour = { run: this.#count.runs, fault, dice: diceOf(seed) }
    const wishes = action.wishes.map((one) => this.#clamped(one))
    const run = { series: this.series, storing: this.#plan, wishes, action }
    const ended = await runToEnd(run, booted, async () => {
      if (!hasRival) return
      const other = this.machine.boot(seed, this.machine.disk.calls, booted)
      const { exit } = await runToEnd(run, other)
      other.end()
      if (exit !== 6) throw new Violation(`a second run ended with ${exit}, not 6`)
    })
    booted.end()
    this.#host.hour = undefined
    if (kill !== undefined && faulty.hasFired()) {
      this.#count.kills += 1
      this.#isUncertain = true
      if (kill.survival !== 'all') this.machine.disk.crash(kill.survival)
      this.#tell('  killed')
      return undefined
    }
    await this.#checkEnd(action, ended, { wishes, startedAt })
    return ended
  }

  async #checkEnd(
    { fault }: RunAction,
    { exit, error, summary }: Ended,
    { wishes, startedAt }: { readonly wishes: readonly Wish[]; readonly startedAt: Micros },
  ): Promise<void> {
    this.#tell(`  exit ${exit}${error === undefined ? '' : ` ${String(error)}`}`)
    for (const { key, rows, missing, error: why } of summary?.series ?? [])
      this.#tell(
        `    ${seriesName(key)}: ${rows} rows; missing ${windowsText(missing)} ${why?.message ?? ''}`,
      )
    const mayRefuse = fault?.kind === 'clock' || this.law.suspects.size > 0
    if (exit !== 0 && exit !== 3 && !(exit === 4 && mayRefuse)) {
      const words = summary?.series.flatMap((one) => one.error?.message ?? []).join('; ')
      const stack = error instanceof Error ? (error.stack ?? '') : ''
      throw new Violation(`exit ${exit}: ${stack} ${words ?? ''}`, { cause: error })
    }
    if (exit === 0 || summary?.complete === true) await this.#checkDone(wishes, startedAt)
  }

  /** Not in the future, and not beyond the end of the history. */
  #clamped(wish: Wish): Wish {
    const { now } = this.machine
    const from = wish.from !== undefined && wish.from + HOUR >= now ? ORIGIN : wish.from
    const to = wish.to === undefined && now >= END ? END : wish.to
    return { ...wish, from, to: to !== undefined && from !== undefined && to <= from ? END : to }
  }

  /** A run that says that it is done: all that was wanted is covered, or said to be unconfirmed. */
  async #checkDone(wishes: readonly Wish[], startedAt: Micros): Promise<void> {
    const report = await this.law.look()
    for (const [index, truth] of this.series.entries()) {
      const name = seriesName(truth.key)
      const wanted = union(wishes.flatMap((wish) => this.#wanted(wish, index, startedAt)))
      if (wanted.length === 0) continue
      const one = report.find((status) => nameOf(status) === name)
      const left = one === undefined ? wanted : unsaid(wanted, one)
      if (left.length > 0) throw new Violation(`exit 0, and ${name} lacks ${windowsText(left)}`)
      if (one !== undefined) checkUnconfirmed(one, wanted, { truth, startedAt })
    }
  }

  #wanted({ series, from, to }: Wish, index: number, startedAt: Micros): readonly Window[] {
    const truth = this.series[index]
    if (truth === undefined || !series.includes(index)) return []
    // The server's clock is known but to some milliseconds, and it is the earliest that counts.
    const now = micros(startedAt - 2_000_000n)
    const horizon = horizonOf(truth.key.interval, now, 60_000_000n)
    const listed = truth.rows.find((row) => row.visibleFrom <= startedAt && !this.law.isExempt(row))
    const begin = from ?? listed?.time
    const end = to === undefined ? horizon : earliest(to, horizon)
    return begin === undefined || begin >= end ? [] : [{ from: begin, to: end }]
  }

  /** A job with other numbers is refused, and changes nothing. */
  async #otherNumbers(): Promise<void> {
    const [first] = (await this.law.look()).filter(
      ({ error, rows }) => error === undefined && rows > 0,
    )
    if (first === undefined) return
    const index = this.series.findIndex(({ key }) => seriesName(key) === nameOf(first))
    const numbers = NUMBERS.find((other) => other !== this.#plan.numbers) ?? 'string'
    const before = dataOf(this.machine.disk)
    const booted = this.machine.boot(1)
    const { exit } = await runToEnd(
      {
        series: this.series,
        storing: { ...this.#plan, numbers },
        wishes: [{ series: [index], from: ORIGIN, to: undefined }],
        action: { source: 'rest' },
      },
      booted,
    )
    booted.end()
    if (exit !== 2) throw new Violation(`other numbers end with ${exit}, not 2`)
    expectSame(before, dataOf(this.machine.disk), 'a job that is refused')
  }

  async #verify(): Promise<VerifyReport> {
    const booted = this.machine.boot(2)
    let report: VerifyReport | undefined
    for await (const step of verify([], { world: booted.world }))
      if (step.kind === 'report') report = step
    booted.end()
    if (report === undefined) throw new Violation('verify ended without a report')
    if (!report.ok && !this.#isSpoilt)
      throw new Violation(`verify finds ${JSON.stringify(report.findings)}`)
    if (report.ok && this.law.suspects.size > 0)
      throw new Violation(`verify finds nothing wrong with ${[...this.law.suspects.keys()].join()}`)
    return report
  }

  async #spoil(action: SpoilAction): Promise<void> {
    const spoilt = await this.#spoiler.spoil(action)
    if (spoilt === undefined) return
    const { path, bytes } = spoilt
    this.#tell(`  ${path}`)
    this.#count.spoilt += 1
    this.#isSpoilt = true
    this.#isUncertain = true
    // An older manifest is a true one; an older file beside a newer manifest is not what that says it is.
    if (bytes !== undefined && (action.what === 'data' || action.kind === 'damage'))
      this.law.suspects.set(path, bytes)
  }

  /** What `verify` calls damaged is removed or rebuilt. */
  async #repair(): Promise<void> {
    const { findings } = await this.#verify()
    this.#tell(`  ${findings.map(({ code, path }) => `${code} ${path}`).join(', ')}`)
    const damaged = findings.filter(({ severity }) => severity === 'damage').map(({ path }) => path)
    const suspected = [...this.law.suspects.keys()].map((path) => path.slice(ROOT.length + 1))
    const removing = this.machine.boot(4)
    for (const path of [...damaged, ...suspected])
      if (path.endsWith('.parquet')) await removing.world.files.remove(path)
    removing.end()
    const rebuilding = this.machine.boot(5)
    for await (const step of verify([], { world: rebuilding.world, rebuild: true })) void step
    rebuilding.end()
    await this.law.look()
  }

  /** Calm: after some runs the lake is the truth, and then there is nothing left to do. */
  async #end(): Promise<void> {
    const { now } = this.machine
    const calmFrom = micros(END + 96n * HOUR)
    if (now < calmFrom) this.machine.pass(Number((calmFrom - now) / 60_000_000n))
    this.#tell(`${formatMicros(this.machine.now)} calm`)
    if (this.#isSpoilt) await this.#repair()
    const series = this.series.map((_, index) => index)
    const source = this.#plan.seed % 2 === 0 ? 'rest' : 'auto'
    const run: RunAction = {
      kind: 'run',
      wishes: [{ series, from: ORIGIN, to: END }],
      source,
      seed: 9,
    }
    await this.#untilWhole(run)
    const report = await this.law.look(true)
    this.law.expectAll({ from: ORIGIN, to: END }, (row) => this.law.isExempt(row))
    this.#expectComplete(report.map((one) => [nameOf(one), one.verdict]))
    await this.#expectNothingToDo(run)
    this.#tell(`${formatMicros(this.machine.now)} asked once more`)
    for (let times = 0; times < 2; times++)
      await this.#run({ ...run, recheck: { from: ORIGIN, to: END }, isRefresh: true })
    await this.law.look(true)
    this.law.expectAll({ from: ORIGIN, to: END }, () => false, true)
    await this.#expectNothingToDo(run)
    const { series: verdicts } = await this.#verify()
    this.#expectComplete(verdicts.map(({ key, verdict }) => [seriesName(key), verdict]))
  }

  async #untilWhole(run: RunAction): Promise<void> {
    for (let times = 1; ; times++) {
      const ended = await this.#run(run)
      const left = ended?.summary?.series.filter(({ key, missing, complete }) => {
        const isWhole = complete && missing.length === 0
        return !isWhole && !this.#isNeverWhole(seriesName(key))
      })
      if (left?.length === 0) return
      if (times === CALM_RUNS_MAX)
        throw new Violation(
          `calm, and after ${times} runs something is missing: ${left?.map(({ key, missing, error }) => `${seriesName(key)} ${windowsText(missing)} ${error?.message ?? ''}`).join('; ') ?? ''}`,
        )
      this.machine.pass(1_560)
    }
  }

  /** Where ids were left out nobody can prove that nothing is missing. */
  #isNeverWhole(name: string): boolean {
    return this.law.symbols.some(
      ({ hasNewIds, series }) =>
        hasNewIds &&
        series.some(({ key }) => key.interval === undefined && seriesName(key) === name),
    )
  }

  #expectComplete(verdicts: readonly (readonly [name: string, verdict: string])[]): void {
    for (const [name, verdict] of verdicts)
      if (!verdict.startsWith('complete') && !this.#isNeverWhole(name))
        throw new Violation(`whole, and ${name} is said to be ${verdict}`)
  }

  /** The next run asks for no rows, and changes no byte. */
  async #expectNothingToDo(run: RunAction): Promise<void> {
    const series = [...this.series.entries()].filter(
      ([, { key }]) => !this.#isNeverWhole(seriesName(key)),
    )
    const wishes = run.wishes.map((wish) => ({ ...wish, series: series.map(([index]) => index) }))
    if (series.length === 0) return
    const [before, requests] = [dataOf(this.machine.disk), this.#host.dataRequests]
    const ended = await this.#run({ ...run, wishes })
    if (ended?.exit !== 0) throw new Violation(`nothing to do, and exit ${ended?.exit}`)
    if (this.#host.dataRequests > requests)
      throw new Violation('nothing to do, and rows are asked for')
    expectSame(before, dataOf(this.machine.disk), 'a run with nothing to do')
  }
}

/** Only what has rows on both sides, or is young and at the end, may be left unconfirmed by a run that says that it is done. */
function checkUnconfirmed(
  one: SeriesStatus,
  wanted: Coverage,
  { truth, startedAt }: { readonly truth: SeriesTruth; readonly startedAt: Micros },
): void {
  for (const left of subtractAll(wanted, one.covered.map(parseWindow))) {
    const isYoung = startedAt - left.from <= 2n * HOUR + 120_000_000n
    const hasBefore = truth.rows.some(({ time }) => time < left.from)
    const hasAfter = truth.rows.some(
      ({ time, visibleFrom }) => time >= left.to && visibleFrom <= startedAt,
    )
    if (!isYoung && !(hasBefore && hasAfter))
      throw new Violation(`exit 0, and ${nameOf(one)} is unconfirmed in ${windowsText([left])}`)
  }
}

type Data = ReadonlyMap<string, Uint8Array>

function dataOf(disk: SimDisk): Data {
  return new Map([...disk.files()].filter(([path]) => path.startsWith(`${ROOT}/spot/`)))
}

function expectSame(before: Data, after: Data, what: string): void {
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter((path) => {
    const [old, now] = [before.get(path), after.get(path)]
    return old === undefined || now === undefined || !Buffer.from(old).equals(now)
  })
  if (changed.length > 0) throw new Violation(`${what} changes ${changed.join(', ')}`)
}
