/** Aggregates held against the trades that they name: every trade in exactly one aggregate, and nothing else in it. */

import type { RecordBatch } from 'apache-arrow'
import type { Coverage } from '../../base/coverage.ts'
import { datasetOf } from '../../binance/market.ts'
import type { SeriesKey } from '../../binance/series.ts'
import { shortText, plus, type Exact } from '../../resample/exact.ts'
import { compareAmounts, exactAmount, type Amount, type Scaled } from '../../resample/scaled.ts'
import { isDummy, TradeReader, type TradeRows } from '../../resample/trade-rows.ts'
import { Total } from '../../resample/total.ts'

/** What was found of an aggregate, or of a trade. */
export type IdFinding =
  | {
      readonly kind: 'trade-lost'
      readonly id: number
      readonly aggregate: number
      /** What of the aggregate's no trade has; absent where another one has some of its trades. */
      readonly quantity?: string
    }
  | { readonly kind: 'no-aggregate'; readonly id: number }
  | {
      readonly kind: 'two-aggregates'
      /** The first trade and the last that both name. */
      readonly id: number
      readonly lastId: number
      readonly aggregate: number
      readonly other: number
      /** Do they name the same trades? */
      readonly isSame: boolean
    }
  | {
      readonly kind: 'differs'
      readonly aggregate: number
      readonly column: 'price' | 'quantity' | 'is_buyer_maker'
      readonly whole: string
      readonly parts: string
    }

/** One row of either series, in the order of ids. */
type Place = { readonly rows: TradeRows; readonly row: number }

/** The two series, each as its partitions, oldest first. */
export type IdSides = {
  readonly aggregates: SeriesKey
  readonly trades: SeriesKey
  readonly aggregatePeriods: readonly AsyncIterable<RecordBatch>[]
  readonly tradePeriods: readonly AsyncIterable<RecordBatch>[]
  /** What both cover. */
  readonly common: Coverage
}

/** Times of an aggregate and of its trades may be told in different units. */
const EDGE = 1_000

/** Compares what both cover, but for rows within a millisecond of an end of it: theirs may lie beyond. */
export async function* compareIds(
  sides: IdSides,
  count: (rows: number) => void,
): AsyncGenerator<IdFinding, void, void> {
  const aggregates = byId(sides.aggregatePeriods, sides.aggregates)
  const trades = new Ahead(byId(sides.tradePeriods, sides.trades))
  const inside = new Inside(sides.common)
  /** The one that reaches furthest so far. */
  let before: { readonly first: number; readonly last: number; readonly id: number } | undefined
  for await (const { rows, row } of aggregates) {
    if (isDummy(rows, row)) continue
    const [first, last, id] = [at(rows.firsts, row), at(rows.lasts, row), at(rows.ids, row)]
    if (before !== undefined && first <= before.last) {
      if (inside.has(at(rows.times, row)))
        yield {
          ...{ kind: 'two-aggregates', id: first, lastId: Math.min(last, before.last) },
          ...{ aggregate: before.id, other: id },
          isSame: first === before.first && last === before.last,
        }
      // What is named twice was counted with the first.
      if (last <= before.last) continue
    }
    for (let trade = await trades.peek(); trade !== undefined; trade = await trades.peek()) {
      const tradeId = at(trade.rows.ids, trade.row)
      if (tradeId >= first) break
      trades.next()
      const isNamed = before !== undefined && tradeId <= before.last
      if (!isNamed && inside.has(at(trade.rows.times, trade.row)))
        yield { kind: 'no-aggregate', id: tradeId }
    }
    count(1)
    // What the one before names too was counted with it.
    const from = Math.max(first, (before?.last ?? -1) + 1)
    yield* await compareOne({ rows, row }, from, trades, inside)
    before = { first, last, id }
  }
  for (let trade = await trades.peek(); trade !== undefined; trade = await trades.peek()) {
    trades.next()
    if (inside.has(at(trade.rows.times, trade.row)))
      yield { kind: 'no-aggregate', id: at(trade.rows.ids, trade.row) }
  }
}

