/** Clocks that are wrong, jump and stand still, over whole runs in virtual time: the lake is that of a good clock. */

import { expect, it } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import { chaosExchange, expectSameLake } from '../support/chaos.ts'
import { attempt, lakeOf, virtualWorld } from '../support/virtual.ts'

const HOUR_MS = 3_600_000

// Up to now, so that what is final depends on whose clock it is.
const JOB = `
version: 1
compression: none
source: rest
symbols: [BTCUSDT]
from: 2026-05-31T18:00:00Z
datasets:
  - {kind: klines, intervals: [1m, 1h]}
  - {kind: aggTrades}
`

type Lake = Readonly<Record<string, Uint8Array>>

async function lakeWith(wallOffsetMs: () => number): Promise<{ lake: Lake; exit: number }> {
  const exchange = chaosExchange()
  const world = virtualWorld(exchange, { start: parseMicros('2026-06-01T00:00:30'), wallOffsetMs })
  const { exit } = await attempt(JOB, { world })
  return { lake: await lakeOf(world.files), exit }
}

it.each([-25, -2, -0.02, 0.02, 2, 25])('our clock is %d hours off', async (hours) => {
  const calm = await lakeWith(() => 0)
  const off = await lakeWith(() => Math.round(hours * HOUR_MS))
  expect(off.exit).toBe(0)
  expectSameLake(off.lake, calm.lake)
})

it('our clock jumps by hours, back and forth, all the time', async () => {
  const calm = await lakeWith(() => 0)
  let reads = 0
  const jumping = await lakeWith(() => (++reads % 7) * HOUR_MS - 3 * HOUR_MS)
  expect(jumping.exit).toBe(0)
  expectSameLake(jumping.lake, calm.lake)
})

it.each([1, 10, 600])(
  'the machine sleeps for %d minutes, again and again: no burst, no loss',
  async (minutes) => {
    const rules = [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'SECOND', intervalNum: 10, limit: 100 } as const,
    ]
    const exchange = chaosExchange({ limits: { rules } })
    // While it sleeps, its monotonic clock stands still, its wall clock and the server's go on.
    let sleptMs = 0
    const handle = exchange.handle.bind(exchange)
    let count = 0
    exchange.handle = (request, now) => {
      const answer = handle(request, micros(now + BigInt(sleptMs) * 1_000n))
      // After the answer was given, and before it arrives.
      if (++count % 7 === 0) sleptMs += minutes * 60_000
      return answer
    }
    const start = parseMicros('2026-06-01T00:00:30')
    const world = virtualWorld(exchange, { start, latencyMs: 50, wallOffsetMs: () => sleptMs })
    const job = JOB.replace('from: 2026-05-31T18', 'from: 2026-05-01T00').replace(
      'datasets',
      'to: 2026-05-31T23:00:00Z\ndatasets',
    )
    const { exit } = await attempt(job, { world })
    expect(exit).toBe(0)
    expect(count).toBeGreaterThan(60)
    expect(exchange.log.overLimit()).toEqual([])
    const calm = virtualWorld(chaosExchange(), { start })
    await attempt(job, { world: calm })
    expectSameLake(await lakeOf(world.files), await lakeOf(calm.files))
  },
)

it('an open kline is not stored, however far ahead our clock is', async () => {
  const { lake } = await lakeWith(() => 5 * HOUR_MS)
  const paths = Object.keys(lake)
  expect(paths.some((path) => path.includes('period=2026-05'))).toBe(true)
  // At 00:00:30 no kline of June is a minute past its close.
  expect(
    paths.filter((path) => path.includes('klines/interval=1m') && path.includes('2026-06')),
  ).toEqual([])
})
