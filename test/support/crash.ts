/**
 * Every step of every commit path, stopped at: runs on a simulated disk, faults at the k-th system call, and what must
 * hold when the machine comes back.
 */

import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { LockedError, StoreError } from '../../src/base/errors.ts'
import { nodeFiles } from '../../src/node/files.ts'
import type { FsCalls } from '../../src/node/fs-calls.ts'
import { readFooter, readRowGroup } from '../../src/store/parquet/read.ts'
import { verify } from '../../src/verify/verify.ts'
import { expectSameLake } from './chaos.ts'
import { machineWith, ROOT, type Disk, type Machine } from './crash-machine.ts'
import type { Scenario } from './crash-scenarios.ts'
import { faultyCalls, type Fault } from './faulty-files.ts'
import type { SimDisk, Survival } from './sim-disk.ts'
import { lakeOf } from './virtual.ts'

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
/** The calls that decide what there is. */
const DECISIVE = new Set(['rename', 'link'])
/** Of the other steps, every so many. */
const SAMPLED = 5

/** A place to strike, and how. */
export type Point = { readonly at: number; readonly blow: Blow }

/** Every blow at every step. */
export function everyPoint(steps: readonly string[]): readonly Point[] {
  return BLOWS.flatMap((blow) =>
    steps.flatMap((name, index) =>
      // A tear only falls on a write.
      blow.kind === 'tear' && name !== 'write' ? [] : [{ at: index + 1, blow }],
    ),
  )
}

/** A sample: at steps that decide one blow of each sort in turn and the worst of all, and one at some of the others. */
export function somePoints(steps: readonly string[]): readonly Point[] {
  return steps.flatMap((name, index) => {
    const at = index + 1
    const blow = ONE_EACH[at % ONE_EACH.length]!
    if (DECISIVE.has(name))
      return [
        { at, blow },
        { at, blow: { kind: 'crash', survival: 'names' } as const },
      ]
    if (at % SAMPLED !== 0) return []
    return [{ at, blow: name === 'write' ? ({ kind: 'tear', survival: 'all' } as const) : blow }]
  })
}

/** The data files, with their bytes in a form that is quick to compare. */
function dataOf(disk: SimDisk): Record<string, string> {
  const data = [...disk.files()].filter(([path]) => path.endsWith('.parquet'))
  return Object.fromEntries(
    data.map(([path, bytes]) => [path, createHash('sha256').update(bytes).digest('hex')]),
  )
}

type Lake = Readonly<Record<string, Uint8Array>>

/** What a scenario is measured by. */
export type Measure = {
  readonly before: Disk
  /** What `verify` finds then. */
  readonly damage: ReadonlySet<string>
  /** What it comes to: the lake once nothing changes any more. */
  readonly lake: Lake
  /** The system calls that change something, by name. */
  readonly steps: readonly string[]
}

/** Runs a scenario calmly, counting. */
export async function measure(scenario: Scenario): Promise<Measure> {
  const before = await scenario.before()
  const machine = await machineWith(before, scenario.exchange, scenario.isTimeless)
  const damage = await damageOf(machine, scenario.start)
  const counted = faultyCalls(machine.disk.calls)
  const { world, end } = machine.boot(counted.calls, scenario.start)
  const { exit, error } = await scenario.act(world)
  end()
  expect(error).toBeUndefined()
  expect(exit, scenario.name).toBe(0)
  expect(machine.disk.openCount(), 'descriptors left open').toBe(0)
  const steps = counted.log()
  return { before, damage, lake: await settle(machine, scenario, scenario.name), steps }
}

/** Every so many calm runs a lake changes at most: a row that changed is asked for once more by whoever comes next. */
const SETTLING_MAX = 4

/** Does again what the scenario does, until it changes nothing. */
async function settle(machine: Machine, { act, start }: Scenario, about: string): Promise<Lake> {
  const files = nodeFiles(ROOT, machine.disk.calls)
  let before = await lakeOf(files)
  for (let times = 0; times < SETTLING_MAX; times++) {
    const { world, end } = machine.boot(machine.disk.calls, start)
    expect(await act(world), about).toMatchObject({ exit: 0, error: undefined })
    end()
    const now = await lakeOf(files)
    if (isSameLake(before, now)) return now
    before = now
  }
  throw new Error(`${about}: each of ${SETTLING_MAX} calm runs changes the lake`)
}

