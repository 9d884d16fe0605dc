/**
 * Every step of every commit path, stopped at: runs on a simulated disk, faults at the k-th system call, and what must
 * hold when the machine comes back.
 */

import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { LockedError, StoreError } from '../../src/base/errors.ts'
import { parseMicros } from '../../src/base/time.ts'
import { nodeFiles } from '../../src/node/files.ts'
import type { FsCalls } from '../../src/node/fs-calls.ts'
import type { Options } from '../../src/options.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { readFooter, readRowGroup } from '../../src/store/parquet/read.ts'
import { verify, type Finding } from '../../src/verify.ts'
import { expectSameLake } from './chaos.ts'
import { faultyCalls, type Fault } from './faulty-files.ts'
import { simClock } from './sim-clock.ts'
import { simDisk, type SimDisk, type Survival } from './sim-disk.ts'
import { simProcesses } from './sim-world.ts'
import { attempt, lakeOf, virtualWorld, type VirtualWorld } from './virtual.ts'

/** The lake's directory on simulated disks. */
export const ROOT = '/lake'

/** Two series in five partitions, with a gap across two of them. Not compressed: see `virtual.ts`. */
const job = (to: string): string => `
version: 1
compression: none
source: rest
from: 2026-04-30T12:00:00Z
to: ${to}
datasets:
  - {kind: klines, symbols: [ETHUSDT], intervals: [1h], partition: month}
  - {kind: aggTrades, symbols: [BTCUSDT]}
`
const WHOLE = job('2026-05-02T12:00:00Z')
const PART = job('2026-05-01T06:30:00Z')

/** One volume of each period changes after the first run. */
const REVISED_AT = parseMicros('2026-06-01T12:00')

function exchange(): Exchange {
  return new Exchange({
    symbols: [
      { symbol: 'BTCUSDT', aggTradesPerDay: 40 },
      {
        symbol: 'ETHUSDT',
        outages: [{ from: parseMicros('2026-04-30T20:00'), to: parseMicros('2026-05-01T03:00') }],
        revisions: ['2026-04-30T15:00', '2026-05-01T15:00'].map((openTime) => ({
          interval: '1h' as const,
          openTime: parseMicros(openTime),
          at: REVISED_AT,
        })),
      },
    ],
  })
}

type Disk = ReadonlyMap<string, Uint8Array>

/** A way that bytes get to the disk. */
export type Scenario = {
  readonly name: string
  /** What is on the disk before. */
  readonly before: () => Promise<Disk>
  readonly act: (world: VirtualWorld) => Promise<{ readonly exit: number; readonly error: unknown }>
  /** When, by the exchange's clock. */
  readonly start: string
}

const FIRST = '2026-06-01T00:00'
const LATER = '2026-06-02T00:00'
const nothing = async (): Promise<Disk> => new Map()

const runs =
  (yaml: string, options: Options = {}): Scenario['act'] =>
  (world) =>
    attempt(yaml, { ...options, world })

const RECHECK = { from: parseMicros('2026-04-30'), to: parseMicros('2026-05-03') }

/** The commit paths. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'first write', before: nothing, act: runs(WHOLE), start: FIRST },
  {
    name: 'merge into partitions that are there',
    before: () => after({ act: runs(PART), start: FIRST, before: nothing }),
    act: runs(WHOLE),
    start: FIRST,
  },
  {
    name: 'revision',
    before: () => after({ act: runs(WHOLE), start: FIRST, before: nothing }),
    act: runs(WHOLE, { recheck: RECHECK }),
    start: LATER,
  },
  {
    name: 'rebuild of lost manifests',
    before: async () => {
      const disk = await after({ act: runs(WHOLE), start: FIRST, before: nothing })
      return new Map([...disk].filter(([path]) => !path.endsWith('_series.json')))
    },
    act: rebuild,
    start: FIRST,
  },
  {
    name: 'rebuild of torn manifests',
    before: async () => {
      const disk = await after({ act: runs(WHOLE), start: FIRST, before: nothing })
      return new Map(
        [...disk].map(([path, bytes]) => [
          path,
          path.endsWith('_series.json') ? bytes.subarray(0, bytes.length >> 1) : bytes,
        ]),
      )
    },
    act: rebuild,
    start: FIRST,
  },
]

async function rebuild(world: VirtualWorld): Promise<{ exit: number; error: unknown }> {
  try {
    let exit = 4
    for await (const step of verify([], { world, rebuild: true }))
      if (step.kind === 'report' && step.ok) exit = 0
    return { exit, error: undefined }
  } catch (error) {
    return { exit: 1, error }
  }
}

/** What happens at a step. */
export type Blow = {
  readonly kind: Fault['kind']
  /** What is left on the disk; only where the process, or the machine, ends. */
  readonly survival?: Survival
  readonly lasting?: boolean
}

const SURVIVALS: readonly Survival[] = ['all', 'synced', 'names']
const ENDS = ['crash', 'crashAfter', 'tear'] as const
const REFUSALS = ['ENOSPC', 'EIO', 'EACCES'] as const