/** One aggregate and its trades, of which those from `from` on are next, and those before it are gone. */
async function compareOne(
  { rows, row }: Place,
  from: number,
  trades: Ahead,
  inside: Inside,
): Promise<readonly IdFinding[]> {
  const [first, last, aggregate] = [at(rows.firsts, row), at(rows.lasts, row), at(rows.ids, row)]
  const isInside = inside.has(at(rows.times, row))
  const found: IdFinding[] = []
  const lost: number[] = []
  const quantity = new Total()
  const price = amount(rows.prices, row)
  let expected = from
  for (let trade = await trades.peek(); trade !== undefined; trade = await trades.peek()) {
    const id = at(trade.rows.ids, trade.row)
    if (id > last) break
    trades.next()
    for (; expected < id; expected++) lost.push(expected)
    expected = id + 1
    quantity.add(trade.rows.quantities, trade.row)
    const own = amount(trade.rows.prices, trade.row)
    if (compareAmounts(own, price) !== 0) found.push(differs(aggregate, 'price', price, own))
    const [ours, theirs] = [rows.isTakerBuy(row), trade.rows.isTakerBuy(trade.row)]
    if (ours !== theirs)
      found.push({
        ...{ kind: 'differs', aggregate, column: 'is_buyer_maker' },
        ...{ whole: String(!ours), parts: String(!theirs) },
      })
  }
  for (; expected <= last; expected++) lost.push(expected)
  if (!isInside) return []
  if (from > first)
    return [...found, ...lost.map((id): IdFinding => ({ kind: 'trade-lost', id, aggregate }))]
  const named = exactAmount(amount(rows.quantities, row))
  const rest = plus(named, negative(quantity.exact()))
  if (lost.length > 0)
    return [
      ...found,
      ...lost.map((id): IdFinding => ({
        kind: 'trade-lost',
        id,
        aggregate,
        quantity: shortText(rest),
      })),
    ]
  if (rest.units === 0n) return found
  const texts = { whole: shortText(named), parts: shortText(quantity.exact()) }
  return [...found, { kind: 'differs', aggregate, column: 'quantity', ...texts }]
}

function differs(aggregate: number, column: 'price', whole: Amount, parts: Amount): IdFinding {
  const texts = { whole: shortText(exactAmount(whole)), parts: shortText(exactAmount(parts)) }
  return { kind: 'differs', aggregate, column, ...texts }
}

function negative({ units, scale }: Exact): Exact {
  return { units: -units, scale }
}

function amount({ units, scale }: Scaled, row: number): Amount {
  return { units: units[row] ?? 0, scale }
}

function at(values: Float64Array, row: number): number {
  return values[row] ?? NaN
}

/** Rows by id: those of neighbouring partitions may interleave, those further apart do not. */
async function* byId(
  periods: readonly AsyncIterable<RecordBatch>[],
  key: SeriesKey,
): AsyncGenerator<Place, void, void> {
  const streams = periods.map(
    (batches) => new Ahead(places(batches, new TradeReader(datasetOf(key)))),
  )
  for (const [index, stream] of streams.entries()) {
    const next = streams[index + 1]
    for (let own = await stream.peek(); own !== undefined; own = await stream.peek()) {
      const other = await next?.peek()
      const isOther =
        other !== undefined && at(other.rows.ids, other.row) < at(own.rows.ids, own.row)
      yield isOther ? other : own
      ;(isOther ? next : stream)?.next()
    }
  }
}

async function* places(
  batches: AsyncIterable<RecordBatch>,
  reader: TradeReader,
): AsyncGenerator<Place, void, void> {
  for await (const batch of batches) {
    const rows = reader.read(batch)
    for (let row = 0; row < rows.count; row++) yield { rows, row }
  }
}

/** Rows one at a time. */
class Ahead {
  readonly #stream: AsyncGenerator<Place, void, void>
  #held: Place | undefined
  #isDone = false

  constructor(stream: AsyncGenerator<Place, void, void>) {
    this.#stream = stream
  }

  async peek(): Promise<Place | undefined> {
    if (this.#held !== undefined || this.#isDone) return this.#held
    const { done, value } = await this.#stream.next()
    if (done === true) this.#isDone = true
    else this.#held = value
    return this.#held
  }

  next(): void {
    this.#held = undefined
  }
}

/** Does a time lie well within what is covered? */
class Inside {
  readonly #windows: readonly (readonly [number, number])[]

  constructor(coverage: Coverage) {
    this.#windows = coverage.map(({ from, to }) => [Number(from) + EDGE, Number(to) - EDGE])
  }

  has(time: number): boolean {
    return this.#windows.some(([from, to]) => time >= from && time < to)
  }
}

/** A finding in words. */
export function idWords(finding: IdFinding): string {
  switch (finding.kind) {
    case 'trade-lost':
      return finding.quantity === undefined
        ? `trade ${finding.id} is not stored, and aggregate ${finding.aggregate} names it; as that overlaps another one, it is not known which is omitted or wrong`
        : `trade ${finding.id} is not stored, and aggregate ${finding.aggregate} names it: ${finding.quantity} of its quantity have no trade, so what is omitted is the trade`
    case 'no-aggregate':
      return `trade ${finding.id} is stored, and no aggregate names it: what is omitted is its aggregate`
    case 'two-aggregates':
      return twiceWords(finding)
    case 'differs':
      return `aggregate ${finding.aggregate}: ${finding.column} is ${finding.whole}, and that of its trades is ${finding.parts}; they must be equal`
  }
}

function twiceWords(finding: IdFinding & { readonly kind: 'two-aggregates' }): string {
  const { id, lastId, aggregate, other, isSame } = finding
  const some = id === lastId ? `trade ${id} is` : `trades ${id} to ${lastId} are`
  const why = isSame ? 'one of them stands twice' : 'they overlap, and one of them is wrong'
  return `${some} in two aggregates, ${aggregate} and ${other}: ${why}`
}
