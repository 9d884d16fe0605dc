/** A decoded page: rows as Arrow columns, with quick access to the two columns that the walk and the store use. */

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

/** A field of an answer or a file that this version does not know. */
export type UnknownField = {
  /** Its name as sent; an index, position or column number if it has no name. */
  readonly name: string
  /** Is its value in the column `extra`? */
  readonly isKept: boolean
}

/** A page as decoded, with the fields of its rows that no column holds; each field once. */
export type DecodedPage = Page & { readonly unknownFields: readonly UnknownField[] }
