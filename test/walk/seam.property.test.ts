/**
 * The law of seams: wherever within a millisecond one source stops and another goes on, and in whatever unit each of
 * them tells times, the lake holds every row once.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatMicros, micros, parseMicros, type Micros } from '../../src/base/time.ts'
import { Exchange, type ArchiveFault } from '../../src/simulator/index.ts'
import { readManifest } from '../../src/store/series.ts'
import { rowsOf } from '../support/chaos.ts'
import { codesOf, statusOfOne, verifyLake } from '../support/checked.ts'
import { aggTradeAt, tradeAt } from '../support/histories.ts'
import { memFiles } from '../support/mem-files.ts'
import { FILES_FIRST, PAGES_FIRST, SOME_OF_BOTH } from '../support/speeds.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'

const RUNS = Number(process.env['SEAM_RUNS'] ?? 30)
const NOON = parseMicros('2025-03-05T12:00:00Z')
const [FROM, TO] = [micros(NOON - 3_600_000_000n), micros(NOON + 3_600_000_000n)]
const NOW = parseMicros('2025-03-20T00:00:00Z')
const URL = 'https://exchange.test'

type Dataset = 'aggTrades' | 'trades'
type Unit = 'us' | 'ms'
type Source = {
  readonly from: 'rest' | 'archive' | 'auto'
  readonly rest: Unit
  readonly archive: Unit
}
/** Where the first source stops, by the row that it does not tell, and the microseconds of the cut after that row. */
type Stop =
  | {
      readonly kind: 'job'
      readonly row: number
      readonly offset: bigint
      readonly half: 'before' | 'after'
    }
  /** REST breaks off after so many pages; of the archive's file, a row is not there. */
  | { readonly kind: 'broken'; readonly row: number }

const sources: fc.Arbitrary<Source> = fc.record({
  from: fc.constantFrom('rest', 'archive', 'auto'),
  rest: fc.constantFrom('us', 'ms'),
  archive: fc.constantFrom('us', 'ms'),
})
const times: fc.Arbitrary<readonly Micros[]> = fc
  .array(fc.constantFrom(0n, 1n, 50n, 281n, 999n, 1_000n, 5_000_000n), {
    minLength: 2,
    maxLength: 14,
  })
  .map((pauses) => {
    let time = micros(NOON + 100n)
    return pauses.map((pause) => (time = micros(time + pause)))
  })
const stops: fc.Arbitrary<Stop> = fc.oneof(
  fc.record({
    kind: fc.constant('job' as const),
    row: fc.nat(13),
    offset: fc.constantFrom(-1n, 0n, 1n, 70n),
    half: fc.constantFrom('before', 'after'),
  }),
  fc.record({ kind: fc.constant('broken' as const), row: fc.nat(13) }),
)

/** An exchange that tells this history in the unit of `source`, whole or broken at a row. */
function exchangeOf(
  dataset: Dataset,
  history: readonly Micros[],
  { from, rest, archive }: Source,
  brokenAt?: number,
): Exchange {
  const path = dataset === 'trades' ? '/api/v3/historicalTrades' : '/api/v3/aggTrades'
  const wrongUnit = { path, times: Infinity, fault: { kind: 'page', page: 'wrongUnit' } } as const
  const broken = {
    path,
    nth: 3 + (brokenAt ?? 0),
    times: Infinity,
    fault: { kind: 'error', code: -1100 },
  } as const
  const lacking: ArchiveFault = {
    kind: 'lines',
    change: (lines) => lines.filter((_, row) => row !== brokenAt),
  }
  return new Exchange({
    symbols: [
      {
        symbol: 'BTCUSDT',
        listedAt: parseMicros('2025-03-05'),
        rows: {
          aggTrades: history.map((time, row) => ({
            ...aggTradeAt(BigInt(row), time),
            firstTradeId: BigInt(row),
            lastTradeId: BigInt(row),
          })),
          trades: history.map((time, row) => tradeAt(BigInt(row), time)),
        },
      },
    ],
    pageRows: 1,
    faults: {
      rules: [
        ...(brokenAt !== undefined && from === 'rest' ? [broken] : []),
        ...(rest === 'ms' ? [wrongUnit] : []),
      ],
    },
    archive: {
      rules: [
        ...(archive === 'ms'
          ? [{ path: '.zip', fault: { kind: 'otherUnit', rows: 'all' } as const }]
          : []),
        ...(brokenAt !== undefined && from !== 'rest' ? [{ path: '.zip', fault: lacking }] : []),
      ],
    },
  })
}

function job(
  dataset: Dataset,
  { from: source }: Source,
  [from, to]: readonly [Micros, Micros],
): string {
  return `
version: 1
datasets:
  - {kind: ${dataset}, symbols: [BTCUSDT], from: "${formatMicros(from)}", to: "${formatMicros(to)}", source: ${source}, numbers: string, compression: none}
`
}

test('every row once, wherever one source stops and another goes on', async () => {
  const cases = fc.record({
    dataset: fc.constantFrom<Dataset>('aggTrades', 'trades'),
    burst: times,
    first: sources,
    second: sources,
    stop: stops,
    speed: fc.constantFrom(FILES_FIRST, PAGES_FIRST, SOME_OF_BOTH),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ dataset, burst, first, second, stop, speed }) => {
      const files = memFiles()
      const key = { market: 'spot', dataset, symbol: 'BTCUSDT' } as const
      // One row before what is wanted and one after it, so that ids prove what lies between.
      const history = [micros(FROM - 1n), ...burst, TO]
      const row = 1 + (stop.row % burst.length)
      const go = async (
        source: Source,
        [from, to]: readonly [Micros, Micros],
        brokenAt?: number,
      ) => {
        const exchange = exchangeOf(dataset, history, source, brokenAt)
        const world = virtualWorld(exchange, { start: NOW, files })
        return attempt(job(dataset, source, [from, to]), {
          world,
          baseUrls: [URL],
          archiveUrl: URL,
          speed,
        })
      }
      if (stop.kind === 'broken') await go(first, [FROM, TO], row)
      else {
        const cut = micros((history[row] ?? NOON) + stop.offset)
        const half = stop.half === 'before' ? ([FROM, cut] as const) : ([cut, TO] as const)
        expect(await go(first, half)).toMatchObject({ exit: 0 })
      }
      expect(await go(second, [FROM, TO])).toMatchObject({ exit: 0, error: undefined })
      const world = virtualWorld(exchangeOf(dataset, history, second), { start: NOW, files })
      const stored = await rowsOf(files, key)
      const units = [first, second].flatMap(({ rest, archive }) => [rest, archive])
      const unit = units.includes('ms') ? 1_000n : 1n
      const inUnit = (time: bigint): bigint => time / unit
      expect([...stored.keys()]).toEqual(burst.map((_, id) => String(id + 1)))
      expect([...stored.values()].map(({ time }) => inUnit(time))).toEqual(burst.map(inUnit))
      expect((await readManifest(files, key))?.revisions).toEqual([])
      expect((await statusOfOne({ world })).verdict).toBe('complete')
      expect(codesOf(await verifyLake({ world }))).toEqual([])
    }),
    { numRuns: RUNS },
  )
})
