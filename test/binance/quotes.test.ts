/** Base and quote of names that exchangeInfo does not know any more. */

import { expect, test } from 'vitest'
import { PairNames } from '../../src/binance/quotes.ts'

const names = new PairNames([
  { baseAsset: 'BTC', quoteAsset: 'USDT' },
  { baseAsset: 'ABCT', quoteAsset: 'USD' },
])

test.each([
  ['LUNAUSDT', 'LUNA', 'USDT', false],
  ['LUNABTC', 'LUNA', 'BTC', false],
  ['BTCUSDT_240329', 'BTC', 'USDT', false],
  ['BTCUSD_PERP', 'BTC', 'USD', false],
  // XYZ against TUSD, or XYZT against USD: nobody knows either base.
  ['XYZTUSD', 'XYZ', 'TUSD', true],
  // The other way has a base that is known.
  ['ABCTUSD', 'ABC', 'TUSD', true],
  ['BTCTUSD', 'BTC', 'TUSD', false],
  ['ICPUSDT_SETTLED', 'ICP', 'USDT', false],
  ['BNXUSDTSETTLED', 'BNX', 'USDT', false],
  ['BNXUSDTSETTLED1', 'BNX', 'USDT', false],
  ['BTCUSD_PERP_SETTLED', 'BTC', 'USD', false],
  ['SETTLED', '', '', true],
  ['NOTHING', '', '', true],
  ['USDT', '', '', true],
])('%s', (symbol, base, quote, isAmbiguous) => {
  expect(names.part(symbol)).toEqual({ base, quote, isAmbiguous })
})
