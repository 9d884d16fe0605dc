/** A decoded page: rows as Arrow columns, with the two columns at hand that the walk and the store steer by. */

import type { RecordBatch } from 'apache-arrow'

/** Rows of one dataset. `keys[i]` and `times[i]` belong to row `i` of `batch`; both are views, not copies. */
export type Page = {
  readonly batch: RecordBatch
  readonly rowCount: number
  /** The key column: open times in microseconds, or ids. */
  readonly keys: BigInt64Array
  /** The time column, in microseconds. For klines the same array as `keys`. */
  readonly times: BigInt64Array
}
