/** A deep backfill asks for each page once, and for nothing besides the clock and the limits. */

import { expect, test } from 'vitest'
import { Exchange } from '../../src/simulator/index.ts'
import { memFiles } from '../support/mem-files.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'

const SYMBOLS = Array.from({ length: 40 }, (_, index) => `S${String(index).padStart(2, '0')}USDT`)
// 2,184 hours: three pages a symbol.
const JOB = `
version: 1
source: rest
symbols: [${SYMBOLS.join(', ')}]
from: 2024-01-01
to: 2024-04-01
datasets: [{kind: klines, intervals: [1h]}]
`

test('40 series of three pages: 120 requests, and three', async () => {
  const exchange = new Exchange({ symbols: SYMBOLS.map((symbol) => ({ symbol })) })
  const files = memFiles()
  const { summary } = await attempt(JOB, { world: virtualWorld(exchange, { files }) })
  expect(summary).toMatchObject({ complete: true, rows: 40 * 2_184, requests: 123 })
  const again = await attempt(JOB, { world: virtualWorld(exchange, { files }) })
  expect(again.summary).toMatchObject({ complete: true, rows: 0, requests: 2 })
})
