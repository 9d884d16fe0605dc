/** What a walk passes to the store: rows in order, and how far they extend the coverage. */

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
  /** What is unusual about the rows; they are kept. */
  readonly warnings?: readonly StepWarning[]
  /** What the next run requests once more. */
  readonly fresh?: readonly Window[]
}

/** A warning given once per series and run. */
export type StepWarning = { readonly code: 'disorder' | 'restarted'; readonly message: string }

/** A step without rows. */
export function emptyStep(reached: Micros, gaps: readonly Gap[] = []): Step {
  return { page: undefined, first: 0, end: 0, reached, gaps }
}
