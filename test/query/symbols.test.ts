import { expect, test } from 'vitest'
import { listSymbols, type SymbolFilter } from '../../src/query/symbols.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { virtualWorld } from '../support/virtual.ts'

const NAMES = ['BTCUSDT', 'ETHUSDT', 'ETHBTC', 'BTCDOWNUSDT']

async function listed(filter: SymbolFilter): Promise<readonly string[]> {
  const exchange = new Exchange({ symbols: NAMES.map((symbol) => ({ symbol })) })
  const symbols = await listSymbols(filter, { world: virtualWorld(exchange) })
  return symbols.map(({ symbol }) => symbol)
}

test('every filter must match, a pattern as a whole', async () => {
  expect(await listed({})).toEqual(NAMES.toSorted())
  expect(await listed({ match: 'ETH*' })).toEqual(['ETHBTC', 'ETHUSDT'])
  expect(await listed({ match: '*DOWNUSDT', status: 'TRADING' })).toEqual(['BTCDOWNUSDT'])
  expect(await listed({ match: 'ETH' })).toEqual([])
})

test.each([
  [{ quote: 'usdt' }, 'no symbol has the quote asset "usdt"; did you mean "USDT"?'],
  [{ status: 'trading' }, 'no symbol has the status "trading"; did you mean "TRADING"?'],
  [{ status: 'DELISTED' }, 'exchangeInfo lists no symbol that is DELISTED'],
  [{ match: 'btc*' }, 'match: "btc*" is not a pattern of symbols; did you mean "BTC*"?'],
])('%j is a slip, not an empty answer', async (filter, words) => {
  await expect(listed(filter)).rejects.toThrow(words)
})

test('what nobody has now is an empty answer', async () => {
  expect(await listed({ status: 'HALT' })).toEqual([])
  expect(await listed({ quote: 'NONE' })).toEqual([])
})
