/** What a walk hands to the store: rows in order, and how far they bring the coverage. */

import type { Gap } from '../base/gap.ts'
import type { Micros, Window } from '../base/time.ts'
import type { Page } from './page.ts'

/** Rows `[first, end)` of a page, and how far the walk has come with them. */
export type Step = {
  readonly page: Page | undefined
  readonly first: number
  readonly end: number
  /** Every row before this moment was in this step or an earlier one, or lies in a gap. */
  readonly reached: Micros
  readonly gaps: readonly Gap[]
  /** What is odd about the rows and yet kept. */
  readonly warnings?: readonly StepWarning[]
  /** What is to be asked for once more by the next run. */
  readonly fresh?: readonly Window[]
}

/** Something odd that is told once a series and run. */
export type StepWarning = { readonly code: 'disorder' | 'restarted'; readonly message: string }

/** A step without rows. */
export function emptyStep(reached: Micros, gaps: readonly Gap[] = []): Step {
  return { page: undefined, first: 0, end: 0, reached, gaps }
}
