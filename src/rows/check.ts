/**
 * Refuses rows that no honest exchange sends, before they are stored. Exact for all three forms of numbers; reads the
 * columns and copies nothing.
 */

import type { Data } from 'apache-arrow'
import { DataError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { columnIndex, type Column, type Dataset } from '../binance/dataset.ts'
import { columnData, int64Values } from './batch.ts'
import { compareHalves, halvesOf, isHalves } from './int64.ts'
import { numberColumn, type NumberColumn } from './number-column.ts'
import type { Page } from './page.ts'
import { valueText } from './value-text.ts'

/** What is unusual in a page; these rows are kept. */
export type CheckReport = {
  /** Placeholder rows: aggTrades marked invalid (CHANGELOG, 2022-04-12), klines that are all zeros. */
  readonly dummies: number
  /** Other aggTrades with a quantity of 0. */
  readonly zeroQuantities: number
}

/**
 * Checks a page from which exact duplicates were dropped.
 *
 * @throws DataError when keys do not strictly increase, or a row has impossible values; names the key and the values
 */
export function checkPage(dataset: Dataset, page: Page): CheckReport {
  const rows = new PageRows(dataset, page)
  rows.checkOrder()
  switch (dataset.rules) {
    case 'kline':
      return checkKlines(rows)
    case 'aggTrade':
      return checkAggTrades(rows)
    case 'trade':
      return checkTrades(rows)
    case 'order':
      return checkOrders(rows)
    case 'allocation':
      rows.checkFalse('is_allocator')
      return checkTrades(rows)
    case 'price':
      checkBars(rows)
      rows.checkPositive('low')
      return NOTHING_ODD
    case 'funding':
    case 'metrics':
    case 'sample':
    case 'income':
      return NOTHING_ODD
    case 'delivery':
      rows.checkPositive('delivery_price')
      return NOTHING_ODD
    case 'futuresTrade':
      return checkFuturesTrades(rows)
    case 'premium':
      // A ratio near zero, on either side.
      checkBars(rows)
      return NOTHING_ODD
  }
}

const NOTHING_ODD: CheckReport = { dummies: 0, zeroQuantities: 0 }

/** Elements of a kline, which mean the same in all markets; what the volumes count, their names say. */
const VOLUME = 5
const OTHER_VOLUME = 7
const COUNT = 8
const TAKER_VOLUME = 9
const OTHER_TAKER_VOLUME = 10

function checkKlines(rows: PageRows): CheckReport {
  checkBars(rows)
  const volumes = [rows.nameOf(VOLUME), rows.nameOf(OTHER_VOLUME)] as const
  const takers = [rows.nameOf(TAKER_VOLUME), rows.nameOf(OTHER_TAKER_VOLUME)] as const
  rows.checkNotNegative(...takers)
  rows.checkNotAbove(takers[0], volumes[0])
  rows.checkNotAbove(takers[1], volumes[1])
  const zeros = ['low', 'high', ...volumes].map((name) => rows.numbers(name))
  const dummies = rows.checkPositive('low', (row) =>
    zeros.every((column) => column.sign(row) === 0),
  )
  return { dummies, zeroQuantities: 0 }
}

/** What holds for the bars of any price. */
function checkBars(rows: PageRows): void {
  rows.checkNotAbove('low', 'open')
  rows.checkNotAbove('low', 'close')
  rows.checkNotAbove('open', 'high')
  rows.checkNotAbove('close', 'high')
  rows.checkIntegers(rows.nameOf(COUNT), isNatural, 'is negative')
  const opens = rows.integers('open_time')
  rows.checkIntegers(
    'close_time',
    (closes, row) => compareHalves(opens, row, closes, row) < 0,
    'is not after open_time',
  )
}

function checkAggTrades(rows: PageRows): CheckReport {
  rows.checkNotNegative('price', 'quantity')
  rows.checkIntegers('agg_trade_id', isNatural, 'is negative')
  const first = rows.integers('first_trade_id')
  const last = rows.integers('last_trade_id')
  rows.checkIntegers(
    'last_trade_id',
    (_, row) => compareHalves(first, row, last, row) <= 0,
    'is below first_trade_id',
  )
  const prices = rows.numbers('price')
  const quantities = rows.numbers('quantity')
  const isDummy = (row: number): boolean =>
    isHalves(first, row, -1) &&
    isHalves(last, row, -1) &&
    prices.sign(row) === 0 &&
    quantities.sign(row) === 0
  rows.checkIntegers(
    'first_trade_id',
    (_, row) => isNatural(first, row) || isDummy(row),
    'is negative, but the row is not marked invalid',
  )
  rows.checkPositive('price', (row) => quantities.sign(row) === 0)
  let [dummies, zeroQuantities] = [0, 0]
  for (let row = 0; row < rows.count; row++) {
    if (quantities.sign(row) !== 0) continue
    if (isDummy(row)) dummies++
    else zeroQuantities++
  }
  return { dummies, zeroQuantities }
}

/** Is an integer, given in halves, 0 or more? */
function isNatural(halves: Int32Array, row: number): boolean {
  return (halves[2 * row + 1] ?? 0) >= 0
}

function checkTrades(rows: PageRows): CheckReport {
  rows.checkPositive('price')
  rows.checkPositive('quantity')
  rows.checkNotNegative(...rows.namesOf('quote_quantity', 'base_quantity'))
  return NOTHING_ODD
}

/** Rows of aggregate trades without a quantity were seen in files (binance-public-data, issue 339). */
function checkFuturesTrades(rows: PageRows): CheckReport {
  const quantities = rows.numbers('quantity')
  rows.checkNotNegative('price', 'quantity', ...rows.namesOf('quote_quantity', 'base_quantity'))
  rows.checkPositive('price', (row) => quantities.sign(row) === 0)
  let zeroQuantities = 0
  for (let row = 0; row < rows.count; row++) if (quantities.sign(row) === 0) zeroQuantities++
  return { dummies: 0, zeroQuantities }
}

function checkOrders(rows: PageRows): CheckReport {
  // Not cumulative_quote_quantity: below 0 means "not available" in old orders (rest-api.md, allOrders).
  rows.checkNotNegative('price', 'orig_quantity', 'executed_quantity')
  rows.checkNotNegative(...rows.namesOf('orig_quote_order_quantity'))
  return NOTHING_ODD
}

/** The columns of a page by name, and the rules for columns. */
class PageRows {
  readonly count: number
  readonly #dataset: Dataset
  readonly #page: Page

  constructor(dataset: Dataset, page: Page) {
    this.count = page.rowCount
    this.#dataset = dataset
    this.#page = page
  }

  /** The name of the column that an element of an array fills. */
  nameOf(json: number): string {
    const column = this.#dataset.columns.find((own) => own.json === json)
    if (column === undefined) throw new RangeError(`${this.#dataset.kind} has no element ${json}`)
    return column.name
  }

  /** Those of these columns that the dataset has. */
  namesOf(...names: readonly string[]): readonly string[] {
    return names.filter((name) => this.#dataset.columns.some((column) => column.name === name))
  }

  numbers(name: string): NumberColumn {
    return numberColumn(this.#column(name).data)
  }

  /** The halves of a column of integers or times. */
  integers(name: string): Int32Array {
    return halvesOf(int64Values(this.#page.batch, columnIndex(this.#dataset, name)))
  }

  checkOrder(): void {
    const { key } = this.#dataset
    const keys = this.integers(key)
    for (let row = 1; row < this.count; row++) {
      const order = compareHalves(keys, row, keys, row - 1)
      if (order > 0) continue
      const problem = order === 0 ? 'occurs twice, with different rows' : 'is out of order'
      const before = this.#text(key, row - 1)
      throw this.#refuse(row, `${key} ${problem}: ${this.#text(key, row)} after ${before}`)
    }
  }

  checkNotAbove(lower: string, upper: string): void {
    const [a, b] = [this.numbers(lower), this.numbers(upper)]
    for (let row = 0; row < this.count; row++)
      if (a.compare(row, b) > 0)
        throw this.#refuse(
          row,
          `${lower} ${this.#text(lower, row)} is above ${upper} ${this.#text(upper, row)}`,
        )
  }

  checkNotNegative(...names: readonly string[]): void {
    for (const name of names) {
      const column = this.numbers(name)
      for (let row = 0; row < this.count; row++)
        if (column.sign(row) < 0)
          throw this.#refuse(row, `${name} ${this.#text(name, row)} is negative`)
    }
  }

  /** Rows where this is true have fields that are not known and would be lost. */
  checkFalse(name: string): void {
    for (let row = 0; row < this.count; row++)
      if (this.#text(name, row) !== 'false')
        throw this.#refuse(
          row,
          `${name} is ${this.#text(name, row)}: such rows are not supported yet`,
        )
  }

  /** Returns how many rows are not positive but are allowed to be so. */
  checkPositive(name: string, mayBeZero: (row: number) => boolean = () => false): number {
    const column = this.numbers(name)
    let allowed = 0
    for (let row = 0; row < this.count; row++) {
      if (column.sign(row) > 0) continue
      if (!mayBeZero(row))
        throw this.#refuse(row, `${name} ${this.#text(name, row)} is not above 0`)
      allowed++
    }
    return allowed
  }

  checkIntegers(
    name: string,
    isFine: (halves: Int32Array, row: number) => boolean,
    problem: string,
  ): void {
    const halves = this.integers(name)
    for (let row = 0; row < this.count; row++)
      if (!isFine(halves, row))
        throw this.#refuse(row, `${name} ${this.#text(name, row)} ${problem}`)
  }

  #column(name: string): { column: Column; data: Data } {
    const index = columnIndex(this.#dataset, name)
    const column = this.#dataset.columns[index]
    if (column === undefined) throw new RangeError(`no column ${name}`)
    return { column, data: columnData(this.#page.batch, index) }
  }

  #text(name: string, row: number): string {
    const { column, data } = this.#column(name)
    return quoteText(valueText(column, data, row))
  }

  #refuse(row: number, problem: string): DataError {
    const { kind, key } = this.#dataset
    return new DataError(`${kind} row ${row} (${key} ${this.#text(key, row)}): ${problem}`)
  }
}
