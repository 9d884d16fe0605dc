/**
 * The exchange's rate limits: weight and requests counted per address in fixed windows of the server's clock, on
 * arrival, whatever happens to the request. 429 beyond a limit; 418 for clients that continue, longer each time.
 *
 * @see binance-spot-api-docs, rest-api.md, "IP Limits"; web-socket-api.md, "How to interpret rate limits".
 */

import { fromMillis, type Micros } from '../base/time.ts'
import { DATASETS } from '../binance/market.ts'
import type { LimitOptions, LimitRule } from './options.ts'

/** Today's rules. */
const DEFAULT_RULES: readonly LimitRule[] = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6_000 },
  { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: 100 },
  { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200_000 },
  { rateLimitType: 'RAW_REQUESTS', interval: 'MINUTE', intervalNum: 5, limit: 300_000 },
]

const DEFAULT_WEIGHTS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.values(DATASETS).map(({ path, weight }) => [path, weight])),
  '/api/v3/trades': 25,
  '/api/v3/exchangeInfo': 20,
}

const INTERVAL_MS = { SECOND: 1_000, MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 }
const BAN_SECONDS_MAX = 3 * 86_400
const PATIENCE = 10

/** The usage of one address in one window of one rule. */
export type WindowUsage = {
  readonly ip: string
  readonly rule: LimitRule
  readonly from: Micros
  /** What the address itself sent. */
  own: number
  /** What counts: `own`, and what others on the address used. */
  used: number
  /** Did it ever exceed the limit? */
  isOver: boolean
}

/** What happens to a request on arrival. */
export type Admission =
  | { readonly kind: 'pass' }
  | { readonly kind: 'limited'; readonly retryAfterMs: number; readonly rule: LimitRule }
  | { readonly kind: 'banned'; readonly retryAfterMs: number; readonly until: Micros }
  | { readonly kind: 'blocked' }

type Address = {
  readonly windows: Map<string, WindowUsage>
  limitedUntilMs: number
  bannedUntilMs: number
  blockedUntilMs: number
  /** 429s answered since the address was last quiet. */
  offences: number
  bans: number
}

/** Counts requests and decides on them. */
export class Limiter {
  readonly #options: LimitOptions
  readonly #addresses = new Map<string, Address>()
  readonly #history: WindowUsage[] = []

  constructor(options: LimitOptions) {
    this.#options = options
  }

  /** The rules that hold at `now`. */
  rulesAt(now: Micros): readonly LimitRule[] {
    const changed = this.#changesAt(now).findLast(({ rules }) => rules !== undefined)?.rules
    return changed ?? this.#options.rules ?? DEFAULT_RULES
  }

  /** The cost of a request to `path` at `now`. */
  weightOf(path: string, now: Micros): number {
    const changed = this.#changesAt(now).findLast(({ weights }) => weights?.[path] !== undefined)
    const weight = changed?.weights?.[path] ?? this.#options.weights?.[path]
    return weight ?? DEFAULT_WEIGHTS[path] ?? 1
  }

