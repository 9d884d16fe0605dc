/** The pools of a run: one for each group of markets that share weight, bans and a clock. */

import { eachWay } from '../base/egress.ts'
import type { World } from '../base/ports.ts'
import { baseUrlsOf, exchangesOf } from '../binance/host.ts'
import { smallerLimits, type RateLimit } from '../binance/limit.ts'
import { MARKETS } from '../binance/market.ts'
import type { Market } from '../binance/series.ts'
import type { Options } from '../options.ts'
import type { OnWait } from '../pull/gate.ts'
import { newPool, type Pool } from '../pull/pool.ts'

/** Default share of the exchange's limits. */
export const WEIGHT_SHARE = 0.9
/** Default longest wait, in milliseconds. */
export const MAX_WAIT_MS = 600_000

/** A pool for each address, and what its markets say of its limits. */
export type SharedPool = {
  readonly pools: readonly Pool[]
  /** Takes the limits that a market states. Where markets of one pool differ, the smaller number holds. */
  stated(market: Market, limits: readonly RateLimit[]): void
}

/** Whose hosts a market is asked of. */
function exchangesFor(market: Market, { baseUrls }: Pick<Options, 'baseUrls'>): readonly string[] {
  const { publicUrls, apiUrls } = MARKETS[market].rest
  return exchangesOf(baseUrlsOf(market, baseUrls) ?? [...publicUrls, ...apiUrls])
}

/** What markets have in common that share a pool: they are served together, by the same exchange. */
export function poolName(market: Market, options: Pick<Options, 'baseUrls'>): string {
  return [MARKETS[market].rest.pool, ...exchangesFor(market, options)].join(' ')
}

/** A pool of a market from which nothing was spent yet. */
export function sharedPool(
  world: World,
  market: Market,
  options: Options,
  onWait: OnWait,
): SharedPool {
  const name = MARKETS[market].rest.pool
  const stated = new Map<string, readonly RateLimit[]>()
  const [first] = Object.values(MARKETS).filter(({ rest }) => rest.pool === name)
  const limits = first?.rest.limits ?? []
  const shared = {
    limits,
    exchanges: exchangesFor(market, options),
    share: options.weightShare ?? WEIGHT_SHARE,
    maxWaitMs: options.maxWaitMs ?? MAX_WAIT_MS,
    onWait,
  }
  const pools = eachWay(world).map((way) => newPool(way, shared))
  return {
    pools,
    stated: (one, own) => {
      stated.set(one, own)
      for (const { budget } of pools) budget.setLimits(smallerLimits([...stated.values()]))
    },
  }
}
