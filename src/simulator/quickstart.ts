/** The exchange that `simulate` and the quickstart serve by default. */

import { parseMicros, type Window } from '../base/time.ts'
import type { ExchangeOptions } from './options.ts'

/** The week of the quickstart: Monday 2026-11-02 to Monday 2026-11-09. */
export const QUICKSTART_WINDOW: Window = {
  from: parseMicros('2026-11-02'),
  to: parseMicros('2026-11-09'),
}

/** The day on which BTCUSDT has about 60,000 aggTrades, 3,000 of them in one microsecond. */
export const QUICKSTART_BUSY_DAY = '2026-11-04'

/** The outage of ETHUSDT within the week. */
export const QUICKSTART_OUTAGE: Window = {
  from: parseMicros('2026-11-05T02:00'),
  to: parseMicros('2026-11-05T06:00'),
}

/** A symbol that is not ASCII. */
export const QUICKSTART_WIDE_SYMBOL = '币安人生USDT'

/** API key and secret of an account, so that account datasets can be tried as well. */
export const QUICKSTART_KEY = 'simulated'

const BURST_COUNT = 3_000

/** BTCUSDT, ETHUSDT with an outage, a symbol that is not ASCII, and one account; and a few perpetual contracts. */
export function quickstartExchange(): ExchangeOptions {
  return {
    um: {
      symbols: [
        { symbol: 'BTCUSDT', listedAt: parseMicros('2019-09-08T17:57'), price: 68_050 },
        { symbol: 'ETHUSDT', listedAt: parseMicros('2019-11-27T07:45'), price: 2_602 },
      ],
    },
    cm: {
      symbols: [
        {
          symbol: 'BTCUSD_PERP',
          listedAt: parseMicros('2020-08-10T07:00'),
          price: 68_060,
          quantityDecimals: 0,
        },
      ],
    },
    accounts: [{ apiKey: QUICKSTART_KEY, key: { kind: 'hmac', secret: QUICKSTART_KEY } }],
    symbols: [
      {
        symbol: 'BTCUSDT',
        listedAt: parseMicros('2017-08-17'),
        price: 68_000,
        volumePerDay: 22_000,
        aggTradesPerDay: 4_000,
        aggTradesOn: { [QUICKSTART_BUSY_DAY]: 57_000 },
        bursts: [{ at: parseMicros(`${QUICKSTART_BUSY_DAY}T14:30:00.123456`), count: BURST_COUNT }],
        blockTradesPerDay: 24,
      },
      {
        symbol: 'ETHUSDT',
        listedAt: parseMicros('2017-08-17'),
        outages: [QUICKSTART_OUTAGE],
        price: 2_600,
        quantityDecimals: 4,
        volatility: 0.035,
        volumePerDay: 400_000,
        aggTradesPerDay: 2_500,
      },
      {
        symbol: QUICKSTART_WIDE_SYMBOL,
        listedAt: parseMicros('2025-10-01'),
        price: 0.18,
        priceDecimals: 4,
        quantityDecimals: 1,
        volatility: 0.09,
        volumePerDay: 90_000_000,
        aggTradesPerDay: 1_500,
        idleShare: 0.1,
      },
    ],
  }
}
