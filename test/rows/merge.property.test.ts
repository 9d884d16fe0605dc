import type { RecordBatch } from 'apache-arrow'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NUMBERS, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { pageOf } from '../../src/rows/batch.ts'
import { mergeBatches } from '../../src/rows/merge.ts'
import { dropDuplicates, sliceRows, sortByKey } from '../../src/rows/order.ts'
import type { Page } from '../../src/rows/page.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { pageBody, rowTexts } from '../support/rows-pages.ts'

const dataset = DATASETS.allOrders

/** A row as its key and a content that decides all of its other columns, nulls and texts among them. */
type Row = { readonly key: number; readonly content: number }

const row = fc.record({ key: fc.integer({ min: -20, max: 20 }), content: fc.nat(2) })
const sortedRows = fc
  .uniqueArray(row, { selector: ({ key }) => key, maxLength: 30 })
  .map((rows) => [...rows].sort((a, b) => a.key - b.key))
const numbersForms = fc.constantFrom(...NUMBERS)

function page(rows: readonly Row[], numbers: Numbers): Page {
  const changes = rows.map(({ key, content }) => ({
    orderId: String(key),
    clientOrderId: JSON.stringify('é'.repeat(content)),
    price: `"${content}.5"`,
    stopPrice: content === 0 ? undefined : '"1"',
    isWorking: String(content === 1),
    workingTime: content === 2 ? 'null' : '1700000000000',
  }))
  return decodePage(dataset, numbers, pageBody('allOrders', ...changes), 'ms')
}

function texts(batch: RecordBatch): readonly Record<string, string>[] {
  return rowTexts(dataset, batch)
}

function merge(a: RecordBatch, b: RecordBatch) {
  return mergeBatches(a, b, { dataset })
}

describe('a merge', () => {
  it('is the union by key, sorted, unique, with the later content, and records each change', () => {
    fc.assert(
      fc.property(sortedRows, sortedRows, numbersForms, (stored, fresh, numbers) => {
        const { batch, revisions, duplicates } = merge(
          page(stored, numbers).batch,
          page(fresh, numbers).batch,
        )
        const model = new Map(stored.map((known) => [known.key, known]))
        const changed = fresh.filter(
          ({ key, content }) => (model.get(key)?.content ?? content) !== content,
        )
        const known = fresh.filter(({ key, content }) => model.get(key)?.content === content)
        for (const later of fresh) model.set(later.key, later)
        const expected = [...model.values()].sort((a, b) => a.key - b.key)
        expect(texts(batch)).toEqual(texts(page(expected, numbers).batch))
        expect([...pageOf(dataset, batch).keys]).toEqual(expected.map(({ key }) => BigInt(key)))
        expect(revisions.map(({ key }) => key)).toEqual(changed.map(({ key }) => String(key)))
        expect(duplicates).toBe(known.length)
      }),
      { numRuns: 300 },
    )
  })

  it('is idempotent: the same rows again change nothing', () => {
    fc.assert(
      fc.property(sortedRows, sortedRows, numbersForms, (stored, fresh, numbers) => {
        const once = merge(page(stored, numbers).batch, page(fresh, numbers).batch).batch
        const twice = merge(once, page(fresh, numbers).batch)
        expect(twice.batch).toBe(once)
        expect([twice.revisions.length, twice.duplicates]).toEqual([0, fresh.length])
      }),
      { numRuns: 150 },
    )
  })

  it('is commutative and associative where content agrees', () => {
    const agreeing = fc
      .tuple(sortedRows, sortedRows, sortedRows)
      .map((lists) =>
        lists.map((rows) => rows.map(({ key }) => ({ key, content: Math.abs(key) % 3 }))),
      )
    fc.assert(
      fc.property(agreeing, numbersForms, (lists, numbers) => {
        const [a, b, c] = lists.map((rows) => page(rows, numbers).batch)
        if (a === undefined || b === undefined || c === undefined) throw new Error('three lists')
        const ab = merge(a, b)
        expect(texts(ab.batch)).toEqual(texts(merge(b, a).batch))
        expect(ab.revisions).toEqual([])
        expect(texts(merge(ab.batch, c).batch)).toEqual(texts(merge(a, merge(b, c).batch).batch))
      }),
      { numRuns: 150 },
    )
  })
})

describe('pages', () => {
  it('sort stably, and lose only rows that equal their neighbour', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), numbersForms, (rows, numbers) => {
        const sorted = [...rows].sort((a, b) => a.key - b.key)
        const sortedPage = sortByKey(dataset, page(rows, numbers))
        expect(texts(sortedPage.batch)).toEqual(texts(page(sorted, numbers).batch))
        const kept = sorted.filter(({ key, content }, index) => {
          const before = sorted[index - 1]
          return before?.key !== key || before.content !== content
        })
        const { page: unique, dropped } = dropDuplicates(dataset, sortedPage)
        expect(texts(unique.batch)).toEqual(texts(page(kept, numbers).batch))
        expect(dropped).toBe(rows.length - kept.length)
      }),
      { numRuns: 200 },
    )
  })

  it('are cut anywhere into parts that merge to the whole', () => {
    fc.assert(
      fc.property(sortedRows, fc.nat(30), fc.nat(30), numbersForms, (rows, a, b, numbers) => {
        const whole = page(rows, numbers)
        const [from, to] = [Math.min(a, b, rows.length), Math.min(Math.max(a, b), rows.length)]
        const part = sliceRows(whole, from, to)
        expect(texts(part.batch)).toEqual(texts(whole.batch).slice(from, to))
        expect([...part.keys]).toEqual([...pageOf(dataset, part.batch).keys])
        expect([...part.times]).toEqual([...pageOf(dataset, part.batch).times])
        const rest = merge(sliceRows(whole, 0, from).batch, sliceRows(whole, to, rows.length).batch)
        expect(texts(merge(rest.batch, part.batch).batch)).toEqual(texts(whole.batch))
      }),
      { numRuns: 200 },
    )
  })
})
