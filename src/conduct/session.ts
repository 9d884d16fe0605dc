/** What planning and running share: the world, the exchange, the wants, and what the lake has of them. */

import { union } from '../base/coverage.ts'
import { UsageError } from '../base/errors.ts'
import type { Files, World } from '../base/ports.ts'
import { micros, type Micros } from '../base/time.ts'
import { DATASETS, defaultPartition } from '../binance/dataset.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { Job } from '../job/job.ts'
import { environment } from '../node/environment.ts'
import { nodeWorld } from '../node/world.ts'
import type { Options } from '../options.ts'
import { makePlan, type Have, type Plan, type Want } from '../plan/plan.ts'
import { mergeBatches } from '../rows/merge.ts'
import { proverOf } from '../rows/proof.ts'
import { schemaOf } from '../rows/schema.ts'
import type { Manifest } from '../store/manifest.ts'
import { checkFixed, readManifest, Series, type SeriesWorld } from '../store/series.ts'
import { VERSION } from '../version.ts'
import { Exchange, type ExchangeEvents } from './exchange.ts'
import { firstTime } from './rest.ts'
import { anySymbol, needsAllSymbols, resolveWants } from './wants.ts'

/** Default directory of the lake. */
export const DATA_DIR = 'data'

/** The beginning of time, for series that are wanted from their listing on. */
const EPOCH = micros(0n)

/** The machine that the options name, or this one. */
export function worldOf({ world, dataDir }: Options): World {
  return world ?? nodeWorld({ dataDir: dataDir ?? DATA_DIR })
}

/** Checks options that no type can. @throws UsageError */
export function checkOptions({ weightShare = 1, concurrency = 1, maxWaitMs = 0 }: Options): void {
  if (!(weightShare > 0 && weightShare <= 1))
    throw new UsageError(`weightShare: expected a number above 0 and at most 1, got ${weightShare}`)
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new UsageError(`concurrency: expected a whole number from 1 on, got ${concurrency}`)
  if (!(maxWaitMs >= 0)) throw new UsageError(`maxWaitMs: expected 0 or more, got ${maxWaitMs}`)
}

/** The user's own name for the account, from the environment. */
export function accountLabel(): string | undefined {
  return environment('BINANCE_ACCOUNT_LABEL')
}

/** Opens the way to the exchange, and reads as much of exchangeInfo as the jobs need. */
export async function openExchange(
  world: World,
  jobs: readonly Job[],
  options: Options,
  events: ExchangeEvents & { readonly signal?: AbortSignal | undefined },
): Promise<Exchange> {
  const exchange = new Exchange(world, options, events, events.signal ?? options.signal)
  const symbol = anySymbol(jobs)
  const isAll = needsAllSymbols(jobs) || symbol === undefined
  await exchange.open(isAll ? { kind: 'all' } : { kind: 'symbol', symbol })
  return exchange
}

/** Manifests by series, read once. */
export class Manifests {
  readonly #files: Files
  readonly #read = new Map<string, Promise<Manifest | undefined>>()

  constructor(files: Files) {
    this.#files = files
  }

  /** The manifest of a series; `undefined` when the lake has none. */
  get(key: SeriesKey): Promise<Manifest | undefined> {
    const name = seriesName(key)
    const known = this.#read.get(name)
    if (known !== undefined) return known
    const read = readManifest(this.#files, key)
    this.#read.set(name, read)
    return read
  }
}

/** When the lake knows a series to begin: the end of the stretch before its listing, asked from the beginning of time. */
export function listedAt(manifest: Manifest | undefined): Micros | undefined {
  return manifest?.gaps.find(({ reason, from }) => reason === 'before-listing' && from === EPOCH)
    ?.to
}

/** Resolves what the jobs want, with the exchange's help. */
export async function wantsOf(
  jobs: readonly Job[],
  exchange: Exchange,
  manifests: Manifests,
  options: Options,
): Promise<readonly Want[]> {
  const wants = await resolveWants(jobs, {
    now: exchange.now(),
    symbols: exchange.symbols,
    source: options.source,
    account: accountLabel(),
    listingOf: async (key) => {
      const known = listedAt(await manifests.get(key))
      if (known !== undefined) return known
      // Klines tell the listing of every dataset: they reach back to it, trades may not.
      const klines: SeriesKey = DATASETS[key.dataset].hasInterval
        ? key
        : { market: 'spot', dataset: 'klines', symbol: key.symbol, interval: '1m' }
      return firstTime(exchange.pages(klines, 'string', 0))
    },
  })
  for (const want of wants) {
    const manifest = await manifests.get(want.key)
    if (manifest !== undefined) checkFixed(manifest, want.settings)
  }
  return wants
}

/** Plans what the wants lack. */
export async function planWants(
  wants: readonly Want[],
  manifests: Manifests,
  exchange: Exchange,
  options: Options,
): Promise<Plan> {
  const have = new Map<string, Have>()
  for (const { key } of wants) {
    const manifest = await manifests.get(key)
    have.set(seriesName(key), { covered: manifest?.coverage ?? [], fresh: manifest?.fresh ?? [] })
  }
  const nothing: Have = { covered: [], fresh: [] }
  const perMinute = exchange.gateway.budget.weightPerMinute()
  return makePlan(wants, (key) => have.get(seriesName(key)) ?? nothing, perMinute, options.recheck)
}

/** Opens a series for writing, and takes in what a crashed run left. */
export async function openSeries(world: SeriesWorld, want: Want): Promise<Series> {
  const { key, settings, wanted } = want
  const { numbers, compression } = settings
  const partition = settings.partition ?? defaultPartition(key.dataset, key.interval)
  const schema = schemaOf(DATASETS[key.dataset], numbers)
  const series = await Series.open(world, key, { schema, compression, numbers, partition })
  await series.adopt(union(wanted))
  return series
}

/** What series need of the rooms: how rows merge, and what they prove. */
export function seriesWorld(files: Files, assertHeld: () => Promise<void>): SeriesWorld {
  return {
    files,
    assertHeld,
    merge: (stored, fresh, dataset) => mergeBatches(stored, fresh, { dataset }),
    prover: proverOf,
    createdBy: `binance-backfill version ${VERSION}`,
  }
}
