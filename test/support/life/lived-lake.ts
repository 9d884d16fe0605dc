/** The lake of a life, and what is done to it. */

import { createHash } from 'node:crypto'
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
import { horizonOf } from '../../../src/session/wants.ts'
import type { SeriesStatus } from '../../../src/query/status.ts'
import { verify, type VerifyReport } from '../../../src/verify/verify.ts'
import { ROOT } from '../crash-machine.ts'
import { faultyCalls } from '../faulty-files.ts'
import type { Action, RunAction, Wish } from './actions.ts'
import { dataOf, expectSame } from './data.ts'
import { Depot } from './depot.ts'
import { diceOf } from './dice.ts'
import { END, historyOf, HOUR, ORIGIN } from './history.ts'
import type { ForeignLook } from './foreign.ts'
import { Host } from './host.ts'
import { Law, nameOf, unsaid, Violation, windowsText } from './law.ts'
import { LifeMachine } from './machine.ts'
import { actionText, type LifePlan } from './plan.ts'
import { runToEnd, type Ended } from './runs.ts'
import { Spoiler, type SpoilAction } from './spoil.ts'
import type { SeriesTruth } from './truth.ts'

/** When a run began, and by the clock that it was told. */
type When = { readonly startedAt: Micros; readonly told: Micros }

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

/** A lake and all around it: what can be done to it, and what must be said of it then. */
export class LivedLake {
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
  #isRecordSpoilt = false
  /** Files that were put back as they once were: a run may refuse them for as long as they are there. */
  readonly #restored = new Map<string, Uint8Array>()

