/** The REST hosts: does each answer, how soon, what time is it there, and what is left of the limits? */

import { eachWay, type OneWay } from '../base/egress.ts'
import { BannedError } from '../base/errors.ts'
import type { World } from '../base/ports.ts'
import { toMillis } from '../base/time.ts'
import type { Wait } from '../base/wait.ts'
import { baseUrlsOf, exchangeOf, marketUrl } from '../binance/host.ts'
import { MARKETS } from '../binance/market.ts'
import { MARKET_NAMES, type Market } from '../binance/series.ts'
import type { Options } from '../options.ts'
import { ExchangeClient } from '../walk/exchange.ts'
import {
  checkFrom,
  failedCheck,
  madeCheck,
  UnfitError,
  type DoctorCheck,
  type Seen,
} from './doctor-check.ts'

/** As often as a clock is read that another one contradicts; and there are more hosts to look at. */
export const ATTEMPTS = 3

/** A host to look at. */
type RestHost = { readonly market: Market; readonly url: string; readonly anySymbol: string }

/** A symbol that each market has: one is asked for where that is shorter than all. */
const ANY_SYMBOL: Readonly<Record<Market, string>> = {
  spot: 'BTCUSDT',
  um: 'BTCUSDT',
  cm: 'BTCUSD_PERP',
}

/** The hosts that the options name, or all default ones of each market, in the order of their preference. */
function restHosts({ baseUrls }: Options): readonly RestHost[] {
  return MARKET_NAMES.flatMap((market) => {
    const { publicUrls, apiUrls } = MARKETS[market].rest
    const urls =
      baseUrls === undefined ? new Set([...publicUrls, ...apiUrls]) : baseUrlsOf(market, baseUrls)
    return [...(urls ?? [])].map((url) => ({ market, url, anySymbol: ANY_SYMBOL[market] }))
  })
}

/** Looks at each host, and then compares the clocks. */
export async function* restChecks(
  world: World,
  options: Options,
): AsyncGenerator<DoctorCheck, void, void> {
  const checks: DoctorCheck[] = []
  for (const way of eachWay(world)) {
    const own: DoctorCheck[] = []
    for (const host of restHosts(options)) {
      const check = await hostCheck(way, host, { options, before: own })
      own.push(check)
      yield check
    }
    checks.push(...own)
  }
  yield clockCheck(checks)
}

const REFUSED: ReadonlySet<string | undefined> = new Set<BannedError['code']>([
  'E_RATE_LIMITED',
  'E_BANNED',
  'E_BLOCKED',
])

async function hostCheck(
  world: OneWay,
  host: RestHost,
  { options, before }: { readonly options: Options; readonly before: readonly DoctorCheck[] },
): Promise<DoctorCheck> {
  const { market, url } = host
  const plain = { name: marketUrl(market, url), kind: 'rest', market, url } as const
  const look = (): Promise<Seen> => seenHost(world, host, options)
  const check = checkFrom(world, { of: plain, look })
  // They count by address: requests to another host of the same exchange would lengthen a ban.
  const refusal = before.find((other) => REFUSED.has(other.code) && isSameExchange(other, url))
  if (refusal === undefined) return madeCheck(check)
  return { ...refusal, ...check.of, seen: `not asked: ${refusal.seen.replace(/^not asked: /, '')}` }
}

function isSameExchange({ url = '' }: DoctorCheck, other: string): boolean {
  return exchangeOf(url) === exchangeOf(other)
}

async function seenHost(world: OneWay, host: RestHost, options: Options): Promise<Seen> {
  const stop = new AbortController()
  const warnings: string[] = []
  const { signal } = options
  const exchange = new ExchangeClient(
    world,
    { ...options, baseUrls: [marketUrl(host.market, host.url)], maxWaitMs: 0, weightShare: 1 },
    {
      market: host.market,
      // Whoever asks how the machine is does not want to wait for the next minute.
      onWait: (wait) => {
        if (wait.reason === 'budget') stop.abort(usedUp(wait))
      },
      onWarning: (message) => void warnings.push(message),
      attemptsMax: ATTEMPTS,
    },
    signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
  )
  const [gateway] = exchange.gateways.all
  if (gateway === undefined) throw new RangeError('no address to ask from')
  const began = world.clock.monotonicMs()
  await gateway.gate.load()
  await gateway.sync(options.signal)
  const connectedMs = world.clock.monotonicMs() - began
  // The answers to these small requests say what others have used, before a larger one is sent.
  await gateway.preferFastest('public')
  await exchange.open({ kind: 'symbol', symbol: host.anySymbol })
  const [health] = gateway.health('public')
  const latencyMs = Math.round(health?.latencyMs ?? connectedMs)
  const skewMs = Math.round(gateway.server.nowMs() - toMillis(world.clock.now()))
  const weight = gateway.budget.use()
  const seen = `answers in ${latencyMs} ms, clock differs by ${skewMs} ms; weight used ${weight.used} of ${weight.limit}`
  const hint = warnings.length === 0 ? {} : { hint: warnings.join('; ') }
  return { seen, ...hint, latencyMs, skewMs, weight }
}

function usedUp({ message, ms }: Wait): BannedError {
  const seconds = Math.ceil(ms / 1_000)
  return new BannedError('E_RATE_LIMITED', `${message}; room again in ${seconds} s`, {
    retryAfterMs: ms,
    hint: 'Others on this address use the limit as well; a run waits for its turn.',
  })
}

/** The clocks may differ by this before it is worth a word. */
const SKEW_MS_MAX = 5_000

const OF_CLOCK = { name: 'clock', kind: 'clock' } as const

/** This machine's clock against that of the host that answers soonest, whose clock is known best. */
function clockCheck(hosts: readonly DoctorCheck[]): DoctorCheck {
  const [nearest] = hosts
    .filter(({ skewMs }) => skewMs !== undefined)
    .toSorted((a, b) => (a.latencyMs ?? 0) - (b.latencyMs ?? 0))
  const { skewMs } = nearest ?? {}
  if (skewMs === undefined) return unknownClock(hosts)
  const seen = `${clockWords(skewMs)} the exchange's`
  const check = { ...OF_CLOCK, ok: true, seen, skewMs }
  return Math.abs(skewMs) <= SKEW_MS_MAX ? check : { ...check, hint: CLOCK_HINT }
}

function unknownClock(hosts: readonly DoctorCheck[]): DoctorCheck {
  const [code] = hosts.map((host) => host.code)
  const unknown = new UnfitError('not compared: no host said what time it is')
  const check = failedCheck(OF_CLOCK, unknown)
  return code === undefined ? check : { ...check, code }
}

const CLOCK_HINT =
  "No row is affected: the exchange's clock decides what is past. Records of runs and the end of a ban go by this machine's; set it, for example with NTP."

function clockWords(skewMs: number): string {
  if (Math.abs(skewMs) <= SKEW_MS_MAX) return `differs by ${skewMs} ms from`
  const seconds = Math.round(Math.abs(skewMs) / 1_000)
  return `is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'}`
}
