/** The weight budget by itself: what it counts, what it learns, and that it lets go. The law is in budget.property.test.ts. */

import { describe, expect, it, onTestFinished } from 'vitest'
import type { RateLimit } from '../../src/binance/limit.ts'
import { backoffMs, RetryBudget } from '../../src/pull/backoff.ts'
import { WeightBudget, type Ticket } from '../../src/pull/budget.ts'
import { ServerClock } from '../../src/pull/server-clock.ts'
import { simClock, type SimClock } from '../support/sim-clock.ts'
import type { Wait } from '../../src/base/wait.ts'

const MINUTE: RateLimit = {
  type: 'REQUEST_WEIGHT',
  windowMs: 60_000,
  limit: 100,
  header: 'x-mbx-used-weight-1m',
}
const RAW: RateLimit = { type: 'RAW_REQUESTS', windowMs: 60_000, limit: 10, header: undefined }

type Opened = { budget: WeightBudget; clock: SimClock; server: ServerClock; waits: Wait[] }

function open(
  limits: readonly RateLimit[] = [MINUTE],
  { share = 1, uncertaintyMs = 1 }: { share?: number; uncertaintyMs?: number } = {},
): Opened {
  const clock = simClock()
  onTestFinished(clock.stop)
  const server = new ServerClock(clock)
  clock.skip(uncertaintyMs * 2)
  // The reading is right, and as uncertain as is wanted.
  const offsetMs = 1_780_272_000_001
  server.trust({ leastMs: offsetMs - uncertaintyMs, mostMs: offsetMs + uncertaintyMs })
  const waits: Wait[] = []
  const onWait = (wait: Wait): void => void waits.push(wait)
  return {
    budget: new WeightBudget(clock, server, limits, { share, onWait }),
    clock,
    server,
    waits,
  }
}

const used = (text: string) => (): string => text

/** Sends requests one after the other until one has to wait; resolves to how many did not. */
async function fill({ budget, clock }: Opened, weight: number): Promise<number> {
  const since = clock.monotonicMs()
  for (let count = 0; ; count++) {
    const ticket = await budget.reserve('/x', weight)
    if (clock.monotonicMs() - since > 30_000) return count
    budget.settle(ticket)
  }
}

describe('what counts', () => {
  it('all of a window and not more, then the next one', async () => {
    const opened = open()
    expect(await fill(opened, 10)).toBe(10)
    expect(opened.clock.monotonicMs()).toBeGreaterThan(60_000)
  })

  it('a wait for the next window is reported once, with what is used', async () => {
    const opened = open()
    await fill(opened, 10)
    const full = opened.waits.filter(({ message }) => message === 'limit used up (100 of 100)')
    expect(full).toEqual([
      { reason: 'budget', ms: expect.any(Number) as number, message: full[0]?.message },
    ])
    expect(full[0]?.ms).toBeGreaterThan(1_000)
  })

  it('the share of it', async () => {
    expect(await fill(open([MINUTE], { share: 0.5 }), 10)).toBe(5)
  })

  it('requests, where those are limited', async () => {
    expect(await fill(open([MINUTE, RAW]), 1)).toBe(10)
  })

  it('a request heavier than the whole share is sent alone in its window', async () => {
    const { budget } = open([{ ...MINUTE, limit: 5 }])
    const ticket = await budget.reserve('/x', 20)
    expect(ticket.weight).toBe(20)
    budget.settle(ticket)
  })

  it('what was never sent does not', async () => {
    const opened = open()
    for (let i = 0; i < 50; i++) opened.budget.release(await opened.budget.reserve('/x', 10))
    expect(await fill(opened, 10)).toBe(10)
  })

  it('what failed does', async () => {
    const opened = open()
    opened.budget.settle(await opened.budget.reserve('/x', 50), undefined)
    expect(await fill(opened, 10)).toBe(5)
  })

  it('what others used, also where the window may be over by what is uncertain of the clock', async () => {
    const opened = open([MINUTE], { uncertaintyMs: 1_000 })
    const { budget, clock, server } = opened
    clock.skip(60_000 - (server.nowMs() % 60_000) - 500)
    budget.settle(await budget.reserve('/x', 10), used('100'))
    const since = clock.monotonicMs()
    await budget.reserve('/x', 10)
    // Half a second to its end, and once more what is uncertain.
    expect(clock.monotonicMs() - since).toBeGreaterThanOrEqual(1_500)
  })

  it('what others used, once the server says so', async () => {
    const opened = open()
    opened.budget.settle(await opened.budget.reserve('/x', 10), used('60'))
    expect(await fill(opened, 10)).toBe(4)
  })

  it.each(['', 'NaN', '-5', '1e3', '12.5', '0x10', 'garbage', '9'.repeat(13)])(
    'a header that says %j says nothing',
    async (text) => {
      const opened = open()
      opened.budget.settle(await opened.budget.reserve('/x', 10), used(text))
      expect(await fill(opened, 10)).toBe(9)
    },
  )

  it('a header that says less than before, or than was sent, takes nothing back', async () => {
    const opened = open()
    opened.budget.settle(await opened.budget.reserve('/x', 10), used('60'))
    opened.budget.settle(await opened.budget.reserve('/x', 10), used('17'))
    expect(await fill(opened, 10)).toBe(3)
  })

  it('a request under way across two windows, in both', async () => {
    const opened = open()
    const { budget, clock } = opened
    clock.skip(59_000)
    const ticket = await budget.reserve('/x', 50)
    clock.skip(2_000)
    budget.settle(ticket)
    expect(await fill(opened, 10)).toBe(5)
  })
})

