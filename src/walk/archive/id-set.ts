/** The ids of a file as ranges: few, since ids are contiguous except for holes. */

/** Ids from one to another, both included. */
export type IdRange = { readonly first: bigint; readonly last: bigint }

/** Most ranges kept; of a file with more holes only the last ones are known. */
const RANGES_MAX = 10_000

/** A set of ids that are added in increasing order. */
export class IdSet {
  #ranges: { first: bigint; last: bigint }[] = []

  /** Adds ids, which increase and are above all that were added before. */
  take(ids: BigInt64Array): void {
    const [first, last] = [ids[0], ids[ids.length - 1]]
    if (first === undefined || last === undefined) return
    if (last - first === BigInt(ids.length - 1)) this.#add(first, last)
    else for (const id of ids) this.#add(id, id)
  }

  /** Are all ids of a range in the set? */
  has({ first, last }: IdRange): boolean {
    return this.#ranges.some((range) => range.first <= first && last <= range.last)
  }

  #add(first: bigint, last: bigint): void {
    const end = this.#ranges.at(-1)
    if (end?.last === first - 1n) end.last = last
    else this.#ranges.push({ first, last })
    if (this.#ranges.length > 2 * RANGES_MAX) this.#ranges = this.#ranges.slice(-RANGES_MAX)
  }
}
