/** Which stored rows a later answer left out. They are kept; see docs/decisions/0005-vanished-rows-are-kept.md. */

import type { RecordBatch } from 'apache-arrow'
import { covers, type Coverage } from '../base/coverage.ts'
import { formatMicros, micros, type Micros } from '../base/time.ts'
import { columnIndex, type Dataset } from '../binance/dataset.ts'
import { rowTexts } from '../rows/value-text.ts'
import type { Change } from './change.ts'
import { int64Column } from './stored-rows.ts'

/** Stored rows that were passed and not appended again. Whether they were asked for shows only when all is written. */
export class AbsentRows {
  readonly #dataset: Dataset
  readonly #since: Micros | undefined
  readonly #keyIndex: number
  readonly #timeIndex: number
  readonly #rows: { readonly time: Micros; readonly batch: RecordBatch; readonly row: number }[] =
    []

  /** @param since - Rows before it are none of our business; `undefined`: none is. */
  constructor(dataset: Dataset, since: Micros | undefined) {
    this.#dataset = dataset
    this.#since = since
    this.#keyIndex = columnIndex(dataset, dataset.key)
    this.#timeIndex = columnIndex(dataset, dataset.time)
  }

  /**
   * Takes in stored rows.
   *
   * @param sent - Keys that were appended among them, in order.
   * @param answered - What was asked, if that is known already.
   */
  take(stored: RecordBatch, sent: BigInt64Array, answered?: Coverage): void {
    if (this.#since === undefined) return
    const keys = int64Column(stored, this.#keyIndex)
    const times = int64Column(stored, this.#timeIndex)
    let next = 0
    for (let row = 0; row < keys.length; row++) {
      const key = keys[row] ?? 0n
      while (next < sent.length && (sent[next] ?? 0n) < key) next++
      const time = times[row] ?? 0n
      if (time < this.#since || sent[next] === key) continue
      if (answered === undefined || holds(answered, micros(time)))
        this.#rows.push({ time: micros(time), batch: stored, row })
    }
  }

  /** Those in `answered`, each with all of its columns and none in place of them. */
  within(answered: Coverage): Change[] {
    return this.#rows
      .filter(({ time }) => holds(answered, time))
      .map(({ time, batch, row }) => ({
        key: String(int64Column(batch, this.#keyIndex)[row]),
        time: formatMicros(time),
        old: rowTexts(this.#dataset, batch, row),
        new: {},
      }))
  }
}

function holds(coverage: Coverage, time: Micros): boolean {
  return covers(coverage, { from: time, to: micros(time + 1n) })
}
