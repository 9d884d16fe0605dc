/** Rows shortly before the first one found: where times go back, one of them may also belong to the window. */

import type { Micros } from '../base/time.ts'
import { DISORDER } from '../binance/disorder.ts'
import type { Page } from '../rows/page.ts'
import { isBeforeMillis, type IdRow } from './id-end.ts'
import { checkFrom, idRow } from './id-run.ts'
import { askTwice, type AskPage, type WalkOptions } from './walk.ts'

/** Where the rows at or after a moment begin, as far as the exchange shows. */
export type FirstRow = {
  /** The id to start from; `undefined` when there is no row at or after the moment. */
  readonly id: bigint | undefined
  /** Is it proven that every row between the moment and `id` is available? If not, earlier rows are out of reach. */
  readonly isProven: boolean
  /** Are there rows before the moment? */
  readonly hasRowsBefore: boolean
  /** If no row was found: the newest row of the exchange. */
  readonly newest?: IdRow | undefined
}

/** Most pages searched. */
const LOOKS_MAX = 10

/**
 * The first row, by id, at or after `from`: the one found, or an earlier one of the last seconds before it. The row
 * before it proves that none is withheld.
 */
export async function lookBack(
  found: bigint,
  from: Micros,
  ask: AskPage,
  options: WalkOptions,
): Promise<FirstRow> {
  const limit = BigInt(options.limit)
  const served = new Set<bigint>()
  let first = found
  let end = found
  for (let looks = 0; looks < LOOKS_MAX && end > 0n; looks++) {
    const begin = end > limit ? end - limit : 0n
    const rows = await rowsBetween(begin, end, ask, options)
    const [oldest] = rows
    if (oldest === undefined) break
    for (const { id, time } of rows) {
      served.add(id)
      if (id < first && !isBeforeMillis(time, from)) first = id
    }
    end = oldest.id
    const isFar = oldest.time < from - DISORDER && first > oldest.id
    if (isFar || oldest.id > begin) break
  }
  const hasRowsBefore = first > 1n || served.has(first - 1n)
  return { id: first, isProven: first <= 1n || served.has(first - 1n), hasRowsBefore }
}

/** The rows with ids from `begin` to before `end`; one request, unless the exchange sends fewer rows than requested. */
async function rowsBetween(
  begin: bigint,
  end: bigint,
  ask: AskPage,
  { signal }: WalkOptions,
): Promise<readonly IdRow[]> {
  const rows: IdRow[] = []
  for (let next = begin; next < end;) {
    const fromId = next
    const check = (page: Page): void => {
      checkFrom(page, fromId)
    }
    const page = await askTwice({ fromId, limit: Number(end - fromId) }, ask, check, signal)
    const known = rows.length
    for (let row = 0; row < page.rowCount; row++) {
      const one = idRow(page, row)
      if (one.id < end) rows.push(one)
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length === known) break
    next = last.id + 1n
  }
  return rows
}
