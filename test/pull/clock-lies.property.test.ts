/**
 * The law of clocks: whatever `/time` says, nothing is covered that has not been; and after sound runs the lake is the
 * one that a good clock gives, value by value.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Files, Http, HttpAnswer } from '../../src/base/ports.ts'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { listSeries } from '../../src/store/lake.ts'
import { readManifest } from '../../src/store/series.ts'
import { chaosExchange, rowsOf } from '../support/chaos.ts'
import { memFiles } from '../support/mem-files.ts'
import { attempt, virtualWorld, type Ended } from '../support/virtual.ts'

const RUNS = Number(process.env['CLOCK_RUNS'] ?? 20)
const START = parseMicros('2026-06-01T00:00:30')
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const HOSTS = ['http://one.test', 'http://two.test']

const job = (to: string): string => `
version: 1
compression: none
source: rest
numbers: string
symbols: [BTCUSDT]
from: 2026-05-30T18:00:00Z
to: ${to}
datasets:
  - {kind: klines, intervals: [1m, 1h]}
  - {kind: aggTrades}
`

/** What is false, on which answers. */
type Lie = {
  readonly byMs: number
  /** Of `/time`: how many of the first answers lie. */
  readonly answers: number
  readonly hosts: readonly string[]
  /** What the `Date` headers of these answers say: the truth, nothing, or the same lie. */
  readonly date: 'true' | 'none' | 'same'
}

const lie: fc.Arbitrary<Lie> = fc
  .record({
    byMs: fc.constantFrom(
      ...[-DAY_MS, -HOUR_MS, -60_000, 20_000, HOUR_MS, DAY_MS - 1, DAY_MS, 3 * DAY_MS],
      ...[30 * DAY_MS, 3 * 365 * DAY_MS, 300 * 365 * DAY_MS],
    ),
    answers: fc.constantFrom(1, 2, Infinity),
    hosts: fc.constantFrom([HOSTS[0]!], HOSTS),
    date: fc.constantFrom('true', 'none', 'same'),
  } as const)
  // Where every answer of every clock says the same, there is nothing left to tell that it is false.
  .filter(({ date, answers, hosts }) => date !== 'same' || (answers === 1 && hosts.length === 1))

function lying(http: Http, { byMs, answers, hosts, date }: Lie): Http {
  let told = 0
  const falsified = (answer: HttpAnswer, isTime: boolean): HttpAnswer => {
    const trueDate = answer.header('date') ?? ''
    const falseDate = new Date(Date.parse(trueDate) + byMs).toUTCString()
    const said = { true: trueDate, none: undefined, same: falseDate }[date]
    const header = (name: string): string | undefined =>
      name === 'date' ? said : answer.header(name)
    if (!isTime) return { ...answer, header }
    const text = new TextDecoder().decode(answer.body)
    const us = BigInt(/\d+/.exec(text)![0]) + BigInt(byMs) * 1_000n
    return { ...answer, header, body: new TextEncoder().encode(`{"serverTime":${us}}`) }
  }
  return {
    ...http,
    get: async (request) => {
      const answer = await http.get(request)
      const { pathname, origin } = new URL(request.url)
      const isTime = pathname === '/api/v3/time'
      if (!hosts.includes(origin)) return answer
      if (isTime && told++ < answers) return falsified(answer, true)
      return !isTime && date === 'none' ? falsified(answer, false) : answer
    },
  }
}

type Life = {
  readonly files: Files
  readonly run: (now: Micros, yaml: string, lie?: Lie) => Promise<Ended>
  readonly dataRequests: () => number
}

function life(): Life {
  const exchange = chaosExchange()
  const files = memFiles()
  const isData = ({ path }: { path: string }): boolean =>
    Object.values(DATASETS).some((dataset) => dataset.path === path)
  return {
    files,
    run: (now, yaml, lie) => {
      const world = virtualWorld(exchange, { files, start: now })
      const http = lie === undefined ? world.http : lying(world.http, lie)
      return attempt(yaml, { world: { ...world, http }, baseUrls: HOSTS })
    },
    dataRequests: () => exchange.log.entries.filter(isData).length,
  }
}

const later = (ms: number): Micros => micros(START + BigInt(ms) * 1_000n)

async function expectNoFuture(files: Files, now: Micros): Promise<void> {
  for (const key of await listSeries(files)) {
    const { coverage = [] } = (await readManifest(files, key)) ?? {}
    expect(coverage.at(-1)?.to ?? 0n).toBeLessThanOrEqual(now)
  }
}

async function rowsIn(files: Files): Promise<unknown> {
  const series = []
  for (const key of await listSeries(files)) series.push([key, [...(await rowsOf(files, key))]])
  return series
}

test('nothing is covered that has not been, and sound runs make the lake whole', async () => {
  const end = later(2 * HOUR_MS)
  const calm = life()
  await calm.run(end, job('now'))
  const truth = await rowsIn(calm.files)
  await fc.assert(
    fc.asyncProperty(lie, async (told) => {
      const { files, run, dataRequests } = life()
      const { exit } = await run(START, job('now'), told)
      expect([0, 3]).toContain(exit)
      await expectNoFuture(files, START)
      expect((await run(later(HOUR_MS), job('now'))).exit).toBe(0)
      expect((await run(end, job('now'))).exit).toBe(0)
      expect(await rowsIn(files)).toEqual(truth)
      const before = dataRequests()
      const past = job('2026-06-01T00:00:00Z')
      expect((await run(later(3 * DAY_MS), past)).exit).toBe(0)
      expect(dataRequests()).toBe(before)
    }),
    { numRuns: RUNS },
  )
})

test('one false answer is asked again and costs nothing', async () => {
  for (const byMs of [-DAY_MS, HOUR_MS, DAY_MS, 300 * 365 * DAY_MS]) {
    const calm = life()
    await calm.run(START, job('now'))
    const { files, run } = life()
    const told = { byMs, answers: 1, hosts: HOSTS, date: 'true' } as const
    const { exit, events } = await run(START, job('now'), told)
    expect([exit, events.filter(({ kind }) => kind === 'warning')]).toEqual([0, []])
    expect(await rowsIn(files)).toEqual(await rowsIn(calm.files))
  }
})

test('a clock that goes on contradicting its answers is held back, with a warning', async () => {
  const { files, run } = life()
  const told = { byMs: HOUR_MS, answers: Infinity, hosts: HOSTS, date: 'true' } as const
  const { exit, events } = await run(START, job('now'), told)
  expect(exit).toBe(0)
  expect(events).toContainEqual({
    kind: 'warning',
    message: expect.stringContaining('the earlier of the two') as string,
  })
  await expectNoFuture(files, START)
})

test('where no two clocks agree, nothing is stored: exit 3', async () => {
  const { files, run } = life()
  // Nothing but /time and the machine: centuries apart.
  const told = { byMs: 260 * 365 * DAY_MS, answers: Infinity, hosts: HOSTS, date: 'none' } as const
  const { exit, error, summary } = await run(START, job('now'), told)
  expect(error).toMatchObject({ code: 'E_CLOCK' })
  expect([exit, summary?.complete]).toEqual([3, false])
  expect(await listSeries(files)).toEqual([])
})

test('an answer that is dated before the time that it is asked about is refused', async () => {
  const { files, run } = life()
  // The first host is ahead with all that it says, but for the pages, which it does not serve.
  const told = { byMs: 2 * DAY_MS, answers: 1, hosts: [HOSTS[0]!], date: 'same' } as const
  const { exit } = await run(START, job('now'), told)
  expect(exit).toBe(0)
  await expectNoFuture(files, START)
})
