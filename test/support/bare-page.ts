/** Pages without columns, for walks: these steer by keys and times alone. */

import { RecordBatch } from 'apache-arrow'
import type { Page } from '../../src/rows/page.ts'

export function barePage(keys: BigInt64Array, times: BigInt64Array): Page {
  return { batch: new RecordBatch({}), rowCount: keys.length, keys, times }
}
