/** Is this machine fit for a backfill? */

import type { World } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { toMillis } from '../base/time.ts'
import { API_URLS, MARKET_DATA_URL, readBaseUrl } from '../binance/host.ts'
import { MARKET_NAMES } from '../binance/series.ts'
import { ExchangeClient, LOOK_ATTEMPTS } from '../walk/exchange.ts'
import { DATA_DIR, type Options } from '../options.ts'
import { worldOf } from '../session/world.ts'
import { nodeVersion } from '../node/environment.ts'
import { probeDirectory } from '../node/probe.ts'
import { checkLake } from '../store/lake.ts'
import { describeError } from '../base/errors.ts'

/** One check and how it came out. */
export type DoctorCheck = {
  readonly name: string
  readonly ok: boolean
  /** What was seen, in one line. */
  readonly seen: string
  readonly hint?: string
}

/** The clocks may differ by this before it is worth a word: nothing here depends on the machine's. */
const SKEW_MS_MAX = 5_000

/** Checks Node, the directory, each host, the clock against the server's, and the remaining weight, one by one. */
export async function* doctor(options: Options = {}): AsyncGenerator<DoctorCheck, void, void> {
  const world = worldOf(options)
  try {
    yield nodeCheck(nodeVersion())
    yield await attempt('directory', async () => {
      const { dataDir = DATA_DIR } = options
      await probeDirectory(world.files, dataDir)
      await checkLake(world.files)
      return `${quoteText(dataDir)}: writes, renames and syncs`
    })
    for (const url of options.baseUrls ?? [MARKET_DATA_URL, ...API_URLS])
      yield await attempt(url, () => hostSeen(world, { ...options, baseUrls: [url] }))
  } finally {
    if (options.world === undefined) await world.http.close()
  }
}

function nodeCheck(version: string): DoctorCheck {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const ok = major > 20 || (major === 20 && minor >= 19)
  const check = { name: 'node', ok, seen: `Node ${version}` }
  return ok ? check : { ...check, hint: 'Install Node 20.19 or newer.' }
}

async function hostSeen(world: World, options: Options): Promise<string> {
  const events = { onWait: () => undefined, onWarning: () => undefined, attemptsMax: LOOK_ATTEMPTS }
  const [url = ''] = options.baseUrls ?? []
  const market = MARKET_NAMES.find((name) => name === readBaseUrl(url).market)
  const place = market === undefined ? {} : { market }
  const asked = { ...options, maxWaitMs: 0 }
  const exchange = new ExchangeClient(world, asked, { ...events, ...place }, options.signal)
  const began = world.clock.monotonicMs()
  await exchange.gateway.gate.load()
  await exchange.gateway.sync(options.signal)
  const connected = world.clock.monotonicMs() - began
  await exchange.gateway.preferFastest('public')
  const [health] = exchange.gateway.health('public')
  const latency = Math.round(health?.latencyMs ?? connected)
  const skew = Math.round(exchange.gateway.server.nowMs() - toMillis(world.clock.now()))
  const { used, limit } = exchange.gateway.budget.use()
  const words =
    Math.abs(skew) > SKEW_MS_MAX ? `; this clock is off by ${skew} ms, which does no harm` : ''
  return `answers in ${latency} ms, clock differs by ${skew} ms${words}; weight used ${used} of ${limit}`
}

async function attempt(name: string, look: () => Promise<string>): Promise<DoctorCheck> {
  try {
    return { name, ok: true, seen: await look() }
  } catch (error) {
    const { message, hint } = describeError(error)
    const check = { name, ok: false, seen: message }
    return hint === undefined ? check : { ...check, hint }
  }
}
