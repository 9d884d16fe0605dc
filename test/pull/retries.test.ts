/** Who tries again and who waits, by itself: places, patience, and what becomes of those in line. */

import { describe, expect, it, onTestFinished } from 'vitest'
import { StoppedError, TransportError } from '../../src/base/errors.ts'
import { Retries, type Patience } from '../../src/pull/retries.ts'
import { simClock } from '../support/sim-clock.ts'
import type { OnWait } from '../../src/pull/gate.ts'

const error = new TransportError('gone')

type Opened = {
  readonly retries: Retries
  /** Fails `times` times, then ends; resolves to how it went. */
  readonly request: (
    times: number,
    how?: { atLeastMs?: number; signal?: AbortSignal },
  ) => Promise<string>
  readonly waits: number[]
  readonly nowMs: () => number
}

function open(patience: Partial<Patience> = {}): Opened {
  const clock = simClock()
  onTestFinished(clock.stop)
  const waits: number[] = []
  const onWait: OnWait = ({ ms }) => void waits.push(ms)
  const world = { clock, random: { next: () => 0.5 } }
  const retries = new Retries(world, { maxWaitMs: 600_000, onWait, ...patience })
  const request: Opened['request'] = (times, { atLeastMs = 0, signal } = {}) =>
    retries
      .during(async (trial) => {
        for (let attempt = 1; attempt <= times; attempt++)
          await retries.pause(trial, { path: '/x', attempt, error, atLeastMs, signal })
        retries.succeeded()
        return 'answered'
      })
      .catch((thrown: unknown) => (thrown as Error).message)
  return { retries, request, waits, nowMs: () => clock.monotonicMs() }
}

describe('one request', () => {
  it('is tried eight times', async () => {
    const { request } = open()
    expect(await request(7)).toBe('answered')
    expect(await request(8)).toBe('/x: gave up after 8 attempts: gone')
  })

  it('is reported while it pauses for more than a second', async () => {
    const { request, waits } = open()
    await request(7)
    expect(waits).toEqual([1_500, 3_000, 6_000, 12_000, 15_000, 15_000])
  })

  it('waits no longer than the user allows where the exchange asks for it', async () => {
    expect(await open({ maxWaitMs: 60_000 }).request(1, { atLeastMs: 30_000 })).toBe('answered')
    expect(await open({ maxWaitMs: 60_000 }).request(2, { atLeastMs: 30_000 })).toContain(
      'gave up after 2 attempts',
    )
    // Its own pauses are short, and not what is meant by that.
    expect(await open({ maxWaitMs: 0 }).request(7)).toBe('answered')
  })
})

describe('many', () => {
  it('eight go on, the others wait for one of them to be answered', async () => {
    const { request, nowMs } = open()
    const first = Array.from({ length: 8 }, () => request(5))
    const order: number[] = []
    const others = Array.from({ length: 20 }, async () => {
      const how = await request(1)
      order.push(nowMs())
      return how
    })
    expect(new Set(await Promise.all([...first, ...others]))).toEqual(new Set(['answered']))
    // 0.75 + 1.5 + 3 + 6 + 12 s until the first is answered; then a first pause.
    expect(Math.min(...order)).toBe(24_000)
  })

  it('when one has tried to the end, and nothing was answered since, all give up', async () => {
    const { request } = open()
    const all = await Promise.all(Array.from({ length: 40 }, () => request(9)))
    expect(all.filter((how) => how.includes('after 8 attempts')).length).toBeGreaterThan(0)
    expect(all.filter((how) => how.includes('after 1 attempts'))).toHaveLength(32)
    expect(await request(1)).toContain('after 1 attempts')
  })

  it('an answer gives patience back', async () => {
    const { request } = open()
    await request(8)
    expect(await request(0)).toBe('answered')
    expect(await request(7)).toBe('answered')
  })

  it('one that fails while others are answered ends alone', async () => {
    const { request, retries } = open()
    const failing = request(8)
    expect(await request(1)).toBe('answered')
    expect(await failing).toContain('after 8 attempts')
    expect(await request(7)).toBe('answered')
    retries.succeeded()
  })

  it('whoever waits in line can be stopped, and takes no place', async () => {
    const { request } = open()
    const first = Array.from({ length: 8 }, () => request(7))
    const controller = new AbortController()
    const stopped = request(1, { signal: controller.signal })
    const next = request(1)
    controller.abort(new StoppedError('SIGTERM'))
    expect(await stopped).toContain('stopped by SIGTERM')
    expect(await next).toBe('answered')
    await Promise.all(first)
  })

  it('a place is given back however its request ends', async () => {
    const { request } = open()
    const controller = new AbortController()
    const { signal } = controller
    const first = Array.from({ length: 8 }, () => request(7, { signal }))
    const next = request(1)
    controller.abort(new StoppedError('SIGTERM'))
    await Promise.all(first)
    expect(await next).toBe('answered')
  })
})
