/** The commit paths: every way that bytes get to the disk, as a run over a small lake. */

import { expect } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { UsageError } from '../../src/base/errors.ts'
import type { Options } from '../../src/options.ts'
import { removeSeries } from '../../src/remove/remove.ts'
import { Exchange, type ExchangeOptions } from '../../src/simulator/index.ts'
import { verify } from '../../src/verify/verify.ts'
import { machineWith, type Disk } from './crash-machine.ts'
import { faultyCalls } from './faulty-files.ts'
import type { SimDisk } from './sim-disk.ts'
import { FILES_FIRST } from './speeds.ts'
import { attempt, type VirtualWorld } from './virtual.ts'

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

function exchange(more: Partial<ExchangeOptions> = {}): Exchange {
  return new Exchange({
    ...more,
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

/** A way that bytes get to the disk. */
export type Scenario = {
  readonly name: string
  /** What is on the disk before. */
  readonly before: () => Promise<Disk>
  readonly act: (world: VirtualWorld) => Promise<{ readonly exit: number; readonly error: unknown }>
  /** When, by the exchange's clock. */
  readonly start: string
  readonly exchange: () => Exchange
  /** Does its clock stand? See {@link machineWith}. */
  readonly isTimeless?: boolean
}

const FIRST = '2026-06-01T00:00'
const LATER = '2026-06-02T00:00'
const nothing = async (): Promise<Disk> => new Map()

const runs =
  (yaml: string, options: Options = {}): Scenario['act'] =>
  (world) =>
    attempt(yaml, { ...options, world })

const RECHECK = { from: parseMicros('2026-04-30'), to: parseMicros('2026-05-03') }

/** From files of a month and of days; what the archive cannot prove is asked of REST. */
const ARCHIVED = `
version: 1
compression: none
source: auto
datasets:
  - {kind: klines, symbols: [ETHUSDT], intervals: [1d], partition: month, from: 2026-04-01, to: 2026-05-01}
  - {kind: aggTrades, symbols: [BTCUSDT], from: 2026-04-30, to: 2026-05-02}
`

/** The first request for klines is answered by a ban, which is kept on the disk, and which the run sits out. */
const banning = (): Exchange =>
  exchange({
    faults: {
      rules: [{ path: '/api/v3/klines', nth: 1, fault: { kind: 'banned', seconds: 30 } as const }],
    },
  })

/** Making its zips takes longer than all else, so that there is one exchange for all runs, without limits. */
let published: Exchange | undefined
const archiving = (): Exchange => {
  const rules = [
    { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 1e9 } as const,
  ]
  published ??= exchange({ limits: { rules } })
  return published
}

const plain = { start: FIRST, exchange: (): Exchange => exchange() }
/** A whole lake. */
export const done = { ...plain, act: runs(WHOLE), before: nothing }

function removal(): Scenario {
  return {
    ...done,
    name: 'removal of ranges, and the run that fetches them again',
    before: () => after(done),
    act: async (world) => {
      const removed = await removeRanges(world)
      return removed.exit === 0 ? runs(WHOLE)(world) : removed
    },
  }
}

/** The commit paths. */
export const SCENARIOS: readonly Scenario[] = [
  { ...done, name: 'first write' },
  {
    ...done,
    name: 'merge into partitions that are there',
    before: () => after({ ...plain, act: runs(PART), before: nothing }),
  },
  {
    ...done,
    name: 'revision',
    before: () => after(done),
    act: runs(WHOLE, { recheck: RECHECK }),
    start: LATER,
  },
  {
    ...done,
    name: 'rebuild of lost manifests',
    before: async () =>
      new Map([...(await after(done))].filter(([path]) => !path.endsWith('_series.json'))),
    act: rebuild,
  },
  {
    ...done,
    name: 'rebuild of torn manifests',
    before: async () =>
      new Map(
        [...(await after(done))].map(([path, bytes]) => [
          path,
          path.endsWith('_series.json') ? bytes.subarray(0, bytes.length >> 1) : bytes,
        ]),
      ),
    act: rebuild,
  },
  {
    ...done,
    name: 'taking over from a run that died between file and manifest',
    before: () => afterDeath(3),
  },
  {
    ...done,
    name: 'a file that somebody removed',
    before: async () =>
      new Map([...(await after(done))].filter(([path]) => !path.includes('period=2026-05-01/'))),
  },
  {
    ...done,
    name: 'archive',
    act: runs(ARCHIVED, { archiveUrl: 'https://archive.test', speed: FILES_FIRST }),
    exchange: archiving,
    // Zips are inflated by threads, which no clock sees.
    isTimeless: true,
  },
  { ...done, name: 'ban', exchange: banning },
  // By itself it is in `crash/remove.test.ts`.
  ...(process.env['CRASH_POINTS'] === 'all' ? [removal()] : []),
]

/** The first cuts two files at a gap that both speak of; the second takes a file as a whole, and cuts the next. */
const RANGES = [
  ['klines/ETHUSDT/1h', '2026-04-30T18:00', '2026-05-01T05:30'],
  ['aggTrades/BTCUSDT', '2026-05-01', '2026-05-02T03:00'],
] as const

/** Removes them; those that are gone already are gone. */
export async function removeRanges(world: VirtualWorld): Promise<{ exit: number; error: unknown }> {
  for (const [series, from, to] of RANGES)
    try {
      await removeSeries(series, { world, from, to })
    } catch (error) {
      if (!(error instanceof UsageError)) return { exit: 1, error }
    }
  return { exit: 0, error: undefined }
}

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

/** What is on the disk after something calm. */
export async function after({
  act,
  start,
  before,
  exchange: makeExchange,
}: Omit<Scenario, 'name'>): Promise<Disk> {
  const machine = await machineWith(await before(), makeExchange)
  const { world, end } = machine.boot(machine.disk.calls, start)
  const { exit, error } = await act(world)
  end()
  expect(error).toBeUndefined()
  expect(exit).toBe(0)
  return visible(machine.disk)
}

/** What is the lake's own: neither locks, temporary files nor records of runs. */
function visible(disk: SimDisk): Disk {
  return new Map([...disk.files()].filter(([path]) => !/^\/lake\/(_lock|_tmp|_runs)\//.test(path)))
}

/** What is on the disk, locks and temporary files too, after a run that died before its `nth` manifest appeared. */
async function afterDeath(nth: number): Promise<Disk> {
  const moments: number[] = []
  const calm = await machineWith(new Map(), plain.exchange)
  const { calls } = calm.disk
  const counted = faultyCalls({
    ...calls,
    rename: async (from, to) => {
      if (to.endsWith('_series.json')) moments.push(counted.steps())
      await calls.rename(from, to)
    },
  })
  expect(await runs(WHOLE)(calm.boot(counted.calls, FIRST).world)).toMatchObject({ exit: 0 })
  const machine = await machineWith(new Map(), plain.exchange)
  // Processes of other machines begin with the same pids.
  for (let pid = 0; pid < 10; pid++) machine.boot(machine.disk.calls, FIRST).end()
  const at = moments[nth - 1] ?? 0
  const faulty = faultyCalls(machine.disk.calls, { at, kind: 'crash' })
  const { world, end } = machine.boot(faulty.calls, FIRST)
  await runs(WHOLE)(world)
  end()
  expect(faulty.hasFired()).toBe(true)
  return machine.disk.files()
}
