/** A running sum, exact however long it runs. */

import { plus, type Exact } from './exact.ts'
import type { Amount, Scaled } from './scaled.ts'

/** Sums of safe integers stay safe while they are below this. */
const LIMIT = 2 ** 52

/** A sum of numbers, and of products of two numbers. */
export class Total {
  #sum: Exact = { units: 0n, scale: 0 }
  /** What was added since, in units of `#scale`. */
  #some = 0
  #scale = 0
  /** A bound in units of `#scale`, if it is known. */
  #bound: { readonly of: Exact; readonly scale: number; readonly units: number } | undefined

  /** Adds the number in row `row`. */
  add({ units, scale }: Scaled, row: number): void {
    this.#add(units[row] ?? 0, scale)
  }

  /** Adds the product of two numbers in row `row`. */
  addProduct(a: Scaled, b: Scaled, row: number): void {
    const [x, y] = [a.units[row] ?? 0, b.units[row] ?? 0]
    const product = typeof x === 'number' && typeof y === 'number' ? x * y : NaN
    const isSafe = product < LIMIT && product > -LIMIT
    this.#add(isSafe ? product : BigInt(x) * BigInt(y), a.scale + b.scale)
  }

  #add(units: Amount['units'], scale: number): void {
    if (typeof units === 'bigint') {
      this.#sum = plus(this.#sum, { units, scale })
      return
    }
    if (scale !== this.#scale || this.#some >= LIMIT || this.#some <= -LIMIT) this.#flush(scale)
    if (units >= LIMIT || units <= -LIMIT)
      this.#sum = plus(this.#sum, { units: BigInt(units), scale })
    else this.#some += units
  }

  #flush(scale: number): void {
    this.#sum = plus(this.#sum, { units: BigInt(this.#some), scale: this.#scale })
    this.#some = 0
    this.#scale = scale
  }

  /** The sum so far. */
  exact(): Exact {
    return plus(this.#sum, { units: BigInt(this.#some), scale: this.#scale })
  }

  /** Is the sum `bound` or more? */
  isAtLeast(bound: Exact): boolean {
    if (this.#sum.units === 0n && this.#scale >= bound.scale) {
      const known = this.#bound
      const isKnown = known?.of === bound && known.scale === this.#scale
      if (!isKnown) {
        const units = Number(bound.units * 10n ** BigInt(this.#scale - bound.scale))
        this.#bound = { of: bound, scale: this.#scale, units }
      }
      const units = this.#bound?.units ?? 0
      if (units < LIMIT) return this.#some >= units
    }
    const scale = Math.max(this.#sum.scale, this.#scale, bound.scale)
    const least = bound.units * 10n ** BigInt(scale - bound.scale)
    const sum = this.exact()
    return sum.units * 10n ** BigInt(scale - sum.scale) >= least
  }
}
