/** Processes that share one budget. */

import { expect, it, onTestFinished } from 'vitest'
import type { Wait } from '../../src/base/wait.ts'
import { newPool, type Pool } from '../../src/pull/pool.ts'
import { memMachine, type MemMeetings } from '../support/mem-meetings.ts'
import { simClock } from '../support/sim-clock.ts'
import { simWorld } from '../support/sim-world.ts'

const LIMIT = { type: 'REQUEST_WEIGHT', windowMs: 3_600_000, limit: 100, header: 'used' } as const
/** What of it may be spent at once. */
const AT_ONCE = 20
/** Where a window begins. */
const SERVER_MS = 1_780_272_000_000

type Neighbour = { readonly pool: Pool; readonly waits: Wait[]; readonly meetings: MemMeetings }

/** Neighbours of one machine, as many as are wanted. Time stands still unless it may pass. */
function street(isIdle = () => false): (share?: number) => Neighbour {
  const clock = simClock({ isIdle })
  onTestFinished(clock.stop)
  const meetingsOf = memMachine()
  return (share = 1) => {
    const meetings = meetingsOf()
    const waits: Wait[] = []
    const onWait = (wait: Wait): void => void waits.push(wait)
    const options = { exchanges: [], limits: [LIMIT], share, maxWaitMs: 1e9, onWait, name: 'x' }
    const pool = newPool({ ...simWorld({ clock }), meetings }, options)
    pool.server.trust({ leastMs: SERVER_MS, mostMs: SERVER_MS + 1 })
    return { pool, waits, meetings }
  }
}

/** Spends in turn until all must wait; resolves to how much each spent. */
async function spendAll(...all: readonly Neighbour[]): Promise<number[]> {
  const spent = all.map(() => 0)
  const stop = new AbortController()
  const spend = async ({ pool, waits }: Neighbour, index: number): Promise<void> => {
    for (;;) {
      const before = waits.length
      const reserved = pool.budget.reserve('/x', 1, stop.signal)
      reserved.catch(() => undefined)
      const waited = async (): Promise<undefined> => {
        while (waits.length === before) await new Promise(setImmediate)
        return undefined
      }
      const ticket = await Promise.race([reserved, waited()])
      if (ticket === undefined) return
      spent[index] = (spent[index] ?? 0) + 1
      pool.budget.settle(ticket)
    }
  }
  await Promise.all(all.map(spend))
  stop.abort(new Error('enough'))
  await new Promise(setImmediate)
  return spent
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

it('spend together what one would', async () => {
  const alone = street()
  expect(await spendAll(alone())).toEqual([AT_ONCE])
  const neighbour = street()
  const spent = await spendAll(neighbour(), neighbour(), neighbour())
  expect(sum(spent)).toBe(AT_ONCE)
  expect(Math.min(...spent)).toBeGreaterThan(0)
})

it('take no more than their share, and hold up nobody who may take more', async () => {
  const neighbour = street()
  const [all, tenth] = [neighbour(), neighbour(0.1)]
  expect(await spendAll(tenth)).toEqual([2])
  expect(await spendAll(tenth, all)).toEqual([0, AT_ONCE - 2])
})

it('know what a keeper counted that left', async () => {
  const neighbour = street()
  const [first, second, third] = [neighbour(), neighbour(), neighbour()]
  expect(sum(await spendAll(first, second, third))).toBe(AT_ONCE)
  first.meetings.close()
  expect(await spendAll(second, third)).toEqual([0, 0])
  expect(second.pool.budget.use().used).toBe(AT_ONCE)
})

it('spend nothing more of a window after a keeper that was killed', async () => {
  const neighbour = street()
  const [first, second] = [neighbour(), neighbour()]
  const mine = await first.pool.budget.reserve('/x', 1)
  const others = await second.pool.budget.reserve('/x', 1)
  expect([mine, others]).toHaveLength(2)
  first.meetings.kill()
  expect(await spendAll(second)).toEqual([0])
  expect(second.waits.at(-1)?.message).toMatch(/^limit used up/)
})

it('tell the next keeper at once what is under way', async () => {
  const neighbour = street()
  const [first, second, third] = [neighbour(), neighbour(), neighbour()]
  await first.pool.budget.reserve('/x', 1)
  await second.pool.budget.reserve('/x', 1)
  await third.pool.budget.reserve('/x', 5)
  first.meetings.close()
  await new Promise(setImmediate)
  const used = (): number => Math.max(...[second, third].map(({ pool }) => pool.budget.use().used))
  // What the first one counted, and what is under way now: rather twice than not at all.
  expect(used()).toBe(1 + 1 + 5 + (1 + 5))
})

it('count what a process had under way that ended as sent', async () => {
  const neighbour = street()
  const [first, second] = [neighbour(), neighbour()]
  await first.pool.budget.reserve('/x', 1)
  await second.pool.budget.reserve('/x', 5)
  second.meetings.kill()
  await new Promise(setImmediate)
  expect(first.pool.budget.use().used).toBe(6)
})

it('keep to limits that another one has read', async () => {
  const neighbour = street()
  const [first, second] = [neighbour(), neighbour()]
  await first.pool.budget.reserve('/x', 1)
  await second.pool.budget.reserve('/x', 1)
  second.pool.budget.setLimits([{ ...LIMIT, limit: LIMIT.limit / 2 }])
  await new Promise(setImmediate)
  expect(sum(await spendAll(first, second))).toBe(AT_ONCE / 2 - 2)
})

it('count requests together that no header tells of', async () => {
  const neighbour = street()
  const [first, second] = [neighbour(), neighbour()]
  for (let index = 0; index < 250; index++) {
    await first.pool.requests.funding.reserve()
    await second.pool.requests.funding.reserve()
  }
  const stop = new AbortController()
  const waiting = second.pool.requests.funding.reserve(stop.signal)
  await new Promise(setImmediate)
  expect(second.waits.at(-1)?.message).toBe('500 requests of 500 in 300 s')
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

it('close their gates on a 429 that one receives, also those that come later', async () => {
  const neighbour = street()
  const [first, second, third] = [neighbour(), neighbour(), neighbour()]
  await spendAll(first, second, third)
  third.pool.gate.limited(60_000, 'slow down')
  await new Promise(setImmediate)
  const late = neighbour()
  await spendAll(late)
  for (const { pool } of [first, second, late])
    expect(pool.gate.closing).toMatchObject({ code: 'E_RATE_LIMITED', reason: 'slow down' })
})

it('go on by themselves when the keeper is stopped', async () => {
  let isIdle = false
  const neighbour = street(() => isIdle)
  const [first, second] = [neighbour(), neighbour()]
  await first.pool.budget.reserve('/x', 1)
  await second.pool.budget.reserve('/x', 1)
  first.meetings.freeze()
  isIdle = true
  await second.pool.budget.reserve('/x', 1)
  isIdle = false
  expect(sum(await spendAll(second))).toBeGreaterThan(0)
})
