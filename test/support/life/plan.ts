/** The plan of a life: plain data that comes of a seed, and with which the life can be repeated, whole or shortened. */

import { formatMicros, micros, type Micros } from '../../../src/base/time.ts'
import { NUMBERS, type Numbers } from '../../../src/binance/dataset.ts'
import { actionsOf, type Action } from './actions.ts'
import { diceOf, mixText } from './dice.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { historyOf, HOUR, ORIGIN, type HistoryOptions } from './history.ts'

/** What lives may have in them; each can be turned off. */
export type Switches = HistoryOptions & {
  readonly faults: readonly FaultKind[]
  readonly hasKills: boolean
  readonly hasDamage: boolean
}

const TURNS: Readonly<Record<string, keyof Switches>> = {
  late: 'hasLateRows',
  disorder: 'hasDisorder',
  restated: 'hasRestatements',
  ids: 'hasNewIds',
  kills: 'hasKills',
  damage: 'hasDamage',
}

/** Every word that {@link switchesOf} knows. */
export const WORDS: readonly string[] = [...FAULT_KINDS, ...Object.keys(TURNS)]

/** Turns on what is named. @throws RangeError for a word that is not one of {@link WORDS} */
export function switchesOf(words: readonly string[]): Switches {
  const unknown = words.find((word) => !WORDS.includes(word))
  if (unknown !== undefined) throw new RangeError(`${unknown} is none of ${WORDS.join(', ')}`)
  const turned = Object.entries(TURNS).map(([word, name]) => [name, words.includes(word)])
  const faults = FAULT_KINDS.filter((kind) => words.includes(kind))
  return { ...(Object.fromEntries(turned) as Omit<Switches, 'faults'>), faults }
}

/** A life that can be repeated. */
export type LifePlan = {
  readonly seed: number
  readonly switches: Switches
  readonly numbers: Numbers
  readonly partition: 'day' | 'month'
  readonly pageRows: number
  readonly start: Micros
  readonly actions: readonly Action[]
}

/** Where files are cut while REST keeps rows back, the two witnesses agree, and are believed: a life has one of these. */
const KEEPING_BACK: readonly FaultKind[] = ['empty', 'hole', 'lag']

/** The plan of the life of `seed`. */
export function planOf(seed: number, switches: Switches): LifePlan {
  const dice = diceOf(mixText(seed, 'life'))
  const isOfFiles = dice.chance(0.35)
  const faults = switches.faults.filter((kind) =>
    isOfFiles ? !KEEPING_BACK.includes(kind) : kind !== 'files',
  )
  const own = { ...switches, faults }
  const seriesCount = historyOf(seed, own).symbols.flatMap(({ series }) => series).length
  return {
    seed,
    switches: own,
    numbers: dice.pick<Numbers>([...NUMBERS, 'string', 'string']),
    partition: dice.chance(0.6) ? 'day' : 'month',
    pageRows: dice.pick([1_000, 1_000, 40, 7]),
    start: micros(ORIGIN + BigInt(dice.whole(3, 70)) * HOUR),
    actions: actionsOf(dice, { ...own, seriesCount }),
  }
}

/** An action in a line. */
export function actionText(action: Action): string {
  return JSON.stringify(action, (_, value: unknown) => {
    if (typeof value !== 'bigint') return value
    return value > ORIGIN / 2n
      ? formatMicros(micros(value)).slice(0, 16)
      : `${value / 60_000_000n} min`
  })
}

/** The same life with fewer actions, as long as `fails` finds that it fails; tried one by one. */
export async function shortened(
  plan: LifePlan,
  fails: (plan: LifePlan) => Promise<boolean>,
): Promise<LifePlan> {
  let shortest = plan
  for (let index = plan.actions.length - 1; index >= 0; index--) {
    const actions = shortest.actions.filter((_, place) => place !== index)
    const shorter = { ...shortest, actions }
    if (await fails(shorter)) shortest = shorter
  }
  return plainer(shortest, fails)
}

/** Leaves out of runs what the failure does not need. */
async function plainer(
  plan: LifePlan,
  fails: (plan: LifePlan) => Promise<boolean>,
): Promise<LifePlan> {
  let plainest = plan
  for (const index of plan.actions.keys())
    for (const name of ['fault', 'kill', 'recheck', 'isRefresh', 'hasRival']) {
      const actions = plainest.actions.map((action, place) => {
        if (place !== index || !(name in action)) return action
        return Object.fromEntries(Object.entries(action).filter(([key]) => key !== name)) as Action
      })
      const plainerPlan = { ...plainest, actions }
      if (name in (plainest.actions[index] ?? {}) && (await fails(plainerPlan)))
        plainest = plainerPlan
    }
  return plainest
}