describe('how long it takes', () => {
  it.each([
    ['to spend a little', 0, 2],
    ['to spend what is left of a window', 3, 7],
    ['to spend a window', 0, 10],
    ['to spend several windows, begun in the middle of one', 8, 27],
  ])('%s is known beforehand', async (_, before, count) => {
    const { budget, clock } = open()
    const spend = async (): Promise<void> => {
      budget.settle(await budget.reserve('/x', 10))
    }
    for (let spent = 0; spent < before; spent++) await spend()
    const foretold = budget.secondsFor(10 * count)
    const since = clock.monotonicMs()
    for (let spent = 0; spent < count; spent++) await spend()
    // A request of a tenth of the window is not spent bit by bit.
    expect(Math.abs((clock.monotonicMs() - since) / 1_000 - foretold)).toBeLessThan(3)
  })
})

describe('what is learned', () => {
  it('regression: limits that are read later count what was sent before', async () => {
    const opened = open([MINUTE])
    opened.budget.settle(await opened.budget.reserve('/x', 40))
    opened.budget.setLimits([{ ...MINUTE, windowMs: 3_600_000, header: undefined }])
    expect(opened.budget.use()).toEqual({ used: 40, limit: 100 })
  })

  it('regression: what was sent before the server’s clock was known counts in the server’s window', async () => {
    const clock = simClock()
    onTestFinished(clock.stop)
    const server = new ServerClock(clock)
    const budget = new WeightBudget(clock, server, [MINUTE], { share: 1, onWait: () => undefined })
    budget.settle(await budget.reserve('/x', 40))
    const hours = 3 * 3_600_000
    const offsetMs = 1_780_272_000_000 + hours + 30_000 - clock.monotonicMs()
    server.trust({ leastMs: offsetMs - 1, mostMs: offsetMs + 1 })
    await budget.reserve('/x', 1)
    expect(budget.use().used).toBe(41)
  })

  it('the weight of a path that costs more than the table says, after seeing it twice alone', async () => {
    const { budget } = open([{ ...MINUTE, limit: 10_000 }])
    const send = async (total: number): Promise<Ticket> => {
      const ticket = await budget.reserve('/heavy', 2)
      budget.settle(ticket, used(String(total)))
      return ticket
    }
    await send(100)
    await send(110)
    await send(120)
    expect(await send(130)).toMatchObject({ weight: 10 })
  })

  it('nothing from a difference that others may have made', async () => {
    const { budget } = open([{ ...MINUTE, limit: 10_000 }])
    let total = 100
    for (let i = 0; i < 20; i++) {
      const ticket = await budget.reserve('/heavy', 2)
      expect(ticket.weight).toBe(2)
      // Never twice the same.
      total += 10 + i
      budget.settle(ticket, used(String(total)))
    }
  })

  it('to go slower after a 429, and to recover', async () => {
    const opened = open()
    opened.budget.slowDown()
    expect(opened.budget.slowdowns).toBe(1)
    expect(await fill(opened, 10)).toBeLessThanOrEqual(7)
    opened.clock.skip(10 * 60_000)
    for (let i = 0; i < 10; i++) {
      opened.budget.release(await opened.budget.reserve('/x', 1))
      opened.clock.skip(60_000)
    }
    expect(await fill(opened, 10)).toBeGreaterThanOrEqual(9)
  })
})

describe('letting go', () => {
  it('regression: a window shorter than what is uncertain of the clock does not stop everything', async () => {
    const { budget, clock } = open([{ ...MINUTE, windowMs: 1_000 }], { uncertaintyMs: 2_500 })
    for (let i = 0; i < 20; i++) budget.settle(await budget.reserve('/x', 10))
    expect(clock.monotonicMs()).toBeLessThan(60_000)
  })

  it('a waiting request ends with its signal, and the ones behind it go on', async () => {
    const opened = open()
    opened.budget.settle(await opened.budget.reserve('/x', 100))
    const controller = new AbortController()
    const given = opened.budget.reserve('/x', 10, controller.signal)
    const next = opened.budget.reserve('/x', 10)
    controller.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    await expect(next).resolves.toMatchObject({ weight: 10 })
  })

  it('first come, first served: a heavy request is not overtaken for ever by light ones', async () => {
    const { budget } = open()
    const order: string[] = []
    const send = async (name: string, weight: number): Promise<void> => {
      const ticket = await budget.reserve('/x', weight)
      order.push(name)
      budget.settle(ticket)
    }
    await Promise.all([send('a', 60), send('heavy', 90), send('b', 1), send('c', 1)])
    expect(order).toEqual(['a', 'heavy', 'b', 'c'])
  })
})

describe('trying again', () => {
  it('waits longer each time, never below what is asked, never beyond the bounds', () => {
    for (const draw of [0, 0.5, 0.999]) {
      const random = { next: () => draw }
      const delays = Array.from({ length: 12 }, (_, i) => backoffMs(i + 1, random, 30_000))
      expect(delays).toEqual([...delays].sort((a, b) => a - b))
      expect(delays[0]).toBeGreaterThanOrEqual(30_000)
      // Regression: doubling without a bound made the eighth wait longer than an hour.
      expect(Math.max(...delays)).toBeLessThanOrEqual(320_000)
      expect(backoffMs(20, random)).toBeLessThanOrEqual(20_000)
      // Never at once, so that eight tries outlast half a minute.
      expect(backoffMs(20, random)).toBeGreaterThanOrEqual(10_000)
    }
  })

  it('is not for ever when nothing succeeds, and lasts when half of all does', () => {
    const dying = new RetryBudget()
    let taken = 0
    while (dying.take()) taken += 1
    expect(taken).toBe(100)
    const flaky = new RetryBudget()
    for (let i = 0; i < 10_000; i++) {
      flaky.succeeded()
      flaky.succeeded()
      expect(flaky.take()).toBe(true)
    }
  })
})
