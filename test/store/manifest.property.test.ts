/** The manifest and the footer as text: read back as they were, and refused when they are anything else. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { union } from '../../src/base/coverage.ts'
import { DamageError } from '../../src/base/errors.ts'
import { micros, periodWindow, type Window } from '../../src/base/time.ts'
import { NUMBERS } from '../../src/binance/dataset.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { formatFacts, parseFacts, type FooterFacts } from '../../src/store/footer.ts'
import { manifestPath, partitionPath } from '../../src/store/layout.ts'
import { emptyManifest, factsOf, joinGaps } from '../../src/store/ledger.ts'
import {
  formatManifest,
  parseManifest,
  REASONS,
  type Manifest,
  type PartitionEntry,
  type Revision,
} from '../../src/store/manifest.ts'

const RUNS = { numRuns: 300 }
const key: SeriesKey = { market: 'spot', dataset: 'klines', symbol: '币安人生USDT', interval: '1m' }
const PATH = manifestPath(key)
const MONTHS = ['2025-11', '2025-12', '2026-01', '2026-02'] as const
const { from: BEGIN } = periodWindow(MONTHS[0])
const { to: END } = periodWindow(MONTHS[3])

const window: fc.Arbitrary<Window> = fc
  .tuple(fc.bigInt(BEGIN, END - 1n), fc.bigInt(BEGIN, END - 1n))
  .map(([a, b]) => ({ from: micros(a < b ? a : b), to: micros((a < b ? b : a) + 1n) }))
const windows = fc.array(window, { maxLength: 4 }).map((list) => union(list))
const digits = fc.bigInt(0n, 2n ** 63n - 1n).map(String)
const texts = fc.dictionary(
  fc.constantFrom('open', 'close', 'volume'),
  fc.string({ unit: 'binary' }),
)
const entry: fc.Arbitrary<PartitionEntry> = fc.record({
  rows: fc.nat(),
  bytes: fc.nat(),
  sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
  firstKey: digits,
  lastKey: digits,
  sources: fc.subarray(['archive', 'rest']),
  proof: fc.dictionary(
    fc.constantFrom('id_breaks', 'off_grid', 'x'),
    fc.oneof(fc.nat(), fc.string(), fc.boolean()),
    { noNullPrototype: true },
  ),
})
const revision: fc.Arbitrary<Revision> = fc.record({
  period: fc.constantFrom(...MONTHS),
  key: digits,
  time: fc.constant('2026-01-01T00:00:00.000000Z'),
  old: texts.map((record) => ({ ...record })),
  new: texts.map((record) => ({ ...record })),
})
const manifest: fc.Arbitrary<Manifest> = fc.record({
  key: fc.constant(key),
  numbers: fc.constantFrom(...NUMBERS),
  partition: fc.constant('month' as const),
  coverage: windows,
  gaps: fc
    .tuple(windows, fc.constantFrom(...REASONS))
    .map(([list, reason]) => joinGaps(list.map((one) => ({ ...one, reason })))),
  fresh: windows,
  partitions: fc
    .array(fc.tuple(fc.constantFrom(...MONTHS), entry), { minLength: 1, maxLength: 4 })
    .map((list) => new Map(list.sort(([a], [b]) => (a < b ? -1 : 1)))),
  archives: fc
    .array(fc.tuple(fc.constantFrom('a.zip', 'b.zip'), fc.constantFrom(...MONTHS)))
    .map((list) => new Map(list.sort().map(([path, period]) => [path, { sha256: 'x', period }]))),
  revisions: fc.array(revision, { maxLength: 3 }),
  doubts: fc.array(revision, { maxLength: 2 }),
})

function read(text: string): Manifest {
  return parseManifest(text, key, PATH)
}

/** What a refusal must say: which file, and what mends it. */
function expectRefused(attempt: () => unknown, path: string): void {
  try {
    attempt()
  } catch (error) {
    expect(error).toBeInstanceOf(DamageError)
    expect((error as DamageError).message).toContain(path)
    expect((error as DamageError).hint).toContain('verify --rebuild')
    return
  }
  throw new Error('it was accepted')
}

describe('the manifest', () => {
  test('is read back as it was written, and written again the same', () => {
    fc.assert(
      fc.property(manifest, (given) => {
        const text = formatManifest(given)
        expect(read(text)).toEqual(given)
        expect(formatManifest(read(text))).toBe(text)
      }),
      RUNS,
    )
  })

  test('cut anywhere is refused', () => {
    const text = formatManifest(fc.sample(manifest, { numRuns: 1, seed: 7 })[0]!)
    for (let end = 0; end < text.length; end++) expectRefused(() => read(text.slice(0, end)), PATH)
  })

  test('with any character changed, left out or put in is refused', () => {
    fc.assert(
      fc.property(
        manifest,
        fc.nat(),
        fc.string({ minLength: 0, maxLength: 1 }),
        fc.boolean(),
        (given, pick, by, isPut) => {
          const text = formatManifest(given)
          const at = pick % text.length
          const changed = text.slice(0, at) + by + text.slice(isPut ? at : at + 1)
          // A version beyond ours is not damage.
          fc.pre(changed !== text && !/"format":\s*([2-9]|\d\d)/.test(changed))
          expectRefused(() => read(changed), PATH)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('of another series is refused', () => {
    const text = formatManifest(emptyManifest({ ...key, symbol: 'BTCUSDT' }, 'string', 'month'))
    expectRefused(() => read(text), PATH)
  })

  test.each(['', '{}', '[]', 'null', '0', '{"format":1}', '{"format":"1"}', '\0'])(
    '%j is refused',
    (text) => {
      expectRefused(() => read(text), PATH)
    },
  )

  test('of a newer version is refused otherwise: to upgrade, not to mend', () => {
    expect(() => read('{"format":2}')).toThrow(expect.objectContaining({ exit: 2 }) as Error)
  })
})

describe('the footer', () => {
  const facts = manifest.map((given): FooterFacts => {
    const [[period, own] = ['', undefined]] = given.partitions
    return factsOf(given, period, own!)
  })
  const pathOf = ({ period }: FooterFacts): string => partitionPath(key, period)

  test('is read back as it was written', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const metadata = new Map(Object.entries(formatFacts(given)))
        expect(parseFacts(metadata, key, pathOf(given))).toEqual(given)
      }),
      RUNS,
    )
  })

  test('with any value changed or left out is refused', () => {
    fc.assert(
      fc.property(
        facts,
        fc.nat(),
        fc.nat(),
        fc.option(fc.string({ maxLength: 2 })),
        (given, pick, place, by) => {
          const entries = Object.entries(formatFacts(given))
          const [name, value] = entries[pick % entries.length]!
          const at = value.length === 0 ? 0 : place % value.length
          const changed = by === null ? undefined : value.slice(0, at) + by + value.slice(at + 1)
          fc.pre(changed !== value)
          const metadata = new Map(entries)
          if (changed === undefined) metadata.delete(name)
          else metadata.set(name, changed)
          // A version beyond ours is not damage.
          fc.pre(!(name === 'schema_version' && Number(changed) > 1))
          expectRefused(() => parseFacts(metadata, key, pathOf(given)), pathOf(given))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('is refused in the place of another period', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const path = partitionPath(key, given.period === '2026-02' ? '2025-12' : '2026-02')
        const metadata = new Map(Object.entries(formatFacts(given)))
        expectRefused(() => parseFacts(metadata, key, path), path)
      }),
      RUNS,
    )
  })
})
