/** What `verify` finds. */

import { MEND } from './damaged.ts'

/** One thing that is wrong with a file, or worth knowing. */
export type Flaw = {
  readonly severity: 'damage' | 'warning' | 'note'
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** A flaw that means the file is not what was written. */
export function damage(code: string, message: string, hint: string = MEND): Flaw {
  return { severity: 'damage', code, message, hint }
}

/** A flaw that calls for a look, and takes nothing from what is stored. */
export function warning(code: string, message: string): Flaw {
  return { severity: 'warning', code, message }
}
