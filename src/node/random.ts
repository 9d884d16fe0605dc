/** The machine's source of chance as the {@link Random} port. */

import { getRandomValues } from 'node:crypto'
import type { Random } from '../base/ports.ts'

/** 53 bits from the system's generator: good enough for tokens as well as for jitter. */
export function nodeRandom(): Random {
  const word = new BigUint64Array(1)
  return { next: () => Number((getRandomValues(word)[0] ?? 0n) >> 11n) / 2 ** 53 }
}
