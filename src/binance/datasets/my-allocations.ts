/**
 * The account's allocations, which smart order routing creates.
 *
 * @see binance-spot-api-docs, rest-api.md, "Query Allocations".
 */

import type { Dataset } from '../dataset.ts'
import { ACCOUNT } from './account.ts'

export const myAllocations: Dataset = {
  ...ACCOUNT,
  kind: 'myAllocations',
  path: '/api/v3/myAllocations',
  cursor: 'fromAllocationId',
  key: 'allocation_id',
  columns: [
    { name: 'allocation_id', type: 'id', json: 'allocationId' },
    { name: 'allocation_type', type: 'text', json: 'allocationType' },
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
    { name: 'is_allocator', type: 'flag', json: 'isAllocator' },
  ],
  ignored: ['symbol'],
  rules: 'allocation',
}
