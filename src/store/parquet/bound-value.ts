/** Bounds out of statistics, as values. */

import { decodePlain } from './decode.ts'
import type { Physical } from './shape.ts'
import { intAt, wideAt } from './values.ts'

/** A 64-bit or 128-bit integer, a double, a text or a boolean. */
export type BoundValue = bigint | number | string | boolean

/**
 * The value that `bound`, PLAIN encoded, stands for.
 *
 * @throws RangeError when it has the wrong length.
 */
export function boundValue(physical: Physical, bound: Uint8Array): BoundValue {
  if (physical === 'BYTE_ARRAY') return new TextDecoder().decode(bound)
  if (physical === 'BOOLEAN') return bound[0] === 1
  const values = decodePlain(physical, bound, 1)
  if (values.kind === 'ints') return intAt(values.words, 0)
  if (values.kind === 'wides') return wideAt(values.words, 0)
  if (values.kind === 'doubles') return new Float64Array(values.words.buffer)[0] ?? NaN
  throw new RangeError('a bound of another type')
}
