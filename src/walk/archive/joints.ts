/**
 * Who else has ids that a file of trades lacks near its ends: the lake, REST, or the file of the day beside it. Rows
 * beyond the file's time are no lack of it.
 */

import type { Micros } from '../../base/time.ts'
import type { Jump } from './file-gaps.ts'
import type { ArchiveRun } from './archive-run.ts'
import type { Beside } from './beside.ts'
import type { IdRange } from './id-set.ts'
import { Witness } from './ends.ts'

/** Times may go back while ids go on: so many ids beside an end are looked up in the lake. */
const STEPS_MAX = 100n

/** Looks ids up. */
export class Joints {
  readonly witness: Witness
  readonly #run: ArchiveRun

  constructor(run: ArchiveRun) {
    this.#run = run
    this.witness = new Witness(run.ask)
  }

  /** The time of the first stored row that is like that, going from id to id; `undefined` where one is not stored. */
  async stored(
    id: bigint,
    by: 1n | -1n,
    isThere: (time: Micros) => boolean,
  ): Promise<Micros | undefined> {
    for (let step = 1n; step <= STEPS_MAX; step++) {
      const time = await this.#run.series.timeOfId(id + by * step)
      if (time === undefined || isThere(time)) return time
    }
    return undefined
  }

  /**
   * Those of some jumps whose ids nobody has.
   *
   * @param isBeyond - Is this time beyond the file's own?
   * @param beside - Opens the file beside it.
   */
  async leftOpen(
    jumps: readonly Jump[],
    isBeyond: (time: bigint) => boolean,
    beside: () => Promise<Beside | undefined>,
  ): Promise<readonly Jump[]> {
    const open: Jump[] = []
    for (const jump of jumps) {
      if (await this.#isStored(jump.ids)) continue
      if (await this.witness.hasBeyond(jump.ids, isBeyond)) continue
      if ((await beside())?.ids.has(jump.ids) !== true) open.push(jump)
    }
    return open
  }

  async #isStored({ first, last }: IdRange): Promise<boolean> {
    if (last - first >= STEPS_MAX) return false
    for (let id = first; id <= last; id++)
      if ((await this.#run.series.timeOfId(id)) === undefined) return false
    return true
  }
}
