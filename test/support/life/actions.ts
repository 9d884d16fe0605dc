/** What happens in a life, one thing after the other. Plain data: a life is told by it, and shortened by leaving some out. */

import { micros, type Micros, type Window } from '../../../src/base/time.ts'
import type { Source } from '../../../src/job/job.ts'
import type { Dice } from './dice.ts'
import { faultOf, type Fault, type FaultKind } from './faults.ts'
import { DAY, END, HOUR, ORIGIN } from './history.ts'

/** A part of the series, and a range; `undefined`: from the listing, or up to now. */
export type Wish = {
  /** Places in the list of all series. */
  readonly series: readonly number[]
  readonly from: Micros | undefined
  readonly to: Micros | undefined
}

/** How a run is killed: at which step of the disk, and what the disk keeps. */
export type Kill = {
  readonly at: number
  readonly kind: 'crash' | 'crashAfter' | 'tear'
  readonly survival: 'all' | 'synced' | 'names'
}

/** A run of one job or several. */
export type RunAction = {
  readonly kind: 'run'
  readonly wishes: readonly Wish[]
  readonly source: Source
  readonly seed: number
  readonly fault?: Fault
  readonly kill?: Kill
  readonly recheck?: Window
  readonly isRefresh?: boolean
  /** Does another run begin meanwhile? */
  readonly hasRival?: boolean
}

/** One thing that happens. `at` chooses among what is there, 0 to 1. */
export type Action =
  | { readonly kind: 'pass'; readonly minutes: number }
  | RunAction
  | { readonly kind: 'otherNumbers' }
  | { readonly kind: 'delete' | 'restore'; readonly at: number; readonly what: 'data' | 'manifest' }
  | {
      readonly kind: 'damage'
      readonly at: number
      readonly byte: number
      readonly what: 'data' | 'manifest'
    }
  | { readonly kind: 'verify' }

/** What actions may be taken. */
export type ActionOptions = {
  readonly seriesCount: number
  readonly faults: readonly FaultKind[]
  readonly hasKills: boolean
  readonly hasDamage: boolean
}

const PAUSES = [1, 30, 240, 420, 780, 1_500, 2_940]

/** The actions of a life, by chance. */
export function actionsOf(dice: Dice, options: ActionOptions): readonly Action[] {
  const home = dice.pick<Source>(['auto', 'auto', 'rest', 'rest', 'archive'])
  const actions: Action[] = []
  let faulty = 0
  for (let count = dice.whole(3, 8); count > 0; count--) {
    actions.push({ kind: 'pass', minutes: dice.pick(PAUSES) })
    // Faults that last from run to run may be taken for the truth by the rules: most lives have one or two.
    const mayFail = options.faults.length > 0 && faulty < 2 && dice.chance(0.5)
    const action = someAction(dice, { ...options, faults: mayFail ? options.faults : [] }, home)
    if (action.kind === 'run' && action.fault !== undefined) faulty += 1
    actions.push(action)
  }
  return actions
}

function someAction(dice: Dice, options: ActionOptions, home: Source): Action {
  const roll = dice.next()
  if (roll < 0.7 || (roll < 0.88 && !options.hasDamage)) return runAction(dice, options, home)
  if (roll >= 0.94) return { kind: 'verify' }
  if (roll >= 0.88) return { kind: 'otherNumbers' }
  const what = dice.chance(0.7) ? 'data' : 'manifest'
  const at = dice.next()
  if (roll < 0.76) return { kind: 'delete', at, what }
  if (roll < 0.82) return { kind: 'restore', at, what }
  return { kind: 'damage', at, byte: dice.next(), what }
}

function runAction(dice: Dice, options: ActionOptions, home: Source): RunAction {
  const wishes = [wish(dice, options)]
  if (dice.chance(0.2)) wishes.push(wish(dice, options))
  const seed = dice.whole(0, 0xffff_ffff)
  const fault = options.faults.length === 0 ? undefined : faultOf(seed, options.faults)
  const again = moments(dice)
  const kill: Kill = {
    at: dice.whole(1, dice.pick([20, 60, 150])),
    kind: dice.pick(['crash', 'crashAfter', 'tear']),
    survival: dice.pick(['all', 'synced', 'names']),
  }
  return {
    kind: 'run',
    wishes,
    source: dice.chance(0.9) ? home : dice.pick(['auto', 'rest', 'archive']),
    seed,
    ...(fault === undefined ? {} : { fault }),
    ...(options.hasKills && dice.chance(0.2) ? { kill } : {}),
    ...(dice.chance(0.1) ? { recheck: again } : {}),
    ...(dice.chance(0.1) ? { isRefresh: true } : {}),
    ...(dice.chance(0.08) ? { hasRival: true } : {}),
  }
}

function wish(dice: Dice, { seriesCount }: ActionOptions): Wish {
  const { from, to } = moments(dice)
  const series = dice.some(Array.from({ length: seriesCount }, (_, index) => index))
  const isWhole = dice.chance(0.4)
  return {
    series,
    from: dice.chance(0.1) ? undefined : isWhole ? ORIGIN : from,
    to: isWhole || dice.chance(0.3) ? undefined : to,
  }
}

function moments(dice: Dice): Window {
  const unit = dice.chance(0.6) ? DAY : HOUR
  const length = END - ORIGIN
  const at = (): bigint =>
    ORIGIN + ((BigInt(dice.whole(0, Number(length / HOUR))) * HOUR) / unit) * unit
  const [a, b] = [at(), at()]
  const [from, to] = a < b ? [a, b] : [b, a]
  return { from: micros(from), to: micros(from === to ? to + unit : to) }
}
