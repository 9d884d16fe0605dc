/** Flags to the library's options. */

import { parseMicros, quoteText, type Micros, type Options } from '../index.ts'
import type { Values } from './flags.ts'
import { Misuse } from './misuse.ts'

/** What the library is told; `signal` stops it. */
export function optionsOf(values: Values, signal?: AbortSignal): Options {
  const { recheck } = values
  const options = {
    dataDir: values['data-dir'],
    baseUrls: values['base-url'],
    prefer: values.prefer,
    archiveUrl: values['archive-url'],
    source: values.source,
    weightShare: values['weight-share'],
    concurrency: values.concurrency,
    maxWaitMs: values['max-wait'],
    recvWindowMs: values['recv-window'],
    wire: values.wire,
    waitLockMs: values['wait-lock'],
    recheck: recheck === undefined ? undefined : readWindow('--recheck', recheck),
    refreshArchives: values['refresh-archives'],
    keepArchives: values['keep-archives'],
    compression: values.compression,
    signal,
  }
  // exactOptionalPropertyTypes: what was not given must be absent, so that the library's default holds.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/**
 * Reads a flag's window.
 *
 * @throws Misuse that names the flag.
 */
export function readWindow(
  flag: string,
  { from, to }: { readonly from: string; readonly to: string },
): { readonly from: Micros; readonly to: Micros } {
  const window = { from: readMoment(flag, from), to: readMoment(flag, to) }
  if (window.from < window.to) return window
  throw new Misuse(`${flag}: ${quoteText(from)} is not before ${quoteText(to)}`)
}

function readMoment(flag: string, text: string): Micros {
  try {
    return parseMicros(text)
  } catch {
    const expected = 'a date or a UTC date-time such as 2024-01-01T12:00:00Z'
    throw new Misuse(`${flag}: expected ${expected}, got "${quoteText(text)}"`)
  }
}
