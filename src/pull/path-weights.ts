/** What paths turn out to cost, where that is more than is documented. */

/** The weights that the server's counts show. */
export class PathWeights {
  readonly #learned = new Map<string, { delta: number; weight: number }>()

  /** The weight that a request is counted with, at least. */
  of(path: string): number {
    return this.#learned.get(path)?.weight ?? 0
  }

  /**
   * Takes in by how much a request that was alone raised the server's count. When two in a row raise it by the same
   * amount, and it exceeds their weight, that is what the path costs.
   */
  learn(path: string, weight: number, delta: number): void {
    if (delta <= weight) return
    const seen = this.#learned.get(path)
    this.#learned.set(path, { delta, weight: seen?.delta === delta ? delta : (seen?.weight ?? 0) })
  }
}
