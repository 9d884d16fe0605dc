/**
 * The account's orders.
 *
 * @see binance-spot-api-docs, rest-api.md, "All orders" and "Conditional fields in Order Responses".
 */

import type { Dataset } from '../dataset.ts'
import { ACCOUNT } from './account.ts'

export const allOrders: Dataset = {
  ...ACCOUNT,
  kind: 'allOrders',
  path: '/api/v3/allOrders',
  cursor: 'orderId',
  key: 'order_id',
  columns: [
    { name: 'order_id', type: 'id', json: 'orderId' },
    { name: 'order_list_id', type: 'id', json: 'orderListId' },
    { name: 'client_order_id', type: 'text', json: 'clientOrderId' },
    { name: 'price', type: 'price', json: 'price' },
    { name: 'orig_quantity', type: 'quantity', json: 'origQty' },
    { name: 'executed_quantity', type: 'quantity', json: 'executedQty' },
    { name: 'cumulative_quote_quantity', type: 'quantity', json: 'cummulativeQuoteQty' },
    { name: 'status', type: 'text', json: 'status' },
    { name: 'time_in_force', type: 'text', json: 'timeInForce' },
    { name: 'type', type: 'text', json: 'type' },
    { name: 'side', type: 'text', json: 'side' },
    { name: 'stop_price', type: 'price', json: 'stopPrice', nullable: true },
    { name: 'iceberg_quantity', type: 'quantity', json: 'icebergQty', nullable: true },
    { name: 'time', type: 'time', json: 'time' },
    { name: 'update_time', type: 'time', json: 'updateTime' },
    { name: 'is_working', type: 'flag', json: 'isWorking' },
    { name: 'working_time', type: 'time', json: 'workingTime', nullable: true },
    { name: 'orig_quote_order_quantity', type: 'quantity', json: 'origQuoteOrderQty' },
    {
      name: 'self_trade_prevention_mode',
      type: 'text',
      json: 'selfTradePreventionMode',
      nullable: true,
    },
    { name: 'extra', type: 'extra', json: '', nullable: true },
  ],
  ignored: ['symbol'],
  // rest-api.md, "Conditional fields in Order Responses".
  extras: [
    'trailingDelta',
    'trailingTime',
    'strategyId',
    'strategyType',
    'workingFloor',
    'preventedMatchId',
    'preventedQuantity',
    'usedSor',
    'pegPriceType',
    'pegOffsetType',
    'pegOffsetValue',
    'peggedPrice',
    'expiryReason',
  ],
  rules: 'order',
  staysOpen: true,
}