function isSameLake(a: Lake, b: Lake): boolean {
  const paths = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...paths].every((path) => {
    const [one, other] = [a[path], b[path]]
    return one !== undefined && other !== undefined && Buffer.from(one).equals(other)
  })
}

/**
 * Strikes once and checks what is left: nothing visible is broken, `verify` finds no damage that was not there, and
 * going on leads to the bytes that calm runs lead to.
 */
export async function strike(
  scenario: Scenario,
  { before, damage, lake }: Measure,
  { at, blow }: Point,
): Promise<void> {
  await breathe()
  const machine = await machineWith(before, scenario.exchange, scenario.isTimeless)
  const { kind, lasting = false } = blow
  const faulty = faultyCalls(machine.disk.calls, { at, kind, lasting })
  const first = machine.boot(faulty.calls, scenario.start)
  const { exit, error } = await scenario.act(first.world)
  first.end()
  // Threads that inflate make the order of steps differ from run to run: named as it was in this one.
  const step = faulty.log()[at - 1] ?? 'not reached'
  const about = `${scenario.name}: ${blow.kind} ${blow.survival ?? ''} at step ${at} (${step})`
  expect(faulty.hasFired(), about).toBe(true)
  if (blow.survival === undefined) {
    // Either it did not matter, or it is told as what it is, and every descriptor is closed.
    if (exit !== 0) expect(error, about).toBeInstanceOf(StoreError)
    expect(machine.disk.openCount(), `${about}: descriptors left open`).toBe(0)
  } else {
    machine.disk.crash(blow.survival)
  }
  await expectWhole(machine.disk, about)
  await expectSound(machine, scenario, { damage, about })
  const second = machine.boot(machine.disk.calls, scenario.start)
  expect(await scenario.act(second.world), about).toMatchObject({ exit: 0, error: undefined })
  second.end()
  // What a run says is done lasts, whoever published it: also what an earlier one published and ended before it was
  // synced. Only a manifest may fall back, which the next run mends from the files.
  const done = dataOf(machine.disk)
  machine.disk.crash('synced')
  expect(dataOf(machine.disk), `${about}: lost after it was done`).toEqual(done)
  expectSameLake(await settle(machine, scenario, about), lake, about)
  const leftovers = await nodeFiles(ROOT, machine.disk.calls).list('_tmp')
  expect(leftovers, `${about}: leftovers`).toEqual([])
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

async function expectSound(
  machine: Machine,
  { start }: Scenario,
  { damage, about }: { readonly damage: ReadonlySet<string>; readonly about: string },
): Promise<void> {
  const found = await damageOf(machine, start)
  // Published and not recorded yet.
  const isNew = (one: string): boolean => !damage.has(one) && !one.startsWith('manifest-missing ')
  expect([...found].filter(isNew), about).toEqual([])
}

async function damageOf(machine: Machine, start: string): Promise<ReadonlySet<string>> {
  const { world, end } = machine.boot(machine.disk.calls, start)
  const damage = new Set<string>()
  for await (const step of verify([], { world }))
    if (step.kind === 'finding' && step.finding.severity === 'damage')
      damage.add(`${step.finding.code} ${step.finding.path}`)
  end()
  return damage
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
  await breathe()
  const about = `${scenario.name}: stopped before call ${at}`
  const machine = await machineWith(before, scenario.exchange, scenario.isTimeless)
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
  expectSameLake(await settle(machine, scenario, about), lake, about)
  thawed.give()
  const { exit, error } = await ended
  const left = await lakeOf(nodeFiles(ROOT, machine.disk.calls))
  expectSameLake(left, lake, `${about}, and gone on`)
  // Stopped before it took the lake, it takes it later and finds nothing to do; stopped after its work, it is done.
  if (exit !== 0)
    expect([StoreError.name, LockedError.name], about).toContain((error as Error).name)
  return true
}

/** Lives of a machine in memory are one long chain of promises, in which nothing that is held weakly is ever let go. */
async function breathe(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
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
