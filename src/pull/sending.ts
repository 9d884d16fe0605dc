/** What a request is while it is sent, and after an attempt that failed. */

import type { BackfillError } from '../base/errors.ts'
import type { Query, Sign } from './query.ts'
import type { Trial } from './retries.ts'

/** The state of sending one request. */
export type Sending = {
  readonly sign?: Sign | undefined
  readonly onSend?: () => void
  readonly trial: Trial
}

/** A failed attempt. */
export type Attempted = {
  readonly query: Query
  readonly url: string
  readonly attempt: number
  readonly trial: Trial
  readonly error: BackfillError
}
