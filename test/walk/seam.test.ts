import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { compareSeam } from '../../src/walk/seam.ts'
import type { Page } from '../../src/rows/page.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { AGG_TRADES } from '../support/archive.ts'
import { pageBody } from '../support/rows-pages.ts'

function trade(price: string, time: bigint): Page {
  const row = { a: '7', p: `"${price}"`, T: String(time) }
  return decodePage(DATASETS.aggTrades, 'decimal', pageBody('aggTrades', row), 'us')
}

test('a trade of the last millisecond before the seam is stored and covers nothing beyond', () => {
  const seam = parseMicros('2025-01-01')
  const [stored, answer] = [trade('1', seam - 500n), trade('2', seam - 500n)]
  const { window } = compareSeam(AGG_TRADES, stored, seam, answer) ?? {}
  expect(window).toEqual({ from: seam - 1n, to: seam })
})
