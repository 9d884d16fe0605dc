/** Fields without a column, collected as one JSON text per row: nothing that the exchange adds is lost. */

import type { Dataset } from '../binance/dataset.ts'
import type { PageColumns, TextSink } from './columns.ts'

/** Collects the unknown fields of one row at a time. */
export class ExtraCollector {
  readonly #sink: TextSink
  readonly #members = new Map<string, string>()

  constructor(sink: TextSink) {
    this.#sink = sink
  }

  /** The collector for a dataset that has an extra column. */
  static of(dataset: Dataset, columns: PageColumns): ExtraCollector | undefined {
    const index = dataset.columns.findIndex(({ type }) => type === 'extra')
    const sink = columns.sinks[index]
    return sink === undefined ? undefined : new ExtraCollector(sink as TextSink)
  }

  /** Takes `member`, the JSON text of `name` and its value as sent; `false` when the row already has `name`. */
  add(name: string, member: string): boolean {
    if (this.#members.has(name)) return false
    this.#members.set(name, member)
    return true
  }

  /** Writes the row's members, in the order sent; null when there are none. */
  finishRow(row: number): void {
    if (this.#members.size === 0) {
      this.#sink.putNull(row)
      return
    }
    const bytes = new TextEncoder().encode(`{${[...this.#members.values()].join(',')}}`)
    this.#sink.put(row, bytes, 0, bytes.length)
    this.#members.clear()
  }
}
