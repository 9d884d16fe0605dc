/** Ids over several partitions: those that interleave are joined, those that nobody has are missed. */

import { expect, test } from 'vitest'
import { type Micros, type Window, micros, parseMicros, periodWindow } from '../../src/base/time.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { chainFlaws, forgivenBreaks, idBreaksOf } from '../../src/store/id-joints.ts'
import { provenRows, proverOf } from '../../src/rows/proof.ts'
import { knownOf, emptyManifest, record } from '../../src/store/ledger.ts'
import type { Manifest } from '../../src/store/manifest.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { tradeJson } from '../../src/simulator/rows.ts'
import { tradeAt } from '../support/histories.ts'

const KEY = { market: 'spot', dataset: 'trades', symbol: 'BTCUSDT' } as const
const MIDNIGHT = parseMicros('2026-03-02')
const at = (seconds: number): Micros => micros(MIDNIGHT + BigInt(seconds * 1e6))
const WHOLE = { from: at(-86_400), to: at(86_400) }

/** Days of rows, each an id and its seconds from midnight between the two; covered is `window`. */
function lakeOf(
  days: readonly (readonly (readonly [number, number])[])[],
  window: Window,
): Manifest {
  let manifest: Manifest = { ...emptyManifest(KEY, 'string', 'day'), coverage: [window] }
  for (const [index, rows] of days.entries()) {
    const period = `2026-03-0${index + 1}`
    const trades = rows.map(([id, seconds]) => tradeJson(tradeAt(BigInt(id), at(seconds)), 'us'))
    const body = new TextEncoder().encode(`[${trades.join(',')}]`)
    const prover = proverOf(KEY)
    const { batch } = decodePage(DATASETS.trades, 'string', body, 'us')
    prover.take(provenRows(DATASETS.trades, batch))
    const known = knownOf(manifest, periodWindow(period))
    const facts = {
      key: KEY,
      period,
      partition: 'day' as const,
      numbers: 'string' as const,
      ...known,
      sources: ['rest'],
      firstKey: String(rows[0]![0]),
      lastKey: String(rows.at(-1)![0]),
      proof: prover.proof(known),
      archives: {},
      revisions: [],
    }
    manifest = record(manifest, facts, { rows: rows.length, bytes: 1, sha256: '' })
  }
  return manifest
}

function foundIn(manifest: Manifest): readonly string[] {
  return chainFlaws(manifest).map(({ message }) => message)
}

test('ids that interleave over midnight are joined', () => {
  const lake = lakeOf(
    [
      [
        [99, -60],
        [100, -2],
        [102, -1],
      ],
      [
        [101, 0],
        [103, 1],
        [104, 60],
      ],
    ],
    WHOLE,
  )
  expect([idBreaksOf(lake), foundIn(lake)]).toEqual([0, []])
  const [first] = [...lake.partitions.values()]
  expect(first!.proof).toMatchObject({ id_breaks: 1, ids_left_out_at_end: 1 })
  expect(forgivenBreaks(lake, '2026-03-01', first!.proof)).toBe(1)
})

test('an id that neither day has is missed, near midnight and between the files too', () => {
  const inside = lakeOf(
    [
      [
        [1, -600],
        [3, -300],
      ],
      [[4, 1]],
    ],
    WHOLE,
  )
  expect(idBreaksOf(inside)).toBe(1)
  const near = lakeOf(
    [
      [
        [99, -60],
        [100, -2],
        [103, -1],
      ],
      [
        [101, 0],
        [104, 1],
      ],
    ],
    WHOLE,
  )
  expect(idBreaksOf(near)).toBeGreaterThan(0)
  expect(foundIn(near)).toEqual(['2026-03-01 ends with id 103, 2026-03-02 begins with 101'])
  const between = lakeOf([[[1, -60]], [[3, 60]]], WHOLE)
  expect(foundIn(between)).toEqual(['2026-03-01 ends with id 1, 2026-03-02 begins with 3'])
})

test('an id that lies just outside of what was asked is not missed, one far inside is', () => {
  const window = { from: at(-3_600), to: at(3_600) }
  const edges = lakeOf(
    [
      [
        [1, -3_600],
        [3, -3_599],
        [4, -1],
      ],
      [
        [5, 1],
        [7, 3_599],
      ],
    ],
    window,
  )
  // Id 6 would lie after the end only if the row before it lay near it.
  expect(idBreaksOf(edges)).toBeGreaterThan(0)
  const both = lakeOf(
    [
      [
        [1, -3_600],
        [3, -3_599],
        [4, -1],
      ],
      [
        [5, 3_595],
        [7, 3_599],
      ],
    ],
    window,
  )
  expect([idBreaksOf(both), foundIn(both)]).toEqual([0, []])
})
