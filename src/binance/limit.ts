/**
 * Rate limits from `exchangeInfo`.
 *
 * @see binance-spot-api-docs, rest-api.md, "LIMITS"; web-socket-api.md, "How to interpret rate limits": a window is a
 * fixed span of the server's clock and the count starts from zero with each.
 */

/** One limit: at most `limit` units in each window of `windowMs`, counted from the epoch of the server's clock. */
export type RateLimit = {
  readonly type: 'REQUEST_WEIGHT' | 'RAW_REQUESTS'
  readonly windowMs: number
  readonly limit: number
  /** Lower-case name of the header that reports its use; only weight has one. */
  readonly header: string | undefined
}

const INTERVAL_MS: Readonly<Record<string, number>> = {
  SECOND: 1_000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: 86_400_000,
}

/** The limits until `exchangeInfo` is read, and where it lists none: today's numbers (rest-api.md, LIMITS). */
export const DEFAULT_LIMITS: readonly RateLimit[] = [
  {
    type: 'REQUEST_WEIGHT',
    windowMs: 60_000,
    limit: 6_000,
    header: 'x-mbx-used-weight-1m',
  },
]

/**
 * Requests that are counted besides their weight, without a header: at most so many in any span of this length.
 *
 * @see derivatives, change log of 2023-10-19.
 */
export const REQUEST_POOLS = {
  funding: { windowMs: 300_000, limit: 500 },
  data: { windowMs: 300_000, limit: 1_000 },
} as const
/** @see {@link REQUEST_POOLS} */
export type RequestPoolName = keyof typeof REQUEST_POOLS

/** The futures markets share one pool (derivatives, General Info; change log of 2026-06-30). */
export const FUTURES_LIMITS: readonly RateLimit[] = [
  {
    type: 'REQUEST_WEIGHT',
    windowMs: 60_000,
    limit: 2_400,
    header: 'x-mbx-used-weight-1m',
  },
]

/** Of limits that several markets state for what they share, the smaller ones. */
export function smallerLimits(all: readonly (readonly RateLimit[])[]): readonly RateLimit[] {
  const smallest = new Map<string, RateLimit>()
  for (const limit of all.flat()) {
    const name = `${limit.type} ${limit.windowMs}`
    const known = smallest.get(name)
    if (known === undefined || limit.limit < known.limit) smallest.set(name, limit)
  }
  return [...smallest.values()]
}

/** Reads `exchangeInfo.rateLimits`; skips other kinds of limits, and entries of another shape. */
export function parseRateLimits(value: unknown): readonly RateLimit[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((entry: unknown) => {
    const {
      rateLimitType: type,
      interval,
      intervalNum,
      limit,
    } = (entry ?? {}) as Record<string, unknown>
    const unit = typeof interval === 'string' ? INTERVAL_MS[interval] : undefined
    if (type !== 'REQUEST_WEIGHT' && type !== 'RAW_REQUESTS') return []
    if (unit === undefined || !isPositive(intervalNum) || !isPositive(limit)) return []
    const name = `${intervalNum}${String(interval).charAt(0).toLowerCase()}`
    const header = type === 'REQUEST_WEIGHT' ? `x-mbx-used-weight-${name}` : undefined
    return [{ type, windowMs: unit * intervalNum, limit, header }]
  })
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