  constructor(plan: LifePlan, tell: (line: string) => void = () => undefined) {
    const { seed, switches, pageRows, start, numbers } = plan
    this.#plan = plan
    this.#tell = tell
    const truth = historyOf(seed, switches)
    this.#host = new Host({ truth, pageRows })
    const depot = new Depot(truth, switches.faults.includes('files'), (row, now) => {
      this.#host.lacked(row, now)
    })
    this.machine = new LifeMachine(this.#host, depot, start)
    this.#spoiler = new Spoiler(this.machine)
    this.law = new Law({ truth, host: this.#host, machine: this.machine, numbers })
    this.series = truth.symbols.flatMap(({ series }) => series)
  }

  /** The lake in the end. */
  get foreign(): ForeignLook {
    const { machine, series } = this
    return { disk: machine.disk, series, numbers: this.#plan.numbers, now: machine.now }
  }

  /** What was counted so far. */
  get count(): LifeCount {
    return { ...this.#count, ...this.law.counted }
  }

  /** Requests for rows so far. */
  get dataRequests(): number {
    return this.#host.dataRequests
  }

  /** Was anything done to the lake behind the program's back? */
  get isSpoilt(): boolean {
    return this.#isSpoilt
  }

  /** Does one thing, and looks at the lake after it. @throws Violation when the law was broken */
  async act(action: Action): Promise<void> {
    this.#tell(`${formatMicros(this.machine.now)} ${actionText(action)}`)
    await this.#do(action)
    if (action.kind !== 'pass') await this.law.look()
    this.#spoiler.remember()
  }

  async #do(action: Action): Promise<void> {
    switch (action.kind) {
      case 'pass':
        this.machine.pass(action.minutes)
        return
      case 'run':
        await this.run(action)
        return
      case 'otherNumbers':
        await this.#otherNumbers()
        return
      case 'verify':
        await this.verify()
        return
      case 'delete':
      case 'restore':
      case 'damage':
        await this.#spoil(action)
        return
    }
  }

  /** A run, and what it says of itself. `undefined` when it was killed. */
  async run(action: RunAction): Promise<Ended | undefined> {
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
    this.#tell(`  exit ${exit} ${error instanceof Error ? error.message : ''}`)
    for (const { key, rows, missing, error: why } of summary?.series ?? [])
      this.#tell(
        `    ${seriesName(key)}: ${rows} rows; missing ${windowsText(missing)} ${why?.message ?? ''}`,
      )
    const files = this.machine.disk.files()
    const isOdd = [...this.#restored].some(([path, bytes]) => areEqual(files.get(path), bytes))
    const mayRefuse = fault?.kind === 'clock' || isOdd || this.law.suspects.size > 0
    // By the clock that the exchange tells, what is wanted may lie in the future.
    const isFuture = exit === 2 && fault?.kind === 'clock'
    if (exit !== 0 && exit !== 3 && !isFuture && !(exit === 4 && mayRefuse)) {
      const words = summary?.series.flatMap((one) => one.error?.message ?? []).join('; ')
      const stack = error instanceof Error ? (error.stack ?? '') : ''
      throw new Violation(`exit ${exit}: ${stack} ${words ?? ''}`, { cause: error })
    }
    const isComplete = summary?.complete === true
    const told = fault?.kind === 'clock' && fault.by < 0n ? startedAt + fault.by : startedAt
    if (exit === 0 || isComplete)
      await this.#checkDone(wishes, { told: micros(told), startedAt }, isComplete)
  }

  /** Not in the future, and not beyond the end of the history. */
  #clamped(wish: Wish): Wish {
    const { now } = this.machine
    const isAtEnd = wish.from !== undefined && (wish.from + HOUR >= now || wish.from >= END)
    const from = isAtEnd ? ORIGIN : wish.from
    const to = wish.to === undefined && now >= END ? END : wish.to
    return { ...wish, from, to: to !== undefined && from !== undefined && to <= from ? END : to }
  }

  /** A run that says that it is done: all that was wanted is covered, or said to be unconfirmed by one that ends with 0. */
  async #checkDone(wishes: readonly Wish[], when: When, isComplete: boolean): Promise<void> {
    const report = await this.law.look()
    for (const [index, truth] of this.series.entries()) {
      const name = seriesName(truth.key)
      const wanted = union(wishes.flatMap((wish) => this.#wanted(wish, index, when.told)))
      if (wanted.length === 0) continue
      const one = report.find((status) => nameOf(status) === name)
      const missing = subtractAll(wanted, one?.covered.map(parseWindow) ?? [])
      const left = one === undefined || isComplete ? missing : unsaid(wanted, one)
      if (left.length > 0) throw new Violation(`done, and ${name} lacks ${windowsText(left)}`)
      if (one !== undefined) checkUnconfirmed(one, wanted, { truth, when })
    }
  }

  #wanted({ series, from, to }: Wish, index: number, startedAt: Micros): readonly Window[] {
    const truth = this.series[index]
    if (truth === undefined || !series.includes(index)) return []
    // The server's clock is known but to some milliseconds, and it is the earliest that counts.
    const now = micros(startedAt - 8_000_000n)
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

  /** What `verify` says of the lake, which must be what status says. */
  async verify(): Promise<VerifyReport> {
    const booted = this.machine.boot(2)
    let report: VerifyReport | undefined
    for await (const step of verify([], { world: booted.world }))
      if (step.kind === 'report') report = step
    booted.end()
    if (report === undefined) throw new Violation('verify ended without a report')
    const { findings } = report
    // Until the next run, a manifest that was not synced may be gone with the power.
    const isFair = ({ severity, code }: (typeof findings)[number]): boolean =>
      severity === 'damage' && !(this.#isUncertain && code === 'manifest-missing')
    if (findings.some(isFair) && !this.#isSpoilt)
      throw new Violation(`verify finds ${JSON.stringify(findings)}`)
    const told = new Map((await this.law.look()).map((one) => [nameOf(one), one.verdict]))
    for (const { key, verdict } of report.series)
      if (
        verdict.startsWith('complete') &&
        told.get(seriesName(key))?.startsWith('complete') !== true
      )
        throw new Violation(`verify says ${verdict} of ${seriesName(key)}, status does not`)
    if (report.ok)
      for (const path of this.law.suspects.keys())
        if (!(await this.#isUnvouched(path)))
          throw new Violation(`verify finds nothing wrong with ${path}`)
    return report
  }

  /**
   * Damage beside the rows is known by the hash in the manifest alone, and an older file with its older manifest is the
   * lake of that time: where the manifest was spoilt too, nobody can tell.
   */
  async #isUnvouched(path: string): Promise<boolean> {
    return this.#isRecordSpoilt && (this.#isRecorded(path) || this.#spoiler.hasOwnRows(path))
  }

  #isRecorded(path: string): boolean {
    const files = this.machine.disk.files()
    const manifest = files.get(path.replace(/[^/]*\/[^/]*$/, '_series.json'))
    const hash = createHash('sha256')
      .update(files.get(path) ?? '')
      .digest('hex')
    return Buffer.from(manifest ?? []).includes(hash)
  }

  async #spoil(action: SpoilAction): Promise<void> {
    const spoilt = await this.#spoiler.spoil(action)
    if (spoilt === undefined) return
    const { path, bytes } = spoilt
    this.#tell(`  ${path}`)
    this.#count.spoilt += 1
    this.#isSpoilt = true
    this.#isUncertain = true
    this.#isRecordSpoilt ||= action.what === 'manifest'
    if (bytes !== undefined) this.law.suspects.set(path, bytes)
    else this.law.suspects.delete(path)
    const there = this.machine.disk.files().get(path)
    if (action.kind === 'restore' && there !== undefined) this.#restored.set(path, there)
  }

  /** What `verify` calls damaged is removed or rebuilt. */
  async repair(): Promise<void> {
    const { findings } = await this.verify()
    this.#tell(`  ${findings.map(({ code, path }) => `${code} ${path}`).join(', ')}`)
    const damaged = findings.filter(({ severity }) => severity === 'damage').map(({ path }) => path)
    const suspected = [...this.law.suspects.keys()].map((path) => path.slice(ROOT.length + 1))
    const removing = this.machine.boot(4)
    for (const path of [...damaged, ...suspected])
      if (path.endsWith('.parquet')) await removing.world.files.remove(path)
    removing.end()
    const rebuilding = this.machine.boot(5)
    for await (const step of verify([], { world: rebuilding.world, rebuild: true }))
      if (step.kind === 'report') this.#tell(`  rebuilt: ${step.ok ? 'sound' : 'damaged'}`)
    rebuilding.end()
    await this.law.look()
  }
}

/** Only what has rows on both sides, or is young and at the end, may be left unconfirmed by a run that says that it is done. */
function checkUnconfirmed(
  one: SeriesStatus,
  wanted: Coverage,
  { truth, when: { told, startedAt } }: { readonly truth: SeriesTruth; readonly when: When },
): void {
  for (const left of subtractAll(wanted, one.covered.map(parseWindow))) {
    const isYoung = told - left.from <= 2n * HOUR + 120_000_000n
    const hasBefore = truth.rows.some(({ time }) => time < left.from)
    const hasAfter = truth.rows.some(
      ({ time, visibleFrom }) => time >= left.to && visibleFrom <= startedAt,
    )
    if (!isYoung && !(hasBefore && hasAfter))
      throw new Violation(`exit 0, and ${nameOf(one)} is unconfirmed in ${windowsText([left])}`)
  }
}

function areEqual(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0
}