/** Every blow there is. */
export const BLOWS: readonly Blow[] = [
  ...ENDS.flatMap((kind) => SURVIVALS.map((survival) => ({ kind, survival }))),
  ...REFUSALS.flatMap((kind) => [{ kind }, { kind, lasting: true }]),
]

const ONE_EACH: readonly Blow[] = [
  { kind: 'crash', survival: 'all' },
  { kind: 'crashAfter', survival: 'synced' },
  { kind: 'ENOSPC', lasting: true },
  { kind: 'EIO' },
  { kind: 'EACCES' },
]
/** The calls between which it is decided what lasts. */
const DECISIVE = new Set(['rename', 'link', 'unlink', 'fsync', 'mkdir'])

/** The bounded part: at each step one blow of each sort in turn, and at those that decide the worst of all. */
export function fewBlows(steps: readonly string[], at: number): readonly Blow[] {
  const name = steps[at - 1] ?? ''
  const turn = ONE_EACH[at % ONE_EACH.length]!
  if (name === 'write') return [turn, { kind: 'tear', survival: 'all' }]
  return DECISIVE.has(name) ? [turn, { kind: 'crash', survival: 'names' }] : [turn]
}

/** A machine: a disk, and processes that come and go on it. */
export type Machine = {
  readonly disk: SimDisk
  /** A new process; it is dead when `end` was called. */
  boot(calls: FsCalls, start: string): { readonly world: VirtualWorld; readonly end: () => void }
}

/** A machine with files on its disk. */
export async function machineWith(content: Disk, makeExchange = exchange): Promise<Machine> {
  const disk = simDisk()
  await fill(disk, content)
  const processes = simProcesses()
  let seed = 0
  return {
    disk,
    boot: (calls, start) => {
      const process = processes.spawn()
      const clock = simClock({ start: parseMicros(start) })
      const files = nodeFiles(ROOT, calls)
      const world = virtualWorld(makeExchange(), { clock, files, process, seed: ++seed })
      return {
        world,
        end: () => {
          process.kill()
          clock.stop()
        },
      }
    },
  }
}

/** Puts files on a disk, durably. */
async function fill({ calls }: SimDisk, content: Disk): Promise<void> {
  const files = nodeFiles(ROOT, calls)
  for (const [path, bytes] of content) await files.replace(path.slice(ROOT.length + 1), bytes)
}

/** What is on the disk after something calm. */
async function after({ act, start, before }: Omit<Scenario, 'name'>): Promise<Disk> {
  const machine = await machineWith(await before())
  const { world, end } = machine.boot(machine.disk.calls, start)
  const { exit, error } = await act(world)
  end()
  expect(error).toBeUndefined()
  expect(exit).toBe(0)
  return visible(machine.disk)
}

/** What is the lake's own: neither locks nor temporary files. */
function visible(disk: SimDisk): Disk {
  return new Map([...disk.files()].filter(([path]) => !/^\/lake\/(_lock|_tmp)\//.test(path)))
}

/** The data files, with their bytes in a form that is quick to compare. */
function dataOf(disk: SimDisk): Record<string, string> {
  const data = [...disk.files()].filter(([path]) => path.endsWith('.parquet'))
  return Object.fromEntries(
    data.map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]),
  )
}

/** What a scenario is measured by. */
export type Measure = {
  readonly before: Disk
  readonly lake: Readonly<Record<string, Uint8Array>>
  /** The system calls that change something, by name. */
  readonly steps: readonly string[]
}

/** Runs a scenario calmly, counting. */
export async function measure(scenario: Scenario): Promise<Measure> {
  const before = await scenario.before()
  const machine = await machineWith(before)
  const counted = faultyCalls(machine.disk.calls)
  const { world, end } = machine.boot(counted.calls, scenario.start)
  const { exit, error } = await scenario.act(world)
  end()
  expect(error).toBeUndefined()
  expect(exit).toBe(0)
  expect(machine.disk.openCount(), 'descriptors left open').toBe(0)
  return { before, lake: await lakeOf(nodeFiles(ROOT, machine.disk.calls)), steps: counted.log() }
}

/**
 * Deals `blow` at step `at` (from 1) and checks what is left: nothing visible is broken, `verify` finds no damage that
 * was not there, and going on leads to the bytes of the calm run.
 *
 * @returns Whether it fell; a tear only falls on a write.
 */
