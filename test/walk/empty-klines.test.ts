/** An empty answer is no proof: which stretches without klines are known gaps, and which are asked for again. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import { Exchange, type SymbolOptions } from '../../src/simulator/index.ts'
import { readManifest } from '../../src/store/series.ts'
import { memFiles } from '../support/mem-files.ts'
import { simClock, type SimClock } from '../support/sim-clock.ts'
import { attempt, virtualWorld, type Ended } from '../support/virtual.ts'

const HOUR = 3_600_000_000n
const START = parseMicros('2026-05-10T00:01:30')
const FROM = parseMicros('2026-05-01')
const KEY = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' } as const

/** Is this request for klines answered with `[]`? */
type Silence = (asked: {
  readonly from: Micros
  readonly limit: number
  readonly count: number
}) => boolean

/** A lake and an exchange that keeps silent at will; data requests are counted. */
function market(options: Partial<SymbolOptions> = {}): {
  readonly clock: SimClock
  silent: Silence
  /** Does the exchange leave this kline out? */
  hides: (open: Micros) => boolean
  requests: number
  run: (job?: string) => Promise<Ended>
  rows: () => Promise<number>
  gaps: () => Promise<readonly string[]>
} {
  const clock = simClock({ start: START })
  const files = memFiles()
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT', ...options }] })
  const handle = exchange.handle.bind(exchange)
  const found = {
    clock,
    silent: (() => false) as Silence,
    hides: (() => false) as (open: Micros) => boolean,
    requests: 0,
  }
  exchange.handle = (request, now) => {
    const answer = handle(request, now)
    if (request.path !== '/api/v3/klines') return answer
    const query = new URLSearchParams(request.query)
    const from = micros(BigInt(query.get('startTime') ?? 0) * 1_000n)
    const asked = { from, limit: Number(query.get('limit')), count: found.requests++ }
    const rows = JSON.parse(new TextDecoder().decode(answer.body)) as readonly [number][]
    const shown = found.silent(asked)
      ? []
      : rows.filter(([open]) => !found.hides(micros(BigInt(open))))
    return { ...answer, body: new TextEncoder().encode(JSON.stringify(shown)) }
  }
  const world = virtualWorld(exchange, { clock, files, latencyMs: 10 })
  const manifest = (): ReturnType<typeof readManifest> => readManifest(files, KEY)
  return Object.assign(found, {
    run: (job = '{from: 2026-05-01}') => attempt(jobOf(job), { world }),
    rows: async () =>
      [...((await manifest())?.partitions.values() ?? [])].reduce((sum, { rows }) => sum + rows, 0),
    gaps: async () => ((await manifest())?.gaps ?? []).map(({ reason }) => reason),
  })
}

function jobOf(range: string): string {
  const { from, to = 'now' } = Object.fromEntries(
    [...range.matchAll(/(from|to): ([^,}]+)/g)].map(([, name, value]) => [name, value]),
  ) as { from?: string; to?: string }
  return `{version: 1, source: rest, symbols: [BTCUSDT], from: ${from ?? 'listing'}, to: ${to}, datasets: [{kind: klines, intervals: [1h]}]}`
}

const hoursUntil = (now: Micros): number => Number((now - 60_000_000n - FROM) / HOUR)
const outage = (from: string, to: string): Partial<SymbolOptions> => ({
  outages: [{ from: parseMicros(from), to: parseMicros(to) }],
})

