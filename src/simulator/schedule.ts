/** Decides which request gets which fault: by rule, or by seeded chance. */

import type { Fault, FaultOptions, FaultRule } from './fault.ts'
import { fraction, mix } from './hash.ts'

/** The request as fault rules see it. */
type FaultTarget = { readonly path: string; readonly query: string; readonly host: string }

/** The progress of a fault schedule. */
export class FaultSchedule {
  readonly #options: FaultOptions
  readonly #matched: number[]
  readonly #inARow = new Map<string, number>()
  #requests = 0

  constructor(options: FaultOptions) {
    this.#options = options
    this.#matched = (options.rules ?? []).map(() => 0)
  }

  /** The fault of the next request. */
  next(target: FaultTarget): Fault | undefined {
    this.#requests++
    return this.#byRule(target) ?? this.#byChance(target)
  }

  /** Every matching rule counts the request; the first whose turn it is applies. */
  #byRule(target: FaultTarget): Fault | undefined {
    let played: Fault | undefined
    for (const [i, rule] of (this.#options.rules ?? []).entries()) {
      if (!matches(rule, target)) continue
      const matched = (this.#matched[i] ?? 0) + 1
      this.#matched[i] = matched
      const { nth = 1, times = 1 } = rule
      if (matched >= nth && matched < nth + times) played ??= rule.fault
    }
    return played
  }

  #byChance({ path }: FaultTarget): Fault | undefined {
    const { random } = this.#options
    if (random === undefined || random.faults.length === 0) return undefined
    const inARow = this.#inARow.get(path) ?? 0
    const bits = mix(random.seed, this.#requests)
    const isHit = fraction(bits) < random.probability && inARow < (random.inARow ?? 2)
    this.#inARow.set(path, isHit ? inARow + 1 : 0)
    if (!isHit) return undefined
    return random.faults[Math.floor(fraction(mix(bits, 1)) * random.faults.length)]
  }
}

function matches(rule: FaultRule, { path, query, host }: FaultTarget): boolean {
  if (rule.path !== undefined && rule.path !== path) return false
  return query.includes(rule.query ?? '') && host.includes(rule.host ?? '')
}
