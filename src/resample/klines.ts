/** Longer klines from shorter ones, exactly: a pure function over batches, which knows no lake and no clock. */

import type { Data, DataType, RecordBatch } from 'apache-arrow'
import { covers, type Coverage } from '../base/coverage.ts'
import { micros, type Micros, type Window } from '../base/time.ts'
import type { Dataset, Numbers } from '../binance/dataset.ts'
import { gridFloor, gridNext, slotCount, type Interval } from '../binance/interval.ts'
import { batchOf, columnData, columnOf, int64Values } from '../rows/batch.ts'
import { schemaOf } from '../rows/schema.ts'
import { barSchema, BATCH_ROWS, flags, integers } from './columns.ts'
import { plus, type Exact } from './exact.ts'
import { numberForm, type NumberForm } from './number-form.ts'
import type { Grid } from './grid.ts'

/** What is resampled, and how. */
export type Resampling = {
  readonly dataset: Dataset
  readonly numbers: Numbers
  /** Of the shorter klines; one whose grid is known. */
  readonly interval: Interval
  readonly grid: Grid
  /** What is covered of the shorter ones. */
  readonly coverage: Coverage
}

/**
 * Puts klines together, in their order. A longer kline opens with its first one and closes with its last, spans its
 * whole slot of the grid, and has the exact sums of volumes and counts. A slot without any row gives none.
 *
 * @param batches - All columns of the dataset, sorted by open time.
 */
export async function* resample(
  batches: AsyncIterable<RecordBatch>,
  how: Resampling,
): AsyncGenerator<RecordBatch, void, void> {
  const columns = foldsOf(how)
  const schema = barSchema(how.dataset, how.numbers)
  const partial: boolean[] = []
  let slot: Slot | undefined
  const end = (): void => {
    if (slot === undefined) return
    for (const column of columns) column.end(slot.window)
    partial.push(!slot.isWhole())
  }
  const taken = (): RecordBatch => {
    const data = [...columns.map((column) => column.take()), flags(partial.splice(0))]
    return batchOf(schema, data, data.at(-1)?.length ?? 0)
  }
  for await (const batch of batches) {
    for (const column of columns) column.open(batch)
    const opens = timesOf(batch, how.dataset, 'open_time')
    const closes = timesOf(batch, how.dataset, 'close_time')
    for (let row = 0; row < batch.numRows; row++) {
      const open = micros(opens[row] ?? 0n)
      const isNew = slot === undefined || open >= slot.window.to
      if (isNew) {
        end()
        slot = new Slot(open, how)
      }
      for (const column of columns) column.add(row, isNew)
      slot?.add(open, closes[row] ?? 0n)
    }
    if (partial.length >= BATCH_ROWS) yield taken()
  }
  end()
  if (partial.length > 0) yield taken()
}

/** One longer kline's time, and how much of it has rows. */
class Slot {
  readonly window: Window
  readonly #how: Resampling
  #whole = 0

  constructor(open: Micros, how: Resampling) {
    const from = how.grid.floor(open)
    this.window = { from, to: how.grid.next(from) }
    this.#how = how
  }

  /** One that opens or closes off the grid, as after an outage, leaves a part of its slot out. */
  add(open: Micros, close: bigint): void {
    const { interval } = this.#how
    const isWhole = gridFloor(interval, open) === open && close === gridNext(interval, open) - 1n
    if (isWhole) this.#whole++
  }

  isWhole(): boolean {
    const { interval, coverage } = this.#how
    return this.#whole === slotCount(interval, this.window) && covers(coverage, this.window)
  }
}

/** One column while slots are put together. */
type Fold = {
  /** The batch that the next rows are of. */
  open(batch: RecordBatch): void
  add(row: number, isFirst: boolean): void
  /** The slot's value is whole. */
  end(slot: Window): void
  /** The values of all slots that have ended since the last call. */
  take(): Data
}

function foldsOf({ dataset, numbers }: Resampling): readonly Fold[] {
  const form = numberForm(numbers)
  return schemaOf(dataset, numbers).fields.map((field, index) => {
    const type = field.type as DataType
    const column = dataset.columns[index]
    if (column?.name === 'open_time') return timeFold(type, ({ from }) => from)
    if (column?.name === 'close_time') return timeFold(type, ({ to }) => to - 1n)
    if (column?.type === 'count') return countFold(index, type)
    return numberFold(index, { type, form, rule: ruleOf(column?.name) })
  })
}

type Rule = 'first' | 'last' | 'highest' | 'lowest' | 'sum'

function ruleOf(name: string | undefined): Rule {
  const rules: Readonly<Record<string, Rule>> = {
    open: 'first',
    high: 'highest',
    low: 'lowest',
    close: 'last',
  }
  return rules[name ?? ''] ?? 'sum'
}

function timeFold(type: DataType, of: (slot: Window) => bigint): Fold {
  const values: bigint[] = []
  return {
    open: () => undefined,
    add: () => undefined,
    end: (slot) => values.push(of(slot)),
    take: () => integers(type, values.splice(0)),
  }
}

function countFold(index: number, type: DataType): Fold {
  const values: bigint[] = []
  let counts: BigInt64Array = new BigInt64Array(0)
  let sum = 0n
  return {
    open: (batch) => (counts = int64Values(batch, index)),
    add: (row, isFirst) => (sum = (isFirst ? 0n : sum) + (counts[row] ?? 0n)),
    end: () => values.push(sum),
    take: () => integers(type, values.splice(0)),
  }
}

function numberFold(
  index: number,
  {
    type,
    form,
    rule,
  }: { readonly type: DataType; readonly form: NumberForm<unknown>; readonly rule: Rule },
): Fold {
  const values: unknown[] = []
  let read: (row: number) => unknown = () => undefined
  let value: unknown
  let sum: Exact = { units: 0n, scale: 0 }
  const isNext: Record<Exclude<Rule, 'sum'>, (next: unknown) => boolean> = {
    first: () => false,
    last: () => true,
    highest: (next) => form.compare(next, value) > 0,
    lowest: (next) => form.compare(next, value) < 0,
  }
  return {
    open: (batch) => (read = form.reader(columnData(batch, index))),
    add: (row, isFirst) => {
      const next = read(row)
      if (rule === 'sum') sum = isFirst ? form.exact(next) : plus(sum, form.exact(next))
      else if (isFirst || isNext[rule](next)) value = next
    },
    end: () => values.push(rule === 'sum' ? form.of(sum) : value),
    take: () => {
      const length = values.length
      return columnOf(type, form.buffers(values.splice(0), type), { length, nullCount: 0 })
    },
  }
}

function timesOf(batch: RecordBatch, { columns }: Dataset, name: string): BigInt64Array {
  return int64Values(
    batch,
    columns.findIndex((column) => column.name === name),
  )
}
