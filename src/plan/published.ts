/** Files of the archive, as its listing names them. */

import type { Window } from '../base/time.ts'

/** A published file. */
export type PublishedFile = {
  /** `YYYY-MM` or `YYYY-MM-DD`. */
  readonly period: string
  /** The time that it covers. */
  readonly window: Window
  /** Its path in the archive. */
  readonly path: string
  /** `undefined` if the bucket does not say. */
  readonly sizeBytes: number | undefined
}
