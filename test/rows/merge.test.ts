import { makeData, RecordBatch, type Data } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { NUMBERS, type SpotKind, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { pageOf } from '../../src/rows/batch.ts'
import { lowerBound } from '../../src/rows/int64.ts'
import { mergeBatches } from '../../src/rows/merge.ts'
import {
  concatBatches,
  dropDuplicates,
  inOrder,
  sliceRows,
  sortByKey,
} from '../../src/rows/order.ts'
import type { Page } from '../../src/rows/page.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { pageBody, rowTexts } from '../support/rows-pages.ts'

type Changes = Readonly<Record<string, string | undefined>>

function page(
  kind: SpotKind,
  rows: readonly Changes[],
  numbers: Numbers = 'decimal',
  unit: 'ms' | 'us' = 'ms',
): Page {
  return decodePage(DATASETS[kind], numbers, pageBody(kind, ...rows), unit)
}

function trades(...ids: readonly number[]): Page {
  return page(
    'aggTrades',
    ids.map((id) => ({ a: String(id) })),
  )
}

function merged(kind: SpotKind, stored: Page, fresh: Page) {
  const dataset = DATASETS[kind]
  const { batch, revisions, duplicates } = mergeBatches(stored.batch, fresh.batch, { dataset })
  return {
    batch,
    revisions,
    duplicates,
    rows: rowTexts(dataset, batch),
    keys: [...pageOf(dataset, batch).keys],
  }
}

describe('a merge', () => {
  it.each([
    [[1, 2], [3, 4], [1, 2, 3, 4], 0],
    [[3, 4], [1, 2], [1, 2, 3, 4], 0],
    [[1, 3, 5], [2, 3, 4], [1, 2, 3, 4, 5], 1],
    [[1, 2, 3], [2], [1, 2, 3], 1],
    [[], [1], [1], 0],
    [[1], [], [1], 0],
    [[], [], [], 0],
  ])('of %j and %j is %j, %i of them known', (a, b, keys, duplicates) => {
    const result = merged('aggTrades', trades(...a), trades(...b))
    expect(result.keys).toEqual(keys.map(BigInt))
    expect(result).toMatchObject({ duplicates, revisions: [] })
  })

  it('gives the very batch that has all rows already', () => {
    const stored = trades(1, 2, 3)
    expect(merged('aggTrades', stored, trades(2, 3)).batch).toBe(stored.batch)
    expect(merged('aggTrades', trades(), stored).batch).toBe(stored.batch)
  })

  it('refuses batches whose columns differ', () => {
    const dataset = DATASETS.aggTrades
    const other = page('aggTrades', [{ a: '9' }], 'float64')
    expect(() => mergeBatches(trades(1).batch, other.batch, { dataset })).toThrow(RangeError)
  })

  it('keeps the later word on a kline and records the earlier one', () => {
    const stored = page('klines', [{}, { 0: '1700000060000', 6: '1700000119999' }])
    const fresh = page('klines', [{ 4: '"2.5"', 5: '"11"' }])
    const { rows, revisions, duplicates } = merged('klines', stored, fresh)
    expect(rows.map(({ close }) => close)).toEqual(['2.50000000', '3.00000000'])
    expect(duplicates).toBe(0)
    expect(revisions).toEqual([
      {
        key: '1700000000000000',
        time: '2023-11-14T22:13:20.000000Z',
        old: { close: '3.00000000', volume: '10.00000000' },
        new: { close: '2.50000000', volume: '11.00000000' },
      },
    ])
  })
})

describe('one trade with its time in ms and in µs', () => {
  const coarse = () => page('aggTrades', [{ T: '1700000000123' }])
  const fine = (time: string) => page('aggTrades', [{ T: time }], 'decimal', 'us')

  it('keeps the finer time, whichever came first', () => {
    for (const [a, b] of [
      [coarse(), fine('1700000000123456')],
      [fine('1700000000123456'), coarse()],
    ] as const) {
      const { rows, revisions } = merged('aggTrades', a, b)
      expect(rows[0]?.['time']).toBe('2023-11-14T22:13:20.123456Z')
      expect(revisions).toEqual([])
    }
  })

  it('is a revision when both are fine, or in two milliseconds, or something else differs', () => {
    for (const fresh of [
      fine('1700000000123999'),
      fine('1700000000124000'),
      page('aggTrades', [{ T: '1700000000123456', q: '"3"' }], 'decimal', 'us'),
    ])
      expect(merged('aggTrades', fine('1700000000123456'), fresh).revisions).toHaveLength(1)
    const changed = page('aggTrades', [{ T: '1700000000123456', q: '"3"' }], 'decimal', 'us')
    expect(merged('aggTrades', coarse(), changed).revisions).toHaveLength(1)
  })

  it('knows that an inclusive end in ms ends in 999', () => {
    const stored = page('klines', [{}])
    const fresh = page(
      'klines',
      [{ 0: '1700000000000000', 6: '1700000059999500' }],
      'decimal',
      'us',
    )
    const { rows, revisions } = merged('klines', stored, fresh)
    expect(rows[0]?.['close_time']).toBe('2023-11-14T22:14:19.999500Z')
    expect(revisions).toEqual([])
  })
})

describe('an order', () => {
  const order = (updateTime: string, status: string) =>
    page('allOrders', [{ updateTime, status: `"${status}"` }])

  it('is kept in its latest state, whatever came last', () => {
    const early = order('1700000000000', 'NEW')
    const late = order('1700000001000', 'FILLED')
    expect(merged('allOrders', late, early)).toMatchObject({ duplicates: 1, revisions: [] })
    expect(merged('allOrders', late, early).rows[0]?.['status']).toBe('FILLED')
    expect(merged('allOrders', early, late).rows[0]?.['status']).toBe('FILLED')
    expect(merged('allOrders', early, late).revisions[0]).toMatchObject({
      key: '1',
      old: { status: 'NEW', update_time: '2023-11-14T22:13:20.000000Z' },
      new: { status: 'FILLED' },
    })
  })

  it('is taken afresh when both states are of one time', () => {
    const [a, b] = [order('1700000000000', 'NEW'), order('1700000000000', 'CANCELED')]
    expect(merged('allOrders', a, b).rows[0]?.['status']).toBe('CANCELED')
  })

  it('keeps its nulls and texts through a merge, and a null is a difference', () => {
    const some = page('allOrders', [
      { orderId: '1', stopPrice: undefined, zeta: '"é"' },
      { orderId: '3' },
    ])
    const more = page('allOrders', [{ orderId: '1' }, { orderId: '2', workingTime: '-1' }])
    const { rows, revisions } = merged('allOrders', some, more)
    expect(
      rows.map((row) => [row['order_id'], row['stop_price'], row['working_time'], row['extra']]),
    ).toEqual([
      ['1', '0.00000000', '2017-07-12T02:41:59.559000Z', 'null'],
      ['2', '0.00000000', 'null', 'null'],
      ['3', '0.00000000', '2017-07-12T02:41:59.559000Z', 'null'],
    ])
    expect(revisions[0]?.old).toEqual({ stop_price: 'null', extra: '{"zeta":"é"}' })
  })
})

describe('sorting', () => {
  it('puts rows in the order of their keys and leaves sorted pages alone', () => {
    const dataset = DATASETS.aggTrades
    const sorted = sortByKey(dataset, trades(5, 3, 4294967296, -1, 4))
    expect([...sorted.keys]).toEqual([-1n, 3n, 4n, 5n, 4294967296n])
    expect(sortByKey(dataset, sorted)).toBe(sorted)
  })
})

describe('duplicates', () => {
  const dataset = DATASETS.aggTrades

  it('are dropped when all of the row is equal, and only then', () => {
    for (const numbers of NUMBERS) {
      const rows = [
        { a: '1' },
        { a: '1' },
        { a: '1', q: '"3"' },
        { a: '2' },
        { a: '2' },
        { a: '2' },
      ]
      const { page: kept, dropped } = dropDuplicates(dataset, page('aggTrades', rows, numbers))
      expect([[...kept.keys], dropped]).toEqual([[1n, 1n, 2n], 3])
    }
  })

  it('are dropped wherever they were sent, in a page that is put in order', () => {
    const rows = [{ a: '2' }, { a: '1' }, { a: '2' }, { a: '3' }]
    expect([...inOrder(dataset, page('aggTrades', rows, 'string')).keys]).toEqual([1n, 2n, 3n])
    const sorted = trades(1, 2)
    expect(inOrder(dataset, sorted)).toBe(sorted)
  })

  it('leave the page alone when there are none', () => {
    const unique = trades(1, 2)
    expect(dropDuplicates(dataset, unique)).toEqual({ page: unique, dropped: 0 })
  })
})

describe('parts', () => {
  it('are the rows asked for, with keys and times that belong to them', () => {
    const whole = page(
      'allOrders',
      Array.from('123456789', (orderId) => ({ orderId, clientOrderId: `"o${orderId}"` })),
    )
    const part = sliceRows(whole, 3, 8)
    expect(rowTexts(DATASETS.allOrders, part.batch)).toEqual(
      rowTexts(DATASETS.allOrders, whole.batch).slice(3, 8),
    )
    expect([...part.keys]).toEqual([4n, 5n, 6n, 7n, 8n])
    expect(part.rowCount).toBe(5)
    expect(sliceRows(whole, 0, 9)).toBe(whole)
    expect(sliceRows(whole, 4, 4).rowCount).toBe(0)
    const joined = concatBatches([
      sliceRows(whole, 0, 3).batch,
      part.batch,
      sliceRows(whole, 8, 9).batch,
    ])
    expect(rowTexts(DATASETS.allOrders, joined)).toEqual(rowTexts(DATASETS.allOrders, whole.batch))
  })

  it('merge with batches that Arrow sliced, whose bits begin within a byte', () => {
    const dataset = DATASETS.allOrders
    const rows = Array.from('123456789', (orderId) => ({
      orderId,
      isWorking: String(Number(orderId) % 3 === 0),
      stopPrice: Number(orderId) % 2 === 0 ? undefined : '"1"',
    }))
    const { batch } = page('allOrders', rows)
    const sliced: Data[] = batch.data.children.map((data) => data.slice(3, 4))
    const stored = new RecordBatch(
      batch.schema,
      makeData({ type: batch.data.type, length: 4, nullCount: 0, children: sliced }),
    )
    const result = mergeBatches(stored, page('allOrders', rows.slice(6)).batch, { dataset })
    expect(rowTexts(dataset, result.batch)).toEqual(rowTexts(dataset, batch).slice(3))
    expect(result).toMatchObject({ duplicates: 1, revisions: [] })
  })

  it('cannot be made of nothing', () => {
    expect(() => concatBatches([])).toThrow(RangeError)
  })
})

describe('searching', () => {
  it('finds the first element that is not below', () => {
    const keys = BigInt64Array.of(-5n, 1n, 1n, 9_007_199_254_740_993n)
    expect(
      [-6n, -5n, 0n, 1n, 2n, 9_007_199_254_740_993n, 9_007_199_254_740_994n].map((key) =>
        lowerBound(keys, key),
      ),
    ).toEqual([0, 0, 1, 1, 3, 3, 4])
    expect(lowerBound(new BigInt64Array(0), 1n)).toBe(0)
  })
})
