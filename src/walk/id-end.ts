/** How far an empty answer at the end of a walk by id can be trusted, judged by the newest row of the exchange. */

import type { Gap } from '../base/gap.ts'
import { formatMicros, type Micros, type Window } from '../base/time.ts'
import { DISORDER } from '../binance/disorder.ts'
import { oldBefore } from '../binance/lag.ts'
import type { StepWarning } from '../rows/step.ts'

/** A row, as far as a walk by id needs it. */
export type IdRow = { readonly id: bigint; readonly time: Micros }

/** What is known where no more rows come. */
export type EndEvidence = {
  /** From the last row received to the end of the window. */
  readonly stretch: Window
  /** The id that should come next; `undefined`: no row was found by time. */
  readonly expected: bigint | undefined
  /** The newest row, which the exchange returns when asked for that alone; `undefined`: it returned none. */
  readonly newest: IdRow | undefined
  /** The server's clock before the run. */
  readonly now: Micros
}

/**
 * - `empty`: there is no row in the stretch
 * - `contradicted`: the newest row shows that there are rows; request again
 * - `restarted`: ids start over, lower than the known ones
 * - `unconfirmed`: only the empty answer says so
 */
export type EndVerdict = 'empty' | 'contradicted' | 'restarted' | 'unconfirmed'

/** Judges an empty answer by the newest row. */
export function judgeEnd({ stretch, expected, newest, now }: EndEvidence): EndVerdict {
  if (newest === undefined) return 'unconfirmed'
  const isSettled = stretch.to <= oldBefore(now)
  if (expected === undefined) {
    if (!isBeforeMillis(newest.time, stretch.from)) return 'contradicted'
    return isSettled ? 'empty' : 'unconfirmed'
  }
  if (newest.id >= expected) return 'contradicted'
  if (newest.id === expected - 1n) {
    const isOlder = newest.time <= stretch.from + DISORDER
    return isOlder && isSettled ? 'empty' : 'unconfirmed'
  }
  // A host that lags returns an older row; a later row with a lower id belongs to a new count.
  return newest.time > stretch.from ? 'restarted' : 'unconfirmed'
}

/** Time for which empty answers have no confirmation. */
export function unconfirmedGaps({ from, to }: Window): Gap[] {
  return from < to ? [{ from, to, reason: 'unconfirmed' }] : []
}

/** Time for which the exchange returns nothing although it once had rows. */
export function unavailableGaps({ from, to }: Window): Gap[] {
  return from < to ? [{ from, to, reason: 'unavailable-from-rest' }] : []
}

/** Does a row lie before the millisecond of `from`? Rows found by time include the whole millisecond. */
export function isBeforeMillis(time: bigint, from: Micros): boolean {
  return time < from - (from % 1_000n)
}

/** Warns that ids start over. */
export function restartWarning(expected: bigint, { id, time }: IdRow): StepWarning {
  const message =
    `ids start over: the newest row of the exchange has id ${id} (${formatMicros(time)}), ` +
    `where id ${expected} should come next; what is stored is kept, and what follows is not covered`
  return { code: 'restarted', message }
}

/** Warns that times go back. */
export function disorderWarning(before: IdRow, after: IdRow): StepWarning {
  const seconds = Number(before.time - after.time) / 1e6
  const message =
    `ids increase but times go back: id ${after.id} is ${seconds} s earlier than id ${before.id}; ` +
    'rows are kept in the order of their ids, each in the period of its own time'
  return { code: 'disorder', message }
}
