/** The shards of a fleet: disjoint, together everything, and a series never moves. */

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SeriesKey } from '../../src/binance/series.ts'
import { UsageError } from '../../src/index.ts'
import { parseJob } from '../../src/job/parse.ts'
import { shardFilter, shardOf } from '../../src/session/shard.ts'
import { resolveWants } from '../../src/session/wants.ts'
import { parseMicros } from '../../src/base/time.ts'
import { seriesPath } from '../../src/store/layout.ts'

const symbol = fc.stringMatching(/^[A-Z0-9]{1,12}USDT$/)
const klines = fc.record({
  market: fc.constant('spot' as const),
  dataset: fc.constantFrom('klines' as const, 'uiKlines' as const),
  symbol,
  interval: fc.constantFrom('1m' as const, '1h' as const, '1M' as const),
})
const trades = fc.record({
  market: fc.constant('spot' as const),
  dataset: fc.constantFrom('aggTrades' as const, 'trades' as const),
  symbol,
})
const mine = fc.record({
  market: fc.constant('spot' as const),
  dataset: fc.constant('myTrades' as const),
  symbol,
  account: fc.constantFrom('main', 'other'),
})
const key: fc.Arbitrary<SeriesKey> = fc.oneof(klines, trades, mine)
const count = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 999_999 }))
const WORLD = {
  now: parseMicros('2026-06-01'),
  symbols: [],
  source: undefined,
  account: undefined,
  listingOf: () => Promise.resolve(undefined),
}

describe('the shards of any number', () => {
  it('each series falls to exactly one', () => {
    fc.assert(
      fc.property(key, fc.integer({ min: 1, max: 40 }), (one, n) => {
        const indices = Array.from({ length: n }, (_, place) => place + 1)
        const ours = indices.filter((index) => shardFilter({ index, count: n })(one))
        expect(ours).toEqual([shardOf(one, n)])
      }),
    )
  })

  it('are told by the name alone, as the documentation says', () => {
    fc.assert(
      fc.property(key, count, (one, n) => {
        const hex = createHash('sha256').update(seriesPath(one)).digest('hex')
        expect(shardOf(one, n)).toBe((Number.parseInt(hex.slice(0, 12), 16) % n) + 1)
      }),
    )
  })

  // Numbers that a version must not change: machines of two versions may share a fleet.
  it.each<[SeriesKey, number, number, number]>([
    [{ market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' }, 2, 6, 746],
    [{ market: 'spot', dataset: 'aggTrades', symbol: 'ETHUSDT' }, 3, 9, 379],
    [{ market: 'spot', dataset: 'klines', symbol: '币安人生USDT', interval: '1M' }, 2, 4, 974],
  ])('%j stays where it is', (one, of4, of10, of1000) => {
    expect([4, 10, 1000].map((n) => shardOf(one, n))).toEqual([of4, of10, of1000])
  })

  it.each([2, 7, 50])('%i get about as many series each', (n) => {
    const counts = Array.from({ length: n }, () => 0)
    const all = 400 * n
    for (let place = 0; place < all; place++) {
      const one = { market: 'spot', dataset: 'aggTrades', symbol: `S${place}USDT` } as const
      counts[shardOf(one, n) - 1]! += 1
    }
    // Five standard deviations of a fair choice.
    for (const own of counts) expect(Math.abs(own - 400)).toBeLessThan(5 * Math.sqrt(400))
  })

  it('what a job wants is wanted by them together, each time once, in its order', async () => {
    const symbols = fc.uniqueArray(symbol, { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(symbols, symbols, fc.integer({ min: 1, max: 6 }), async (some, more, n) => {
        const wanted = async (names: readonly string[], index?: number): Promise<string[]> => {
          const jobs = [
            parseJob(
              `{version: 1, symbols: [${names.map((name) => `"${name}"`).join()}], from: 2026-05-01, datasets: [{kind: aggTrades}, {kind: klines, intervals: [1h, 1d]}]}`,
              'x.yaml',
            ),
          ]
          const shard = index === undefined ? undefined : { index, count: n }
          return (await resolveWants(jobs, { ...WORLD, shard })).map((want) => seriesPath(want.key))
        }
        const all = await wanted(some)
        const grown = [...new Set([...more, ...some])]
        const seen: string[] = []
        for (let index = 1; index <= n; index++) {
          const own = await wanted(some, index)
          expect(own).toEqual(all.filter((path) => own.includes(path)))
          // Other symbols of the job move none of them.
          expect(await wanted(grown, index)).toEqual(expect.arrayContaining(own))
          seen.push(...own)
        }
        expect(seen.sort()).toEqual([...all].sort())
      }),
      { numRuns: 30 },
    )
  })

  it.each([
    [0, 4],
    [5, 4],
    [1.5, 4],
    [1, 1_000_000],
    [NaN, NaN],
  ])('%d of %d is none', (index, n) => {
    expect(() => shardFilter({ index, count: n })).toThrow(UsageError)
  })
})