export async function deal(
  scenario: Scenario,
  { before, lake, steps }: Measure,
  blow: Blow,
  at: number,
): Promise<boolean> {
  if (blow.kind === 'tear' && steps[at - 1] !== 'write') return false
  const about = `${scenario.name}: ${blow.kind} ${blow.survival ?? ''} at step ${at} (${steps[at - 1]})`
  const machine = await machineWith(before)
  const { kind, lasting = false } = blow
  const faulty = faultyCalls(machine.disk.calls, { at, kind, lasting })
  const first = machine.boot(faulty.calls, scenario.start)
  const { exit, error } = await scenario.act(first.world)
  first.end()
  expect(faulty.hasFired(), about).toBe(true)
  if (blow.survival === undefined) {
    // Either it did not matter, or it is told as what it is, and every descriptor is closed.
    if (exit !== 0) expect(error, about).toBeInstanceOf(StoreError)
    // Closing ends a descriptor even where it fails; the simulated fault is before that.
    const isClose = steps[at - 1] === 'close'
    if (!isClose) expect(machine.disk.openCount(), `${about}: descriptors left open`).toBe(0)
  } else {
    machine.disk.crash(blow.survival)
  }
  await expectWhole(machine.disk, about)
  await expectSound(machine, scenario, about)
  const second = machine.boot(machine.disk.calls, scenario.start)
  expect(await scenario.act(second.world), about).toMatchObject({ exit: 0, error: undefined })
  second.end()
  // What a run says is done lasts, whoever published it: also what an earlier one published and ended before it was
  // synced. Only a manifest may fall back, which the next run mends from the files.
  const done = dataOf(machine.disk)
  machine.disk.crash('synced')
  expect(dataOf(machine.disk), `${about}: lost after it was done`).toEqual(done)
  const third = machine.boot(machine.disk.calls, scenario.start)
  expect(await scenario.act(third.world), about).toMatchObject({ exit: 0, error: undefined })
  third.end()
  const files = nodeFiles(ROOT, machine.disk.calls)
  expectSameLake(await lakeOf(files), lake, about)
  expect(await files.list('_tmp'), `${about}: leftovers`).toEqual([])
  return true
}

/** Nothing that readers see is broken: every file that matches `*.parquet` can be read to its end. */
export async function expectWhole(disk: SimDisk, about: string): Promise<void> {
  const files = nodeFiles(ROOT, disk.calls)
  for (const path of disk.files().keys()) {
    if (!path.endsWith('.parquet')) continue
    const file = await files.open(path.slice(ROOT.length + 1))
    if (file === undefined) throw new Error(`${about}: ${path} cannot be opened`)
    const footer = await readFooter(file)
    let rows = 0
    for (let group = 0; group < footer.rowGroups.length; group++)
      rows += (await readRowGroup(file, footer, group)).numRows
    expect(rows, `${about}: ${path}`).toBe(footer.rows)
    expect(rows, `${about}: ${path}`).toBeGreaterThan(0)
    await file.close()
  }
}

async function expectSound(machine: Machine, scenario: Scenario, about: string): Promise<void> {
  const { world, end } = machine.boot(machine.disk.calls, scenario.start)
  const findings: Finding[] = []
  for await (const step of verify([], { world }))
    if (step.kind === 'finding') findings.push(step.finding)
  end()
  // Published and not recorded yet, or lost before the rebuild began.
  const isKnown = ({ code }: Finding): boolean =>
    code === 'manifest-missing' ||
    (code === 'manifest-damaged' && scenario.name.startsWith('rebuild'))
  const damage = findings.filter((one) => one.severity === 'damage' && !isKnown(one))
  expect(damage, about).toEqual([])
}

/**
 * Stops a run before its `at`-th system call (from 1, reads included), has another one take the lake and finish, and
 * lets the first go on: it must not change a byte of what the other left.
 *
 * @returns Whether the run made so many calls.
 */
export async function freeze(
  scenario: Scenario,
  { before, lake }: Measure,
  at: number,
): Promise<boolean> {
  const about = `${scenario.name}: stopped before call ${at}`
  const machine = await machineWith(before)
  const [frozen, thawed] = [newSignal(), newSignal()]
  let count = 0
  const calls = hooked(machine.disk.calls, async () => {
    if (++count !== at) return
    frozen.give()
    await thawed.given
  })
  const first = machine.boot(calls, scenario.start)
  const ended = scenario.act(first.world)
  await Promise.race([frozen.given, ended])
  if (count < at) {
    first.end()
    return false
  }
  // To the others it is dead.
  first.end()
  const second = machine.boot(machine.disk.calls, scenario.start)
  expect(await scenario.act(second.world), about).toMatchObject({ exit: 0, error: undefined })
  second.end()
  const files = nodeFiles(ROOT, machine.disk.calls)
  expectSameLake(await lakeOf(files), lake, about)
  thawed.give()
  const { exit, error } = await ended
  expectSameLake(await lakeOf(files), lake, `${about}, and gone on`)
  // Stopped before it took the lake, it takes it later and finds nothing to do; stopped after its work, it is done.
  if (exit !== 0)
    expect([StoreError.name, LockedError.name], about).toContain((error as Error).name)
  return true
}

function hooked(calls: FsCalls, before: () => Promise<void>): FsCalls {
  const wrapped = Object.entries(calls).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      await before()
      return (call as (...args: unknown[]) => Promise<unknown>)(...args)
    },
  ])
  return Object.fromEntries(wrapped) as FsCalls
}

function newSignal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = (): void => undefined
  const given = new Promise<void>((resolve) => (give = resolve))
  return {
    given,
    give: () => {
      give()
    },
  }
}
