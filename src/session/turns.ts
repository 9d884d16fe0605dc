/** Trying again where another run was faster: read anew, and go on from what is there now. */

import { isChanged } from '../base/errors.ts'
import type { World } from '../base/ports.ts'

/** So often in a row another may be faster. */
const TURNS_MAX = 12
const FIRST_MS = 250
const LONGEST_MS = 30_000

/** The turns of one writer at one series. */
export class Turns {
  readonly #world: Pick<World, 'files' | 'clock' | 'random'>
  readonly #signal: AbortSignal | undefined
  readonly #suspects = new Set<string>()
  #lost = 0

  constructor(world: Pick<World, 'files' | 'clock' | 'random'>, signal?: AbortSignal) {
    this.#world = world
    this.#signal = signal
  }

  /** Files that turned out to be other ones than those that were recorded. */
  get suspects(): ReadonlySet<string> {
    return this.#suspects
  }

  /** Something was committed. */
  won(): void {
    this.#lost = 0
  }

  /**
   * Waits a while, so that the faster one gets on.
   *
   * @throws `error` itself, unless another run was faster and may be so again.
   */
  async lost(error: unknown): Promise<void> {
    const { files, clock, random } = this.#world
    if (!files.isShared || !isChanged(error) || ++this.#lost >= TURNS_MAX) throw error
    if (error.path !== undefined) this.#suspects.add(error.path)
    const ms = random.next() * Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#lost)
    await clock.sleep(ms, this.#signal)
  }

  /** Does `work`, again as often as another is faster. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    for (;;)
      try {
        return await work()
      } catch (error) {
        await this.lost(error)
      }
  }
}
