/** One bar while it is made of trades. */

import { micros, type Micros, type Window } from '../base/time.ts'
import type { Exact } from './exact.ts'
import { compareAmounts, exactAmount, type Amount } from './scaled.ts'
import { Total } from './total.ts'
import type { TradeRows } from './trade-rows.ts'

/** A bar that is finished. */
export type BarRow = {
  readonly opened: Micros
  readonly closed: Micros
  readonly prices: Readonly<Record<'open' | 'high' | 'low' | 'close', Exact>>
  readonly volume: Exact
  readonly quoteVolume: Exact
  readonly takerVolume: Exact
  readonly takerQuoteVolume: Exact
  readonly tradeCount: number
  readonly firstId: number
  readonly lastId: number
  /** Decimals that the texts of prices and quantities have at least. */
  readonly decimals: number
}

const NONE: Amount = { units: 0, scale: 0 }

/** Trades on their way to one bar, in any order of their ids. */
export class Bar {
  #open = NONE
  #high = NONE
  #low = NONE
  #close = NONE
  #firstId = Infinity
  #lastId = -Infinity
  #firstTime = Infinity
  #lastTime = -Infinity
  #decimals = 0
  #tradeCount = 0
  readonly #volume = new Total()
  readonly #quote = new Total()
  readonly #takerVolume = new Total()
  readonly #takerQuote = new Total()

  get tradeCount(): number {
    return this.#tradeCount
  }

  get volume(): Total {
    return this.#volume
  }

  get quoteVolume(): Total {
    return this.#quote
  }

  add(rows: TradeRows, row: number): void {
    const { prices, quantities } = rows
    const price = { units: prices.units[row] ?? 0, scale: prices.scale }
    const [first, last] = [rows.firsts[row] ?? 0, rows.lasts[row] ?? 0]
    const time = rows.times[row] ?? 0
    const isFirst = this.#tradeCount === 0
    if (isFirst || compareAmounts(price, this.#high) > 0) this.#high = price
    if (isFirst || compareAmounts(price, this.#low) < 0) this.#low = price
    if (first < this.#firstId) [this.#firstId, this.#open] = [first, price]
    if (last > this.#lastId) [this.#lastId, this.#close] = [last, price]
    if (time < this.#firstTime) this.#firstTime = time
    if (time > this.#lastTime) this.#lastTime = time
    this.#tradeCount += last - first + 1
    this.#decimals = Math.max(this.#decimals, prices.decimals, quantities.decimals)
    this.#volume.add(quantities, row)
    addQuote(this.#quote, rows, row)
    if (!rows.isTakerBuy(row)) return
    this.#takerVolume.add(quantities, row)
    addQuote(this.#takerQuote, rows, row)
  }

  /** The bar as it is. @param slot - Its time, if that is not the time of its trades. */
  row(slot?: Window): BarRow {
    return {
      opened: slot?.from ?? micros(BigInt(this.#firstTime)),
      closed: slot === undefined ? micros(BigInt(this.#lastTime)) : micros(slot.to - 1n),
      prices: {
        open: exactAmount(this.#open),
        high: exactAmount(this.#high),
        low: exactAmount(this.#low),
        close: exactAmount(this.#close),
      },
      volume: this.#volume.exact(),
      quoteVolume: this.#quote.exact(),
      takerVolume: this.#takerVolume.exact(),
      takerQuoteVolume: this.#takerQuote.exact(),
      tradeCount: this.#tradeCount,
      firstId: this.#firstId,
      lastId: this.#lastId,
      decimals: this.#decimals,
    }
  }
}

function addQuote(total: Total, { prices, quantities, quotes }: TradeRows, row: number): void {
  if (quotes === undefined) total.addProduct(prices, quantities, row)
  else total.add(quotes, row)
}
