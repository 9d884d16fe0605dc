/** Are rows in the order of their keys, each key once, and in their period? In plain numbers: it sees every row. */

import { formatMicros, micros, periodWindow } from '../base/time.ts'
import { damage, type Flaw } from '../store/flaw.ts'

const HIGH = 4294967296

/** Counts what is out of order, and remembers the first of each kind. */
export class OrderCheck {
  readonly #from: number
  readonly #to: number
  /** Halves of the key before. */
  #low = 0
  #high = Number.NEGATIVE_INFINITY
  #row = 0
  readonly #seen = new Map<string, { count: number; first: string }>()

  constructor(period: string) {
    const { from, to } = periodWindow(period)
    this.#from = Number(from)
    this.#to = Number(to)
  }

  /** Looks at the next rows. */
  look(keys: BigInt64Array, times: BigInt64Array): void {
    const key = halvesOf(keys)
    const time = halvesOf(times)
    let [low, high] = [this.#low, this.#high]
    for (let row = 0; row < keys.length; row++) {
      const nextLow = (key[2 * row] ?? 0) >>> 0
      const nextHigh = key[2 * row + 1] ?? 0
      if (nextHigh < high || (nextHigh === high && nextLow <= low)) {
        const isSame = nextHigh === high && nextLow === low
        this.#note(isSame ? 'duplicate-key' : 'out-of-order', row, `key ${keys[row]}`)
      }
      low = nextLow
      high = nextHigh
      const moment = (time[2 * row + 1] ?? 0) * HIGH + ((time[2 * row] ?? 0) >>> 0)
      if (moment < this.#from || moment >= this.#to)
        this.#note('outside-period', row, timeText(times[row] ?? 0n))
    }
    this.#low = low
    this.#high = high
    this.#row += keys.length
  }

  /** What was wrong. */
  flaws(): Flaw[] {
    return [...this.#seen].map(([code, { count, first }]) =>
      damage(code, `${first}${count > 1 ? ` and ${count - 1} more` : ''}`),
    )
  }

  #note(code: string, row: number, what: string): void {
    const seen = this.#seen.get(code)
    const first = seen?.first ?? `${what} in row ${this.#row + row}`
    this.#seen.set(code, { count: (seen?.count ?? 0) + 1, first })
  }
}

function halvesOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2)
}

function timeText(time: bigint): string {
  try {
    return formatMicros(micros(time))
  } catch {
    // No date is that far away.
    return `${time} µs`
  }
}
