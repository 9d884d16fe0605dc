/** Which of two states of one kline shows less, in every form that numbers are stored in. */

import { describe, expect, it } from 'vitest'
import { NUMBERS } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { showsLess } from '../../src/rows/finished.ts'
import { mergeBatches } from '../../src/rows/merge.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { pageBody } from '../support/rows-pages.ts'

const dataset = DATASETS.klines

describe.each(NUMBERS)('klines with numbers as %s', (numbers) => {
  const kline = (count: number, volume: string) =>
    decodePage(dataset, numbers, pageBody('klines', { 5: `"${volume}"`, 8: String(count) }), 'ms')
      .batch

  it.each([
    [9, '10.00000000', 8, '10.00000000', true],
    [9, '10.00000000', 8, '11.00000000', true],
    [9, '10.00000000', 9, '9.99999999', true],
    [9, '10.00000000', 9, '10.00000000', false],
    [9, '10.00000000', 9, '10.00000001', false],
    [9, '10.00000000', 10, '9.00000000', false],
    [9, '0.00000001', 9, '0.00000000', true],
    [9, '9.00000000', 9, '10.00000000', false],
  ])('%d trades of %s against %d of %s: %s', (count, volume, freshCount, freshVolume, is) => {
    const [stored, fresh] = [kline(count, volume), kline(freshCount, freshVolume)]
    expect(showsLess(dataset, { batch: stored, row: 0 }, { batch: fresh, row: 0 })).toBe(is)
  })

  it('is taken where nobody minds, or the same was told before; else it is a doubt', () => {
    const [stored, fresh] = [kline(9, '10'), kline(8, '9')]
    const taken = mergeBatches(stored, fresh, { dataset })
    expect([taken.revisions.length, taken.doubts]).toEqual([1, []])
    const held = mergeBatches(stored, fresh, { dataset, claims: new Map() })
    expect(held.batch).toBe(stored)
    expect(held).toMatchObject({ revisions: [], duplicates: 1, doubts: taken.revisions })
    const [doubt] = held.doubts
    const claims = new Map([[doubt!.key, doubt!.new]])
    expect(mergeBatches(stored, fresh, { dataset, claims })).toEqual({ ...taken, batch: fresh })
    const other = mergeBatches(stored, kline(7, '9'), { dataset, claims })
    expect([other.revisions, other.doubts.length]).toEqual([[], 1])
  })
})

it('rows of other datasets show nothing of the kind', () => {
  const { batch } = decodePage(DATASETS.aggTrades, 'string', pageBody('aggTrades', {}), 'ms')
  expect(showsLess(DATASETS.aggTrades, { batch, row: 0 }, { batch, row: 0 })).toBe(false)
})
