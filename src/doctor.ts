/** Is this machine fit for a backfill? */

import type { Options } from './options.ts'

/** One check and how it came out. */
export type DoctorCheck = {
  readonly name: string
  readonly ok: boolean
  /** What was seen, in one line. */
  readonly seen: string
  readonly hint?: string
}

/** Checks Node, the directory, each host, the clock against the server's, and the remaining weight, one by one. */
export async function* doctor(options: Options = {}): AsyncGenerator<DoctorCheck, void, void> {
  throw new Error(`not built: ${String(options.dataDir)}`)
}
