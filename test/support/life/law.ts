/**
 * The law of a lake, looked at after everything that happens: no row altered, doubled or out of place, and nothing
 * called covered or complete that lacks a row which a sound host would have served when it was asked for.
 */

import { clip, subtractAll, union, type Coverage } from '../../../src/base/coverage.ts'
import {
  formatMicros,
  micros,
  parseWindow,
  periodWindow,
  type Micros,
  type Window,
} from '../../../src/base/time.ts'
import type { Numbers } from '../../../src/binance/dataset.ts'
import { seriesName } from '../../../src/binance/series.ts'
import { status, type SeriesStatus } from '../../../src/query/status.ts'
import type { SimDisk } from '../sim-disk.ts'
import { Asked } from './asked.ts'
import { difference } from './compare.ts'
import { OLD } from './faults.ts'
import type { Host } from './host.ts'
import type { LifeMachine } from './machine.ts'
import { LakeReader, type StoredFile, type StoredRow } from './stored.ts'
import {
  finalRow,
  rowOf,
  versionAt,
  type SeriesTruth,
  type SymbolTruth,
  type Truth,
  type TruthRow,
} from './truth.ts'

/** The law was broken. */
export class Violation extends Error {}

/** What the law is held against. */
export type LawWorld = {
  readonly truth: Truth
  readonly host: Host
  readonly machine: LifeMachine
  readonly numbers: Numbers
}

/** What was looked at and found right, to be counted. */
export type Counted = { looks: number; rows: number; exempt: number }

/** Looks at one lake again and again. */
export class Law {
  readonly counted: Counted = { looks: 0, rows: 0, exempt: 0 }
  readonly #world: LawWorld
  readonly #reader = new LakeReader()
  readonly #asked = new Asked()
  /** Files that were found right, for good: what was true once stays a thing that was sent. */
  readonly #right = new WeakSet<StoredFile>()
  /** Files that somebody spoiled, with the bytes that they were given: for as long as they have them. */
  readonly suspects = new Map<string, Uint8Array>()
  #stored = new Map<string, Map<bigint, StoredRow>>()
  /** When the run began that covered what is new; of lakes that were cut off or restored, the first of all. */
  askedAt: Micros = micros(0n)

  constructor(world: LawWorld) {
    this.#world = world
  }

  get symbols(): readonly SymbolTruth[] {
    return this.#world.truth.symbols
  }

  /** Every series of the life. */
  get series(): readonly SeriesTruth[] {
    return this.#world.truth.symbols.flatMap(({ series }) => series)
  }

  /** @throws Violation */
  async look(isFinal = false): Promise<readonly SeriesStatus[]> {
    const { machine } = this.#world
    this.#clearSuspects(machine.disk)
    this.counted.looks += 1
    const files = await this.#files()
    this.#stored = new Map()
    for (const file of files) this.#checkRows(file, isFinal)
    const booted = machine.boot(0)
    const { series } = await status([], { world: booted.world })
    booted.end()
    for (const one of series) this.#checkCovered(one, this.#stored.get(nameOf(one)) ?? new Map())
    return series
  }

