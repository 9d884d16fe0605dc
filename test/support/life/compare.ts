/** Is a stored row what was sent? */

import type { Numbers } from '../../../src/binance/dataset.ts'
import type { StoredRow } from './stored.ts'
import type { AnyRow } from './truth.ts'

const SCALE = 8

/** What a column holds: integers and times as bigint, numbers as they were sent. */
export type Cell = bigint | boolean | string

/** The first column in which a stored row is not `row`; `undefined` when it is that row. */
export function difference(stored: StoredRow, row: AnyRow, numbers: Numbers): string | undefined {
  for (const [name, wanted] of Object.entries(cellsOf(row))) {
    const found = stored.cells[name]
    const isSame = typeof wanted === 'string' ? isNumber(found, wanted, numbers) : found === wanted
    if (!isSame) return `${name} is ${String(found)} instead of ${String(wanted)}`
  }
  return undefined
}

function isNumber(found: unknown, text: string, numbers: Numbers): boolean {
  if (numbers === 'string') return found === text
  if (numbers === 'float64') return found === Number(text)
  const [whole = '', decimals = ''] = text.split('.')
  return found === BigInt(`${whole}${decimals.padEnd(SCALE, '0')}`)
}

/** The columns of a row by the names of the contract. */
export function cellsOf(row: AnyRow): Readonly<Record<string, Cell>> {
  if ('openTime' in row)
    return {
      open_time: row.openTime,
      open: row.open,
      high: row.high,
      low: row.low,
      close: row.close,
      volume: row.volume,
      close_time: row.closeTime,
      quote_volume: row.quoteVolume,
      trade_count: BigInt(row.tradeCount),
      taker_buy_volume: row.takerVolume,
      taker_buy_quote_volume: row.takerQuoteVolume,
    }
  const common = { price: row.price, quantity: row.quantity, time: row.time }
  if ('firstTradeId' in row)
    return {
      ...common,
      agg_trade_id: row.id,
      first_trade_id: row.firstTradeId,
      last_trade_id: row.lastTradeId,
      is_buyer_maker: row.isBuyerMaker,
    }
  return {
    ...common,
    trade_id: row.id,
    quote_quantity: row.quoteQuantity,
    is_buyer_maker: row.isBuyerMaker,
  }
}
