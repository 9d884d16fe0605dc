/**
 * The neighbour files of a stretch of trades: those of the day before it and the day after. Their ids show whether the
 * trades between are complete, and some of their rows may belong to the stretch by time.
 */

import { ArchiveError } from '../../base/errors.ts'
import { micros, type Micros, type Window } from '../../base/time.ts'
import type { Page } from '../../rows/page.ts'
import { pageOfRows, runsWhere } from './cut.ts'
import { ArchiveRows } from './file-rows.ts'
import type { ArchiveRun } from './archive-run.ts'
import { NEAR } from './file-ends.ts'
import { IdSet, type IdRange } from './id-set.ts'

/** What a neighbour file shows. */
export type NeighbourFile = {
  /** The id of its nearest row. */
  readonly id: bigint
  /** The ids of its rows within its own time, as far as it was read. */
  readonly ids: IdSet
  /** Does it have all ids between `id` and a row so far away that times do not go back from there? */
  readonly isJoinedTo: (id: bigint) => boolean
  /** Its rows whose time lies on our side, in order. */
  readonly strays: readonly Page[]
}

/**
 * The file of the day that begins at `to`; `undefined` when there is none, or it cannot be used. It is read until times
 * can no longer go back before `to`.
 */
export function fileAfter(run: ArchiveRun, to: Micros): Promise<NeighbourFile | undefined> {
  return lookInto(run, { from: to, to: micros(to + 1n) }, async (rows, window) => {
    const [ids, all, strays] = [new IdSet(), new IdSet(), [] as Page[]]
    let id: bigint | undefined
    let far: bigint | undefined
    for await (const page of rows.pages()) {
      id ??= page.keys[0]
      strays.push(...rowsWhere(page, (time) => time < window.from))
      for (const own of rowsWhere(page, (time) => time >= window.from)) ids.take(own.keys)
      all.take(page.keys)
      far = page.keys[page.times.findIndex((time) => time >= window.from + NEAR)]
      if (far !== undefined) break
    }
    if (strays.length > 0) await rows.checkAll()
    const isJoinedTo = (end: bigint): boolean =>
      id !== undefined && id <= end + 1n && hasAll(all, far, (last) => ({ first: end + 1n, last }))
    return id === undefined ? undefined : { id, ids, strays, isJoinedTo }
  })
}

/** The file of the day that ends at `from`; `undefined` when there is none, or it cannot be used. */
export function fileBefore(run: ArchiveRun, from: Micros): Promise<NeighbourFile | undefined> {
  return lookInto(run, { from: micros(from - 1n), to: from }, async (rows, window) => {
    const [ids, all, strays] = [new IdSet(), new IdSet(), [] as Page[]]
    let id: bigint | undefined
    let far: bigint | undefined
    for await (const page of rows.pages()) {
      id = page.keys[page.rowCount - 1]
      strays.push(...rowsWhere(page, (time) => time >= window.to))
      for (const own of rowsWhere(page, (time) => time < window.to)) ids.take(own.keys)
      all.take(page.keys)
      const isFirst = far === undefined && page.keys[0] === 0n
      far = page.keys[page.times.findLastIndex((time) => time < window.to - NEAR)] ?? far
      if (isFirst) far ??= 0n
    }
    const isJoinedTo = (begin: bigint): boolean =>
      id !== undefined &&
      id >= begin - 1n &&
      hasAll(all, far, (first) => ({ first, last: begin - 1n }))
    return id === undefined ? undefined : { id, ids, strays, isJoinedTo }
  })
}

async function lookInto(
  { plan: { key, settings }, session, now, signal }: ArchiveRun,
  moment: Window,
  look: (rows: ArchiveRows, window: Window) => Promise<NeighbourFile | undefined>,
): Promise<NeighbourFile | undefined> {
  const [file] = await session.dailyFilesOf(key, moment, now)
  if (file === undefined || (file.window.from < moment.from && moment.to < file.window.to))
    return undefined
  try {
    const archive = await session.open(key, file.period, signal)
    if (archive === undefined) return undefined
    try {
      return await look(
        new ArchiveRows({ key, numbers: settings.numbers, file, archive }),
        file.window,
      )
    } finally {
      await archive.close()
    }
  } catch (error) {
    // Then there is no evidence; the task that needs the rows of that day meets the failure again.
    if (error instanceof ArchiveError) return undefined
    throw error
  }
}

/** Does the set have all ids up to a row far beyond the end? Without such a row nothing is proven. */
function hasAll(ids: IdSet, far: bigint | undefined, upTo: (far: bigint) => IdRange): boolean {
  if (far === undefined) return false
  const range = upTo(far)
  return range.last < range.first || ids.has(range)
}

function rowsWhere(page: Page, isLike: (time: bigint) => boolean): Page[] {
  return runsWhere({ page, first: 0, end: page.rowCount }, isLike).map(pageOfRows)
}
