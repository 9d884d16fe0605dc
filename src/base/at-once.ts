/** Work on many things of which some are under way at once, where each waits for somebody who is far away. */

/** So many questions to a store of files: one by one, those of a large lake would take minutes. */
export const ASKED_AT_ONCE = 32

/**
 * Does `work` for each item, at most `count` at once; none is begun after one has failed.
 *
 * @returns the results, in the order of the items
 */
export async function atOnce<Item, Result>(
  count: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const failures: unknown[] = []
  const waiting = items.entries()
  const workNext = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      if (failures.length > 0) return
      try {
        results[index] = await work(item)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: count }, workNext))
  if (failures.length > 0) throw failures[0]
  return results
}
