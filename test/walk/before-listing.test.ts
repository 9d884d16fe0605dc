/** The time before the first trade, where that is not the one with the first id. */

import { expect, test } from 'vitest'
import { micros, parseMicros } from '../../src/base/time.ts'
import { aggTradeAt } from '../support/histories.ts'
import { memFiles } from '../support/mem-files.ts'
import { manifestOf, openStored, storeWindow } from '../support/stored-series.ts'

const KEY = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
const FROM = parseMicros('2026-03-02')
const at = (ms: number): typeof FROM => micros(FROM + BigInt(ms) * 1_000n)

test('nothing was before the earliest trade, on whichever page it comes', async () => {
  const options = { files: memFiles(), key: KEY, partition: 'day' } as const
  const window = { from: FROM, to: at(10_000) }
  const gaps = [{ from: FROM, to: at(5_000), reason: 'before-listing' as const }]
  await storeWindow(options, await openStored(options), window, [
    { rows: [aggTradeAt(0n, at(5_000))], reached: at(5_000), gaps },
    { rows: [aggTradeAt(1n, at(3_500)), aggTradeAt(2n, at(4_000))], reached: at(5_000), gaps: [] },
    { rows: [aggTradeAt(3n, at(6_000))], reached: window.to, gaps: [] },
  ])
  const manifest = await manifestOf(options)
  expect(manifest.gaps).toEqual([{ from: FROM, to: at(3_500), reason: 'before-listing' }])
  expect(manifest.coverage).toEqual([window])
})