describe('an exchange that answers nothing for a while', () => {
  test.each([0.5, 1, 6, 24, 49, 100])(
    'for a run %d h after the last: nothing is covered, all rows come later',
    async (hours) => {
      const lake = market()
      expect((await lake.run()).exit).toBe(0)
      lake.clock.skip(hours * 3_600_000)
      lake.silent = () => true
      const silent = await lake.run()
      expect(silent.summary?.complete).toBe(hours < 1)
      expect(silent.exit).toBe(hours < 2 ? 0 : 3)
      lake.silent = () => false
      const sound = await lake.run()
      expect([sound.exit, sound.summary?.complete]).toEqual([0, true])
      expect(await lake.rows()).toBe(hoursUntil(lake.clock.now()))
      expect(await lake.gaps()).toEqual([])
    },
  )

  test('day after day: a symbol that trades is never taken for delisted', async () => {
    const lake = market()
    await lake.run()
    lake.hides = (open) => open >= START - HOUR
    for (let day = 0; day < 5; day++) {
      lake.clock.skip(86_400_000)
      const { exit, summary } = await lake.run()
      expect([exit, summary?.complete]).toEqual([3, false])
      expect(await lake.gaps()).toEqual(['unconfirmed'])
    }
    lake.hides = () => false
    expect((await lake.run()).exit).toBe(0)
    expect(await lake.rows()).toBe(hoursUntil(lake.clock.now()))
  })

  test('from the first run on: a symbol that trades has rows', async () => {
    const lake = market()
    lake.silent = () => true
    for (const job of ['{from: 2026-05-01}', '{from: listing}']) {
      const { exit, summary } = await lake.run(job)
      expect([exit, summary?.complete]).toEqual([3, false])
    }
    lake.silent = () => false
    expect((await lake.run()).exit).toBe(0)
    expect(await lake.rows()).toBe(hoursUntil(START))
  })

  test('at every place where a page is asked for, so often that it counts: no row is covered away', async () => {
    const whole = market()
    await whole.run()
    const places = whole.requests
    const times = fc.integer({ min: 1, max: 12 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: places + 3 }), times, async (place, length) => {
        const lake = market()
        lake.silent = ({ count }) => place <= count && count < place + length
        const first = await lake.run()
        const lacks = (await lake.rows()) < hoursUntil(START)
        expect(first.summary?.complete === true && lacks).toBe(false)
        lake.silent = () => false
        const sound = await lake.run()
        expect([sound.exit, await lake.rows()]).toEqual([0, hoursUntil(START)])
        const asked = lake.requests
        lake.clock.skip(1_000)
        await lake.run()
        // Only the klines that were young are asked for again.
        expect(lake.requests - asked).toBeLessThanOrEqual(1)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a hole between rows', () => {
  test('young: unconfirmed and no failure; filled later, its rows come', async () => {
    const lake = market()
    const hole = { from: START - 6n * HOUR, to: START - 4n * HOUR }
    lake.hides = (open) => open >= hole.from && open < hole.to
    const { exit, summary } = await lake.run()
    expect([exit, summary?.complete]).toEqual([0, false])
    lake.hides = () => false
    const sound = await lake.run()
    expect([sound.exit, sound.summary?.complete]).toEqual([0, true])
    expect(await lake.rows()).toBe(hoursUntil(START))
  })

  test('younger than two days: unconfirmed; asked again a day later: an outage, and no request after', async () => {
    const lake = market(outage('2026-05-09T02:00', '2026-05-09T05:00'))
    const first = await lake.run('{from: 2026-05-01, to: 2026-05-10}')
    expect([first.exit, first.summary?.complete]).toEqual([0, false])
    expect(await lake.gaps()).toEqual(['unconfirmed'])
    expect(first.summary?.series[0]?.unconfirmed).toHaveLength(1)
    lake.clock.skip(20 * 3_600_000)
    const later = await lake.run('{from: 2026-05-01, to: 2026-05-10}')
    expect([later.exit, later.summary?.complete]).toEqual([0, true])
    expect(await lake.gaps()).toEqual(['outage'])
    const asked = lake.requests
    await lake.run('{from: 2026-05-01, to: 2026-05-10}')
    expect(lake.requests).toBe(asked)
  })

  test('older than two days: an outage at once', async () => {
    const lake = market(outage('2026-05-03T02:00', '2026-05-03T05:00'))
    expect((await lake.run()).summary?.complete).toBe(true)
    expect(await lake.gaps()).toEqual(['outage'])
  })
})

describe('the ends of a history', () => {
  test('before the first row that the exchange names nothing was', async () => {
    const lake = market({ listedAt: parseMicros('2026-05-03T05:00') })
    expect((await lake.run()).summary?.complete).toBe(true)
    expect(await lake.gaps()).toEqual(['before-listing'])
  })

  test('nor before one that opens off the grid, where the lake begins with it already', async () => {
    const to = parseMicros('2026-05-03T04:52')
    const lake = market({ outages: [{ from: parseMicros('2017-08-17'), to, offGrid: true }] })
    await lake.run('{from: 2026-05-03T04:52}')
    const { exit, summary } = await lake.run()
    expect([exit, summary?.complete]).toEqual([0, true])
    expect(await lake.gaps()).toEqual(['before-listing'])
  })

  test.each([
    ['does not trade', { status: 'BREAK' }],
    ['is not known any more', { listed: false }],
  ])('a symbol that %s, and has no later row, is delisted', async (_, how) => {
    const lake = market({ delistedAt: parseMicros('2026-05-08'), ...how })
    const { exit, summary } = await lake.run()
    expect([exit, summary?.complete]).toEqual([0, true])
    expect(await lake.gaps()).toEqual(['after-delisting'])
  })

  test('one that goes on after all was hidden by hosts that lag: what lay between is asked for once more', async () => {
    const lake = market({ status: 'BREAK' })
    lake.hides = (open) => open >= parseMicros('2026-05-08')
    expect((await lake.run()).exit).toBe(0)
    expect(await lake.gaps()).toEqual(['after-delisting'])
    lake.hides = () => false
    lake.clock.skip(3 * 86_400_000)
    await lake.run()
    await lake.run()
    expect(await lake.rows()).toBe(hoursUntil(lake.clock.now()))
    expect(await lake.gaps()).toEqual([])
    const asked = lake.requests
    await lake.run()
    // The youngest klines alone.
    expect(lake.requests).toBe(asked + 1)
  })

  test('one that is listed anew: the pause is asked for once more, and is known then', async () => {
    const lake = market({ status: 'BREAK' })
    const pause = { from: parseMicros('2026-05-03'), to: parseMicros('2026-05-11') }
    lake.hides = (open) => open >= pause.from
    await lake.run()
    lake.hides = (open) => open >= pause.from && open < pause.to
    lake.clock.skip(4 * 86_400_000)
    await lake.run()
    await lake.run()
    expect(await lake.gaps()).toEqual(['outage'])
    const paused = Number((pause.to - pause.from) / HOUR)
    expect(await lake.rows()).toBe(hoursUntil(lake.clock.now()) - paused)
    const asked = lake.requests
    const { exit, summary } = await lake.run()
    expect([exit, summary?.complete]).toEqual([0, true])
    // The youngest klines alone.
    expect(lake.requests).toBe(asked + 1)
  })

  test('a symbol that trades and has no later row is not', async () => {
    const lake = market({ delistedAt: parseMicros('2026-05-08'), status: 'TRADING' })
    const { exit, summary } = await lake.run()
    expect([exit, summary?.complete]).toEqual([3, false])
    expect(await lake.gaps()).toEqual(['unconfirmed'])
  })

  test('an exchange that lags by less than two hours is no failure, and loses no row', async () => {
    const lake = market()
    lake.hides = (open) => open >= START - 2n * HOUR
    const { exit, summary } = await lake.run()
    expect([exit, summary?.complete]).toEqual([0, false])
    lake.hides = () => false
    lake.clock.skip(3_600_000)
    expect((await lake.run()).exit).toBe(0)
    expect(await lake.rows()).toBe(hoursUntil(lake.clock.now()))
  })
})
