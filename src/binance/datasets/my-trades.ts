/**
 * The account's own trades.
 *
 * @see binance-spot-api-docs, rest-api.md, "Account trade list".
 */

import type { Dataset } from '../dataset.ts'
import { ACCOUNT } from './account.ts'

export const myTrades: Dataset = {
  ...ACCOUNT,
  kind: 'myTrades',
  path: '/api/v3/myTrades',
  cursor: 'fromId',
  key: 'trade_id',
  columns: [
    { name: 'trade_id', type: 'id', json: 'id' },
    { name: 'order_id', type: 'id', json: 'orderId' },
    { name: 'order_list_id', type: 'id', json: 'orderListId' },
    { name: 'price', type: 'price', json: 'price' },
    { name: 'quantity', type: 'quantity', json: 'qty' },
    { name: 'quote_quantity', type: 'quantity', json: 'quoteQty' },
    { name: 'commission', type: 'quantity', json: 'commission' },
    { name: 'commission_asset', type: 'text', json: 'commissionAsset' },
    { name: 'time', type: 'time', json: 'time' },
    { name: 'is_buyer', type: 'flag', json: 'isBuyer' },
    { name: 'is_maker', type: 'flag', json: 'isMaker' },
    { name: 'is_best_match', type: 'flag', json: 'isBestMatch' },
  ],
  ignored: ['symbol'],
  rules: 'trade',
}
