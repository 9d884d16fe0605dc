/** How far hosts of the exchange lag behind their clock. */

import { micros, type Micros } from '../base/time.ts'

/** So old must a stretch be before an empty answer for it is believed: hosts lag behind, by up to a day and more. */
const SETTLED_AFTER = 2n * 86_400_000_000n

/** No host lags behind what is older than this. */
export function oldBefore(now: Micros): Micros {
  return micros(now - SETTLED_AFTER)
}
