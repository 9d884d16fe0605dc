/** A sign of life for whoever watches over scheduled runs: one GET at the start, one at the end. Never fails a run. */

import { UsageError } from '../base/errors.ts'
import type { Clock, Http } from '../base/ports.ts'

/** Where a run stands: `URL/start`, `URL`, `URL/fail`. */
export type Beat = 'start' | 'success' | 'fail'

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']
const DEADLINE_MS = 10_000
const ATTEMPTS = 2
const PAUSE_MS = 1_000

/**
 * Checks the address for signs of life.
 *
 * @throws UsageError unless it is https, or http on this machine; the address itself, which is as good as a password, is
 * not repeated.
 */
export function checkHeartbeatUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.includes(url.hostname))
  if (url !== undefined && isSafe && url.username === '' && url.password === '') return url
  throw new UsageError(
    'the heartbeat URL must be https, or http on this machine, without user and password',
    { hint: 'For example https://hc-ping.com/YOUR-ID.' },
  )
}

/** Tells `url` where the run stands; what went wrong comes back as words, for a warning. */
export async function sendBeat(
  url: URL,
  beat: Beat,
  { http, clock }: { readonly http: Http; readonly clock: Clock },
): Promise<string | undefined> {
  const target = new URL(url)
  if (beat !== 'success') target.pathname = `${target.pathname.replace(/\/+$/, '')}/${beat}`
  for (let attempt = 1; ; attempt++) {
    const problem = await ask(target, http)
    if (problem === undefined) return undefined
    if (attempt === ATTEMPTS) return `the heartbeat (${beat}) did not reach ${url.host}: ${problem}`
    await clock.sleep(PAUSE_MS)
  }
}

async function ask(target: URL, http: Http): Promise<string | undefined> {
  try {
    const { status } = await http.get({
      url: target.href,
      headers: { accept: '*/*' },
      timeoutMs: DEADLINE_MS,
      sizeBytesMax: 1 << 20,
    })
    return status >= 200 && status < 300 ? undefined : `status ${status}`
  } catch {
    // Whatever it is, it must not fail the run, and its message would repeat the address.
    return 'no answer'
  }
}
