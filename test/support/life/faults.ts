/** What goes wrong with the exchange during one run. Plain data, so that a life can be told and repeated. */

import type { Window } from '../../../src/base/time.ts'
import { diceOf, type Dice } from './dice.ts'
import { DAY, HOUR } from './history.ts'

/** The kinds of faults, by the name of the switch that turns them on. */
export const FAULT_KINDS = ['empty', 'hole', 'lag', 'errors', 'doubled', 'clock', 'files'] as const
/** @see {@link FAULT_KINDS} */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** A fault of REST; shares are of requests, by chance. */
export type Fault =
  /** Pages of rows are empty. */
  | { readonly kind: 'empty' }
  /** Rows that lie so long ago are left out. */
  | { readonly kind: 'hole'; readonly ago: { readonly from: bigint; readonly to: bigint } }
  /** Answers are those of some time ago. */
  | { readonly kind: 'lag'; readonly by: bigint; readonly share: number }
  | { readonly kind: 'errors'; readonly share: number }
  /** A row of the page is there twice. */
  | { readonly kind: 'doubled'; readonly share: number }
  /** `/api/v3/time` is wrong by this; the `Date` of answers is right. */
  | { readonly kind: 'clock'; readonly by: bigint }

/** A fault of one of the kinds; `undefined` when none of them is one of REST. */
export function faultOf(seed: number, kinds: readonly FaultKind[]): Fault | undefined {
  const dice = diceOf(seed)
  const rest = kinds.filter((kind) => kind !== 'files')
  if (rest.length === 0) return undefined
  return madeFault(dice.pick(rest), dice)
}

function madeFault(kind: Exclude<FaultKind, 'files'>, dice: Dice): Fault {
  switch (kind) {
    case 'empty':
      return { kind }
    case 'hole': {
      const from = BigInt(dice.whole(2, 40)) * HOUR
      const to = from - BigInt(dice.whole(1, 10)) * HOUR
      return { kind, ago: { from, to: to > 0n ? to : 0n } }
    }
    case 'lag':
      return { kind, by: BigInt(dice.whole(2, 1_200)) * (HOUR / 60n), share: dice.pick([0.5, 1]) }
    case 'errors':
      return { kind, share: dice.pick([0.2, 0.5, 1]) }
    case 'doubled':
      return { kind, share: dice.pick([0.3, 1]) }
    case 'clock':
      return { kind, by: BigInt(dice.whole(-30, 30)) * HOUR }
  }
}

/** The time that a hole leaves out, at `now`. */
export function holeAt({ ago }: Extract<Fault, { kind: 'hole' }>, now: bigint): Window {
  return { from: (now - ago.from) as Window['from'], to: (now - ago.to) as Window['to'] }
}

/** A missing row may be held for absent on these grounds from then on (the contract's rules of gaps). */
export const OLD = { again: DAY, between: 2n * DAY }