  async #files(): Promise<readonly StoredFile[]> {
    try {
      return await this.#reader.files(this.#world.machine.disk, new Set(this.suspects.keys()))
    } catch (error) {
      throw new Violation(`a file cannot be read: ${String(error)}`, { cause: error })
    }
  }

  #clearSuspects(disk: SimDisk): void {
    const files = disk.files()
    for (const [path, bytes] of this.suspects) {
      const now = files.get(path)
      if (now === undefined || !Buffer.from(now).equals(bytes)) this.suspects.delete(path)
    }
  }

  #truthOf(name: string): SeriesTruth {
    const found = this.series.find(({ key }) => seriesName(key) === name)
    if (found === undefined) throw new Violation(`${name} was never asked for`)
    return found
  }

  #checkRows(file: StoredFile, isFinal: boolean): void {
    const name = seriesName(file.key)
    const truth = this.#truthOf(name)
    const keys = this.#stored.get(name) ?? new Map<bigint, StoredRow>()
    this.#stored.set(name, keys)
    const isRight = !isFinal && this.#right.has(file)
    for (const found of file.rows) {
      if (keys.has(found.key))
        throw new Violation(`${name} ${file.period} key ${found.key}: it is there twice`)
      keys.set(found.key, found)
      if (isRight) continue
      const about = `${name} ${file.period} key ${found.key}`
      const row = rowOf(truth, found.key)
      if (row === undefined) throw new Violation(`${about}: there is no such row`)
      this.counted.rows += 1
      const why = this.#alteration(truth, row, found, isFinal)
      if (why !== undefined) throw new Violation(`${about}: altered: ${why}`)
    }
    this.#right.add(file)
  }

  #alteration(
    truth: SeriesTruth,
    row: TruthRow,
    found: StoredRow,
    isFinal: boolean,
  ): string | undefined {
    const { numbers, machine, host } = this.#world
    const latest = versionAt(row, machine.now)
    let why: string | undefined
    for (let version = latest; version >= 0; version--) {
      const other = difference(found, finalRow(truth, row, version), numbers)
      if (other === undefined) return undefined
      why ??= other
    }
    // Of a host that lags, nobody can tell that a kline was not done; but it must be asked for again.
    const parts = isFinal ? [] : (host.unfinished.get(row) ?? [])
    return parts.some((part) => difference(found, part, numbers) === undefined) ? undefined : why
  }

  #checkCovered(one: SeriesStatus, stored: ReadonlyMap<bigint, StoredRow>): void {
    const name = nameOf(one)
    const truth = this.#truthOf(name)
    const covered = one.covered.map(parseWindow)
    this.#asked.update(name, covered, this.askedAt)
    for (const row of truth.rows) {
      const at = this.#asked.at(name, row.time)
      if (at === undefined || row.visibleFrom > at || stored.has(row.key)) continue
      if (this.#isSuspect(one, row)) continue
      if (this.isExempt(row)) {
        this.counted.exempt += 1
        continue
      }
      throw new Violation(
        `${name} key ${row.key} of ${formatMicros(row.time)}, served from ${formatMicros(row.visibleFrom)} on, is not there, and its time is covered since ${formatMicros(at)}; ${one.verdict}; gaps ${gapsAt(one, row.time)}`,
      )
    }
    if (one.verdict.startsWith('complete')) this.#checkComplete(one, covered)
  }

  /** Between the first moment and the last that were asked for, all is covered. */
  #checkComplete(one: SeriesStatus, covered: Coverage): void {
    const asked = union(covered, one.gaps.map(parseWindow))
    const [first, last] = [asked[0], asked.at(-1)]
    if (first === undefined || last === undefined) return
    const left = subtractAll([{ from: first.from, to: last.to }], covered)
    if (left.length > 0)
      throw new Violation(`${nameOf(one)}: "${one.verdict}" without ${windowsText(left)}`)
  }

  #isSuspect(one: SeriesStatus, { time }: TruthRow): boolean {
    return [...this.suspects.keys()].some((path) => {
      const period = /period=([^/]+)\/data\.parquet$/.exec(path)?.[1]
      if (period === undefined || !path.includes(`/${one.dataset}/`)) return false
      if (!path.includes(`symbol=${one.symbol}/`)) return false
      if (one.interval !== undefined && !path.includes(`interval=${one.interval}/`)) return false
      const { from, to } = periodWindow(period)
      return from <= time && time < to
    })
  }

  /**
   * Holds the rows of the last look against the truth.
   *
   * @param mayLack - May this row be absent?
   * @param isLatest - Must each be what the exchange says last?
   * @throws Violation
   */
  expectAll(window: Window, mayLack: (row: TruthRow) => boolean, isLatest = false): void {
    const { numbers, machine } = this.#world
    for (const truth of this.series) {
      const name = seriesName(truth.key)
      const stored = this.#stored.get(name)
      for (const row of truth.rows) {
        if (row.time < window.from || row.time >= window.to) continue
        const about = `${name} key ${row.key} of ${formatMicros(row.time)}`
        const found = stored?.get(row.key)
        if (found === undefined && mayLack(row)) continue
        if (found === undefined) throw new Violation(`${about}: calm, and it is not there`)
        const last = finalRow(truth, row, versionAt(row, machine.now))
        const why = isLatest ? difference(found, last, numbers) : undefined
        if (why !== undefined) throw new Violation(`${about}: asked again, and ${why}`)
      }
    }
  }

  /** May the contract's rules take the row for absent, since the exchange kept it back for as long as they ask? */
  isExempt(row: TruthRow): boolean {
    const withheld = this.#world.host.withheld.get(row) ?? []
    const last = withheld.at(-1)
    if (last === undefined) return false
    if (withheld.some(({ isTrading }) => !isTrading)) return true
    if (withheld.some(({ isHole, now }) => isHole && now - row.time >= OLD.between)) return true
    return withheld.length > 1 && last.now - row.time >= OLD.again
  }
}

/** What of `wanted` is neither covered nor said to be unconfirmed. */
export function unsaid(wanted: Coverage, one: SeriesStatus): Coverage {
  const said = one.gaps.filter(({ reason }) => reason === 'unconfirmed')
  return subtractAll(wanted, union(one.covered.map(parseWindow), said.map(parseWindow)))
}

/** A series of a status by its name. */
export function nameOf({ market, dataset, symbol, interval }: SeriesStatus): string {
  const key = { market, dataset, symbol }
  return seriesName(interval === undefined ? key : { ...key, interval })
}

function gapsAt({ gaps }: SeriesStatus, time: Micros): string {
  const moment = { from: time, to: micros(time + 1n) }
  const found = gaps.filter((gap) => clip([parseWindow(gap)], moment).length > 0)
  return found.map(({ from, to, reason }) => `${reason} ${from} to ${to}`).join(', ')
}

/** Windows in words. */
export function windowsText(windows: Coverage): string {
  return windows.map(({ from, to }) => `${formatMicros(from)} to ${formatMicros(to)}`).join(', ')
}
