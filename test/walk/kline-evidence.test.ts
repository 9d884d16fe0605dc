/** What explains a stretch without klines, besides empty answers. */

import { expect, test } from 'vitest'
import type { Coverage } from '../../src/base/coverage.ts'
import type { GapReason } from '../../src/base/gap.ts'
import { KlineEvidence } from '../../src/walk/kline-evidence.ts'
import type { AskPage } from '../../src/walk/walk.ts'
import { barePage } from '../support/bare-page.ts'
import { minute } from '../support/histories.ts'

const HOLE = { from: minute(60), to: minute(120) }
/** Too young to be settled, and for a later run's answer to count. */
const NOW = minute(300)

/** The reasons of the hole, where rows come before it, and after it up to `rowsTo`. */
async function reasonsOf(
  files: { readonly lacking: Coverage; readonly between: Coverage },
  rowsTo: number,
  isTrading: boolean,
): Promise<readonly GapReason[]> {
  const ask: AskPage = async ({ startTime = 0n }) => {
    const opens = Array.from({ length: rowsTo }, (_, index) => minute(index))
    const open = opens.find(
      (time) => time >= startTime * 1_000n && (time < HOLE.from || time >= HOLE.to),
    )
    const keys = BigInt64Array.from(open === undefined ? [] : [open])
    return barePage(keys, keys)
  }
  const world = { now: NOW, unconfirmed: [], ...files, isTrading: async () => isTrading }
  const evidence = new KlineEvidence(ask, { ...world, hasRowsBefore: false }, undefined)
  const { gaps } = await evidence.explain([HOLE])
  return gaps.map(({ reason }) => reason)
}

const tail = { lacking: [{ from: minute(60), to: minute(1440) }], between: [] }
const inside = { lacking: [HOLE], between: [HOLE] }

test('a hole between klines that a file has between its own is an outage', async () => {
  expect(await reasonsOf(inside, 200, true)).toEqual(['outage'])
})

test('a file that ends before the hole may be cut, and confirms nothing that rows follow', async () => {
  expect(await reasonsOf(tail, 200, true)).toEqual(['unconfirmed'])
  expect(await reasonsOf(tail, 200, false)).toEqual(['unconfirmed'])
})

test('a file that ends with the last kline confirms the end of a symbol that does not trade alone', async () => {
  expect(await reasonsOf(tail, 60, true)).toEqual(['unconfirmed'])
  expect(await reasonsOf(tail, 60, false)).toEqual(['after-delisting'])
})
