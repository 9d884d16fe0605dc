/**
 * The first row of an id walk: where in the ids a moment lies, and whether everything from there on is served.
 */

import { DataError } from '../base/errors.ts'
import { formatMicros, micros, type Micros } from '../base/time.ts'
import type { AskPage, PageRows, WalkOptions } from './walk.ts'

/** Where the rows at or after a moment begin, as far as the exchange tells. */
export type FirstRow = {
  /** Ask from this id on; `undefined` when there is no row at or after the moment. */
  readonly id: bigint | undefined
  /** Is it proven that every row between the moment and `id` is served? If not, earlier rows are out of reach. */
  readonly isProven: boolean
  /** Are there rows before the moment? */
  readonly hasRowsBefore: boolean
}

/** Finds the first row at or after `from`. */
export type FindFirst = (from: Micros) => Promise<FirstRow>

/** An empty answer counts only when it was sent so often. */
const ASKS_MIN = 2

/**
 * Finds the first aggregate trade at or after a moment, by time, and proves with one more request that no earlier
 * one is withheld: the row before it is served and lies before the moment.
 */
export function findByTime<P extends PageRows>(
  ask: AskPage<P>,
  { limit, signal }: WalkOptions,
): FindFirst {
  return async (from) => {
    const startTime = from / 1_000n
    const check = (page: P): void => {
      checkSince(page, micros(startTime * 1_000n))
    }
    let page = await ask({ startTime, limit }, check, signal)
    for (let asks = 1; page.rowCount === 0 && asks < ASKS_MIN; asks++)
      page = await ask({ startTime, limit }, check, signal)
    const id = page.keys[0]
    if (id === undefined) return { id, isProven: true, hasRowsBefore: await hasAny(ask, signal) }
    return proveFirst(id, from, ask, signal)
  }
}

/** Is the row before `id` served, and older than `from`? */
export async function proveFirst<P extends PageRows>(
  id: bigint,
  from: Micros,
  ask: AskPage<P>,
  signal?: AbortSignal,
): Promise<FirstRow> {
  if (id <= 0n) return { id, isProven: true, hasRowsBefore: false }
  const page = await ask(
    { fromId: id - 1n, limit: 1 },
    (rows) => {
      checkNotBefore(rows, id - 1n)
    },
    signal,
  )
  const before = page.keys[0]
  if (before === undefined || before >= id)
    return { id, isProven: id <= 1n, hasRowsBefore: id > 1n }
  if ((page.times[0] ?? 0n) >= from - (from % 1_000n))
    throw new DataError(
      `row ${before} lies at or after ${formatMicros(from)} but was not the first found`,
    )
  return { id, isProven: true, hasRowsBefore: true }
}

async function hasAny<P extends PageRows>(ask: AskPage<P>, signal?: AbortSignal): Promise<boolean> {
  const newest = await ask({ limit: 1 }, () => undefined, signal)
  return newest.rowCount > 0
}

function checkSince(page: PageRows, from: Micros): void {
  const time = page.times[0]
  if (time !== undefined && time < from)
    throw new DataError(
      `asked for rows from ${formatMicros(from)} on, got one of ${formatMicros(micros(time))}`,
    )
}

function checkNotBefore(page: PageRows, fromId: bigint): void {
  const first = page.keys[0]
  if (first !== undefined && first < fromId)
    throw new DataError(`asked for rows from id ${fromId} on, got id ${first}`)
}
