/** How far hosts of the exchange lag behind their clock. */

import { micros, type Micros } from '../base/time.ts'

/** How old a stretch must be before an empty answer for it counts: hosts lag by up to a day and more. */
const SETTLED_AFTER = 2n * 86_400_000_000n

/** Time before which no host lags. */
export function oldBefore(now: Micros): Micros {
  return micros(now - SETTLED_AFTER)
}
