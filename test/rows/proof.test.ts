import { expect, test } from 'vitest'
import { parseMicros, type Window } from '../../src/base/time.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { provenRows, proverOf } from '../../src/rows/proof.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { pageBody } from '../support/rows-pages.ts'

const span = (from: string, to: string): Window => ({
  from: parseMicros(`2024-03-01T${from}`),
  to: parseMicros(`2024-03-01T${to}`),
})

test('a slot that begins in a known gap and is filled off the grid later is accounted for once', () => {
  const prover = proverOf({ market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' })
  const open = parseMicros('2024-03-01T10:45')
  const kline = { 0: String(open), 6: String(open + 899_999_999n) }
  const { batch } = decodePage(DATASETS.klines, 'string', pageBody('klines', kline), 'us')
  prover.take(provenRows(DATASETS.klines, batch))
  // The slot of 11:00 is missing.
  const known = {
    coverage: [span('10:00', '12:00')],
    gaps: [{ ...span('10:00', '10:30'), reason: 'outage' as const }],
  }
  expect(prover.proof(known)).toEqual({
    slots_expected: 2,
    slots_present: 1,
    slots_in_gaps: 0,
    off_grid: 1,
  })
})
