/** The order of jobs is nobody's wish: any order of the same jobs wants the same. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RejectedError } from '../../src/base/errors.ts'
import { parseMicros, type Micros } from '../../src/base/time.ts'
import { seriesName, type SeriesKey } from '../../src/binance/series.ts'
import { resolveWants } from '../../src/session/wants.ts'
import { parseJob } from '../../src/job/parse.ts'
import type { Want } from '../../src/plan/plan.ts'

const NOW = parseMicros('2026-06-15T00:00:30')
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'GONEUSDT', 'NEWUSDT']
const LISTED: Readonly<Record<string, Micros>> = {
  BTCUSDT: parseMicros('2017-08-17'),
  ETHUSDT: parseMicros('2026-06-01'),
}

const from = fc.oneof(
  { weight: 2, arbitrary: fc.constant('listing') },
  fc.integer({ min: 1, max: 14 }).map((day) => `2026-06-${String(day).padStart(2, '0')}`),
  fc.constantFrom('3d', '20d'),
)
const to = fc.constantFrom('now', '2026-06-15', '2026-06-14T12:00')
const entry = fc.record({
  symbols: fc.subarray(SYMBOLS, { minLength: 1 }),
  kind: fc.constantFrom('{kind: klines, intervals: [1h]}', '{kind: aggTrades}', '{kind: trades}'),
  from,
  to,
})
const jobs = fc.array(entry, { minLength: 1, maxLength: 5 })

type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never

/** No series of GONEUSDT is known to anyone, and NEWUSDT has no rows yet. */
async function wantsOf(entries: readonly Entry[]): Promise<{ wants: Want[]; asked: string[] }> {
  const asked: string[] = []
  const listingOf = async (key: SeriesKey): Promise<Micros | undefined> => {
    asked.push(seriesName(key))
    if (key.symbol === 'GONEUSDT') throw new RejectedError('Invalid symbol.', { status: 400 })
    return LISTED[key.symbol]
  }
  const parsed = entries.map(({ symbols, kind, from, to }, index) =>
    parseJob(
      `{version: 1, symbols: [${symbols.join(', ')}], from: ${from}, to: ${to}, datasets: [${kind}]}`,
      `${index}.yaml`,
    ),
  )
  const world = { now: NOW, symbols: [], source: undefined, account: undefined, listingOf }
  return { wants: await resolveWants(parsed, world), asked }
}

const byName = (wants: readonly Want[]) =>
  Object.fromEntries(
    wants.map(({ key, problem, ...want }) => [
      seriesName(key),
      { ...want, problem: problem?.message },
    ]),
  )

it('any order of jobs wants the same: ranges, listings and problems', async () => {
  await fc.assert(
    fc.asyncProperty(
      jobs.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      async ([one, other]) => {
        const [a, b] = [await wantsOf(one), await wantsOf(other)]
        expect(byName(b.wants)).toEqual(byName(a.wants))
        expect(b.asked.sort()).toEqual(a.asked.sort())
      },
    ),
  )
})

it('what one job asks for is there whatever another could not tell, and each series is asked for once', async () => {
  await fc.assert(
    fc.asyncProperty(jobs, async (list) => {
      const { wants, asked } = await wantsOf(list)
      expect(new Set(asked).size).toBe(asked.length)
      const joined = byName(wants)
      for (const alone of list)
        for (const { key, wanted, listing, problem } of (await wantsOf([alone])).wants) {
          const both = joined[seriesName(key)]!
          for (const { from, to } of wanted)
            expect(both.wanted.some((window) => window.from <= from && to <= window.to)).toBe(true)
          if (listing !== undefined) expect(both.listing).toBe(listing)
          if (problem !== undefined) expect(both.problem).toBe(problem.message)
        }
    }),
  )
})
