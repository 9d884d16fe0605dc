/**
 * Looks up ids that a trade file lacks near its ends: in the lake, over REST, or in the neighbour file. Rows beyond the
 * file's time are not missing from it.
 */

import { earliest, latest, micros, type Micros, type Window } from '../../base/time.ts'
import type { Jump } from './file-gaps.ts'
import type { ArchiveRun } from './archive-run.ts'
import type { NeighbourFile } from './neighbour-file.ts'
import { NEAR, runAt } from './file-ends.ts'
import type { IdRange } from './id-set.ts'
import { EndCheck } from './ends.ts'

/** Times may go back while ids increase: how many ids next to an end are looked up in the lake. */
const STEPS_MAX = 100n

/** One side of an end: the direction of ids, which rows lie there, and how near to them times may still come back. */
export type Side = {
  readonly by: 1n | -1n
  readonly isThere: (time: Micros) => boolean
  /** Where what is proven ends, when the first row beyond is at `there`. */
  readonly edgeOf: (there: Micros) => Micros
}

/** Looks ids up. */
export class Joints {
  readonly endCheck: EndCheck
  readonly #run: ArchiveRun

  constructor(run: ArchiveRun) {
    this.#run = run
    this.endCheck = new EndCheck(run.ask)
  }

  /**
   * The time of the first stored row beyond an end, going from id to id. One such row proves nothing: a row of this
   * side may have an id beyond it. So all ids have to be stored up to one from which times cannot go back; otherwise
   * `undefined`.
   */
  async stored(id: bigint, { by, isThere, edgeOf }: Side): Promise<Micros | undefined> {
    const { series } = this.#run
    let there: Micros | undefined
    let at = id
    for (let step = 1n; step <= STEPS_MAX; step++) {
      at += by
      // Id 0 is the first of all.
      if (at < 0n) return there
      const time = await series.timeOfId(at)
      if (time === undefined) return undefined
      if (isThere(time)) there ??= time
      if (there === undefined) continue
      const edge = edgeOf(there)
      if (by > 0n ? time >= edge + NEAR : time < edge - NEAR) return there
      const run = runAt(series.manifest, time)
      if (run === undefined) continue
      if (await this.#isFar(run.period, by, edge)) return there
      at = by > 0n ? run.last : run.first
    }
    return undefined
  }

  /** Does this period hold stored rows far enough beyond an edge? */
  async #isFar({ from, to }: Window, by: 1n | -1n, edge: Micros): Promise<boolean> {
    const far =
      by > 0n
        ? { from: latest(from, micros(edge + NEAR)), to }
        : { from, to: earliest(to, micros(edge - NEAR)) }
    return far.from < far.to && (await this.#run.series.newestRows(far, 1)).length > 0
  }

  /**
   * The jumps whose ids no source has.
   *
   * @param isBeyond - Is this time beyond the file's own?
   * @param neighbour - Opens the neighbour file.
   */
  async leftOpen(
    jumps: readonly Jump[],
    isBeyond: (time: bigint) => boolean,
    neighbour: () => Promise<NeighbourFile | undefined>,
  ): Promise<readonly Jump[]> {
    const open: Jump[] = []
    for (const jump of jumps) {
      if (await this.#isStored(jump.ids)) continue
      if (await this.endCheck.hasBeyond(jump.ids, isBeyond)) continue
      if ((await neighbour())?.ids.has(jump.ids) !== true) open.push(jump)
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
