/** Patterns of symbols choose what a shell would, in bounded time. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJob } from '../../src/index.ts'
import { fitsPattern } from '../../src/job/pattern.ts'
import { seriesOf } from '../../src/session/wants.ts'

test('fits as the regular expression of the same meaning', () => {
  const text = fc.string({ unit: fc.constantFrom('A', 'B', '币'), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('A', 'B', '币', '*', '?'), maxLength: 8 })
  fc.assert(
    fc.property(text, pattern, (symbol, signs) => {
      const same = signs.replaceAll('*', '.*').replaceAll('?', '.')
      expect(fitsPattern(symbol, signs)).toBe(new RegExp(`^${same}$`, 'u').test(symbol))
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['"*USDT"', ['BTCUSDT', 'ETHUSDT']],
  ['["BTC*", "?THUSDT"]', ['BTCUSDC', 'BTCUSDT', 'ETHUSDT']],
])('a job that matches %s wants %j', (match, expected) => {
  const job = parseJob(
    `{version: 1, from: 30d, symbols: {match: ${match}}, datasets: [{kind: aggTrades}]}`,
    'x',
  )
  const symbols = ['ETHUSDT', 'BTCUSDT', 'BTCUSDC', 'ETHBTC'].map((symbol) => ({
    symbol,
    status: 'TRADING',
    baseAsset: symbol.slice(0, 3),
    quoteAsset: symbol.slice(3),
  }))
  const [dataset] = job.datasets
  const found = seriesOf(dataset!, { symbols, account: undefined })
  expect(found.map(({ symbol }) => symbol)).toEqual(expected)
})

test.each([
  ['"*usdt"', /"\*usdt" is not a pattern of symbols; did you mean "\*USDT"\?/],
  ['"*/USDT"', /"\*\/USDT" is not a pattern of symbols; write e\.g\./],
  ['[]', /an empty list; write at least one/],
  ['5', /expected a pattern such as "\*USDT", or a list of some/],
])('%s is refused', (match, words) => {
  const text = `{version: 1, from: 30d, symbols: {match: ${match}}, datasets: [{kind: aggTrades}]}`
  expect(() => parseJob(text, 'x')).toThrow(words)
})
