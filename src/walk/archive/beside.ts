/**
 * The files beside a stretch of trades, of the day before it and the day after: their ids tell whether what lies
 * between is whole, and some of their rows may belong to it by their time.
 */

import { ArchiveError } from '../../base/errors.ts'
import { micros, type Micros, type Window } from '../../base/time.ts'
import type { Page } from '../../rows/page.ts'
import { pageOfRows, runsWhere } from './cut.ts'
import { ArchiveRows } from './files.ts'
import type { ArchiveRun } from './archive-run.ts'
import { IdSet } from './id-set.ts'

/** What such a file has to say. */
export type Beside = {
  /** The id of its row that is the nearest. */
  readonly id: bigint
  /** The ids of its rows that are of its own time, as far as it was read. */
  readonly ids: IdSet
  /** Rows of it that lie on our side of its time, in order. */
  readonly strays: readonly Page[]
}

/** The file of the day that begins at `to`; `undefined` when none does, or it cannot be used. */
export function fileAfter(run: ArchiveRun, to: Micros): Promise<Beside | undefined> {
  return lookInto(run, { from: to, to: micros(to + 1n) }, async (rows, window) => {
    for await (const page of rows.pages()) {
      const strays = rowsWhere(page, (time) => time < window.from)
      if (strays.length > 0) await rows.judge()
      const ids = new IdSet()
      for (const own of rowsWhere(page, (time) => time >= window.from)) ids.take(own.keys)
      return { id: page.keys[0] ?? 0n, ids, strays }
    }
    return undefined
  })
}

/** The file of the day that ends at `from`; `undefined` when none does, or it cannot be used. */
export function fileBefore(run: ArchiveRun, from: Micros): Promise<Beside | undefined> {
  return lookInto(run, { from: micros(from - 1n), to: from }, async (rows, window) => {
    const [ids, strays] = [new IdSet(), [] as Page[]]
    let id: bigint | undefined
    for await (const page of rows.pages()) {
      id = page.keys[page.rowCount - 1]
      strays.push(...rowsWhere(page, (time) => time >= window.to))
      for (const own of rowsWhere(page, (time) => time < window.to)) ids.take(own.keys)
    }
    return id === undefined ? undefined : { id, ids, strays }
  })
}

async function lookInto(
  { plan: { key, settings }, session, now, signal }: ArchiveRun,
  moment: Window,
  look: (rows: ArchiveRows, window: Window) => Promise<Beside | undefined>,
): Promise<Beside | undefined> {
  const [file] = await session.dailyFilesOf(key, moment, now)
  if (file === undefined || (file.window.from < moment.from && moment.to < file.window.to))
    return undefined
  try {
    const archive = await session.open(key, file.period, signal)
    if (archive === undefined) return undefined
    try {
      return await look(new ArchiveRows(key, settings.numbers, file, archive), file.window)
    } finally {
      await archive.close()
    }
  } catch (error) {
    // Then nobody tells; whoever wants the rows of that day meets the failure again.
    if (error instanceof ArchiveError) return undefined
    throw error
  }
}

function rowsWhere(page: Page, isLike: (time: bigint) => boolean): Page[] {
  return runsWhere({ page, first: 0, end: page.rowCount }, isLike).map(pageOfRows)
}
