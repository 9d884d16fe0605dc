/** What an empty answer is worth where a walk by id ends: what the newest row says that the exchange names. */

import type { Gap } from '../base/gap.ts'
import { formatMicros, type Micros, type Window } from '../base/time.ts'
import { DISORDER } from '../binance/disorder.ts'
import { oldBefore } from '../binance/lag.ts'
import type { StepWarning } from '../rows/step.ts'

/** A row, as far as a walk by id needs to know it. */
export type IdRow = { readonly id: bigint; readonly time: Micros }

/** What is known where no more rows come. */
export type EndEvidence = {
  /** From the last row that came to the end of the window. */
  readonly stretch: Window
  /** The id that should come next; `undefined`: no row was found by time. */
  readonly expected: bigint | undefined
  /** The newest row that the exchange names when it is asked for that alone; `undefined`: it names none. */
  readonly newest: IdRow | undefined
  /** The server's clock before the run. */
  readonly now: Micros
}

/**
 * - `empty`: there is no row in the stretch
 * - `contradicted`: the newest row shows that there are rows; ask on
 * - `restarted`: ids begin anew, lower than those that are known
 * - `unconfirmed`: nothing but the empty answer says so
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
  // A host that lags behind names an older row; a later one with a lower id is of another count.
  return newest.time > stretch.from ? 'restarted' : 'unconfirmed'
}

/** Time whose empty answers nothing confirms. */
export function unconfirmed({ from, to }: Window): Gap[] {
  return from < to ? [{ from, to, reason: 'unconfirmed' }] : []
}

/** Time of which the exchange sends nothing although it knew rows of it once. */
export function forgotten({ from, to }: Window): Gap[] {
  return from < to ? [{ from, to, reason: 'unavailable-from-rest' }] : []
}

/** Does a row lie before the millisecond of `from`? Who finds rows by time finds those of the whole millisecond. */
export function isBeforeMillis(time: bigint, from: Micros): boolean {
  return time < from - (from % 1_000n)
}

/** Says that the ids begin anew. */
export function restartWarning(expected: bigint, { id, time }: IdRow): StepWarning {
  const message =
    `ids begin anew: the newest row that the exchange names has id ${id} (${formatMicros(time)}), ` +
    `where id ${expected} should come next; what is stored is kept, and what follows is not covered`
  return { code: 'restarted', message }
}

/** Says that times go back. */
export function disorderWarning(before: IdRow, after: IdRow): StepWarning {
  const seconds = Number(before.time - after.time) / 1e6
  const message =
    `ids go on but times go back: id ${after.id} is ${seconds} s earlier than id ${before.id}; ` +
    'rows are kept in the order of their ids, each in the period of its own time'
  return { code: 'disorder', message }
}
