/** What a history really holds, without limits, faults and pages: the reference for comparing a lake. */

import type { Micros, Window } from '../base/time.ts'
import type { Interval } from '../binance/interval.ts'
import type { FuturesHistory, PriceName } from './futures-history.ts'
import type { Exchange } from './model.ts'
import type { Funding } from './options.ts'
import type { AggTrade, Kline, Trade } from './rows.ts'
import type { KlineSource, Sequence } from './source.ts'

/** Which rows: those in `window`, in their state when the server's clock shows `now`. */
type TruthQuery = { readonly symbol: string; readonly window: Window; readonly now: Micros }

/** The klines that open in the window, unfinished ones included. */
export function trueKlines(
  exchange: Exchange,
  query: TruthQuery & { readonly interval: Interval; readonly dataset?: 'klines' | 'uiKlines' },
): Kline[] {
  const { klines, uiKlines } = exchange.historyOf(query.symbol)
  return (query.dataset === 'uiKlines' ? uiKlines : klines).ask(query.interval, {
    from: Number(query.window.from),
    to: Number(query.window.to) - 1,
    now: Number(query.now),
    limit: Infinity,
    newest: false,
    without: [],
  })
}

/** The aggregate trades of the window, one at a time; including those that REST no longer has. */
export function trueAggTrades(exchange: Exchange, query: TruthQuery): Generator<AggTrade> {
  return rowsOf(exchange.historyOf(query.symbol).aggTrades, query)
}

/** The trades of the window, one at a time. */
export function trueTrades(exchange: Exchange, query: TruthQuery): Generator<Trade> {
  return rowsOf(exchange.historyOf(query.symbol).trades, query)
}

/** The block trades of the window, one at a time. */
export function trueBlockTrades(exchange: Exchange, query: TruthQuery): Generator<Trade> {
  return rowsOf(exchange.historyOf(query.symbol).blockTrades, query)
}

/** The settlements of a contract up to `now`, oldest first. */
export function trueFunding(exchange: Exchange, symbol: string, now: Micros): readonly Funding[] {
  return (exchange.historyOf(symbol) as FuturesHistory).funding(Number(now))
}

/** The klines of a price of a contract that nobody trades at. */
export function truePrices(exchange: Exchange, symbol: string, price: PriceName): KlineSource {
  return (exchange.historyOf(symbol) as FuturesHistory).prices[price]
}

function* rowsOf<Row>(sequence: Sequence<Row>, { window, now }: TruthQuery): Generator<Row> {
  const to = Math.min(sequence.placeOfTime(Number(window.to)), sequence.count(Number(now)))
  for (let place = sequence.placeOfTime(Number(window.from)); place < to; place++)
    yield sequence.at(place)
}