  /** Counts a request and decides on it. */
  arrive(ip: string, weight: number, now: Micros): Admission {
    const address = this.#addressOf(ip)
    const nowMs = Number(now) / 1000
    let exceeded: WindowUsage | undefined
    for (const rule of this.rulesAt(now)) {
      if (rule.rateLimitType === 'ORDERS') continue
      const usage = this.#windowOf(address, ip, { rule, now })
      const amount = rule.rateLimitType === 'REQUEST_WEIGHT' ? weight : 1
      usage.own += amount
      usage.used += amount
      if (usage.used <= rule.limit) continue
      usage.isOver = true
      if (exceeded === undefined || endOf(usage) > endOf(exceeded)) exceeded = usage
    }
    if (nowMs < address.bannedUntilMs) return banned(address, nowMs)
    if (nowMs < address.blockedUntilMs) return { kind: 'blocked' }
    const until = Math.max(
      exceeded === undefined ? 0 : endOf(exceeded),
      nowMs < address.limitedUntilMs ? address.limitedUntilMs : 0,
    )
    if (until === 0) return { kind: 'pass' }
    if (nowMs >= address.limitedUntilMs) address.offences = 0
    address.limitedUntilMs = until
    address.offences++
    if (address.offences > (this.#options.patience ?? PATIENCE)) {
      this.ban(ip, undefined, now)
      return banned(address, nowMs)
    }
    const rule = exceeded?.rule ?? this.rulesAt(now)[0] ?? DEFAULT_RULES[0]
    if (rule === undefined) throw new RangeError('there is no rule to exceed')
    return { kind: 'limited', retryAfterMs: until - nowMs, rule }
  }

  /** Bans an address; without `seconds`, for twice as long as the last time. Returns the end. */
  ban(ip: string, seconds: number | undefined, now: Micros): Micros {
    const address = this.#addressOf(ip)
    const grown = (this.#options.banSeconds ?? 120) * 2 ** address.bans
    address.bans++
    address.offences = 0
    address.bannedUntilMs =
      Number(now) / 1000 + (seconds ?? Math.min(BAN_SECONDS_MAX, grown)) * 1000
    return fromMillis(Math.ceil(address.bannedUntilMs))
  }

  /**
   * Answers an address with 429 for `seconds`, as if it had exceeded a limit; by default until the minute ends. Returns
   * ms.
   */
  limit(ip: string, seconds: number | undefined, now: Micros): number {
    const nowMs = Number(now) / 1000
    const waitMs = seconds === undefined ? 60_000 - (nowMs % 60_000) : seconds * 1000
    this.#addressOf(ip).limitedUntilMs = nowMs + waitMs
    return waitMs
  }

  /** Lets the firewall answer an address for `seconds`. */
  block(ip: string, seconds: number, now: Micros): void {
    this.#addressOf(ip).blockedUntilMs = Number(now) / 1000 + seconds * 1000
  }

  /** The used-weight headers of an answer, names in lower case. */
  headers(ip: string, now: Micros): Record<string, string> {
    const mode = this.#options.weightHeaders ?? 'exact'
    const headers: Record<string, string> = {}
    if (mode === 'missing') return headers
    const address = this.#addressOf(ip)
    for (const rule of this.rulesAt(now)) {
      if (rule.rateLimitType !== 'REQUEST_WEIGHT') continue
      const { used } = this.#windowOf(address, ip, { rule, now })
      const reported = { exact: String(used), garbage: 'NaN', lower: String(Math.floor(used / 2)) }[
        mode
      ]
      headers[`x-mbx-used-weight-${nameOf(rule)}`] = reported
      if (nameOf(rule) === '1m' || !('x-mbx-used-weight' in headers))
        headers['x-mbx-used-weight'] = reported
    }
    return headers
  }

  /** Every window with any requests, in order. */
  windows(): readonly Readonly<WindowUsage>[] {
    return this.#history
  }

  #changesAt(now: Micros): NonNullable<LimitOptions['changes']> {
    return (this.#options.changes ?? []).filter(({ at }) => at <= now)
  }

  #addressOf(ip: string): Address {
    const known = this.#addresses.get(ip)
    if (known !== undefined) return known
    const fresh: Address = {
      windows: new Map(),
      limitedUntilMs: 0,
      bannedUntilMs: 0,
      blockedUntilMs: 0,
      offences: 0,
      bans: 0,
    }
    this.#addresses.set(ip, fresh)
    return fresh
  }

  #windowOf(
    address: Address,
    ip: string,
    { rule, now }: { readonly rule: LimitRule; readonly now: Micros },
  ): WindowUsage {
    const key = `${rule.rateLimitType} ${nameOf(rule)}`
    const widthMs = windowMs(rule)
    const from = fromMillis(Math.floor(Number(now) / 1000 / widthMs) * widthMs)
    const current = address.windows.get(key)
    const isSame = current?.from === from
    if (isSame && current.rule.limit === rule.limit) return current
    const others = rule.rateLimitType === 'REQUEST_WEIGHT' ? (this.#options.othersWeight ?? 0) : 0
    // A limit that changes within a window keeps what was used of it.
    const { own, used } = isSame ? current : { own: 0, used: others }
    const fresh: WindowUsage = { ip, rule, from, own, used, isOver: false }
    address.windows.set(key, fresh)
    this.#history.push(fresh)
    return fresh
  }
}

function banned(address: Address, nowMs: number): Admission {
  const until = fromMillis(Math.ceil(address.bannedUntilMs))
  return { kind: 'banned', retryAfterMs: address.bannedUntilMs - nowMs, until }
}

function windowMs({ interval, intervalNum }: LimitRule): number {
  return INTERVAL_MS[interval] * intervalNum
}

function endOf({ from, rule }: WindowUsage): number {
  return Number(from) / 1000 + windowMs(rule)
}

/** `1m`, `10s`: how headers name a rule. */
function nameOf({ interval, intervalNum }: LimitRule): string {
  return `${intervalNum}${interval.charAt(0).toLowerCase()}`
}
