/** What planning and running share: the world, the exchange, the wants, and what the lake has of them. */

import { clip, intersect, subtractAll, union, type Coverage } from '../base/coverage.ts'
import { DamageError, UnavailableError } from '../base/errors.ts'
import type { Files, World } from '../base/ports.ts'
import { micros, periodWindow, type Micros } from '../base/time.ts'
import { DATASETS, defaultPartition } from '../binance/dataset.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import type { DatasetJob, Job } from '../job/job.ts'
import { nodeWorld } from '../node/world.ts'
import type { Options } from '../options.ts'
import type { Want } from '../plan/plan.ts'
import type { HostList } from '../pull/query.ts'
import type { AskPage } from '../walk/walk.ts'
import { schemaOf } from '../rows/schema.ts'
import { partitionPath } from '../store/layout.ts'
import type { Manifest } from '../store/manifest.ts'
import { begunAs, lookAtSeries, type Present } from '../store/present.ts'
import { checkFixed, Series, type SeriesWorld } from '../store/series.ts'
import { USER_AGENT, VERSION } from '../version.ts'
import { adoptedFresh } from '../store/adopted-fresh.ts'
import { Exchange, hostListOf, type ExchangeEvents } from '../walk/exchange.ts'
import { firstTime } from '../walk/rest.ts'
import { anySymbol, needsAllSymbols, resolveWants, seriesOf, symbolsFor } from './wants.ts'
import { accountLabel, credentialsFor } from './account.ts'

/** Default directory of the lake. */
export const DATA_DIR = 'data'

/** The beginning of time, for series that are wanted from their listing on. */
const EPOCH = micros(0n)

/** The machine that the options name, or this one. */
export function worldOf({ world, dataDir }: Options): World {
  return world ?? nodeWorld({ dataDir: dataDir ?? DATA_DIR, userAgent: USER_AGENT })
}

/** Does anything have to be asked of REST? Not for what is wanted of the archive alone, between dates. */
function needsExchange(jobs: readonly Job[], { source }: Options): boolean {
  const datasets = jobs.flatMap((job) => job.datasets)
  const isAway = (dataset: DatasetJob): boolean =>
    (source ?? dataset.source) === 'archive' && dataset.from.kind !== 'listing'
  return datasets.length === 0 || needsAllSymbols(jobs) || !datasets.every(isAway)
}

/** The hosts that jobs will be asked of. With hosts of the user's own there is one list for everything. */
function hostLists(jobs: readonly Job[], { baseUrls }: Options): readonly HostList[] {
  const lists = jobs.flatMap(({ datasets }) =>
    datasets.map(({ kind }) => hostListOf(DATASETS[kind])),
  )
  return baseUrls === undefined ? [...new Set(lists)] : ['public']
}

/** The way to the exchange, over which nothing was sent yet. @throws UsageError when the jobs need a key */
export function exchangeFor(
  world: World,
  jobs: readonly Job[],
  options: Options,
  events: ExchangeEvents & { readonly signal?: AbortSignal | undefined },
): Exchange {
  const credentials = credentialsFor(jobs)
  return new Exchange(world, options, { ...events, credentials }, events.signal ?? options.signal)
}

/** Opens the way to the exchange, and reads as much of exchangeInfo as the jobs need. */
export async function openFor(
  exchange: Exchange,
  jobs: readonly Job[],
  options: Options,
): Promise<void> {
  const symbol = anySymbol(jobs)
  const isAll = needsAllSymbols(jobs) || symbol === undefined
  if (!needsExchange(jobs, options)) return
  await exchange.open(
    isAll ? { kind: 'all' } : { kind: 'symbol', symbol },
    hostLists(jobs, options),
  )
}

/** {@link exchangeFor} and {@link openFor}. */
export async function openExchange(
  world: World,
  jobs: readonly Job[],
  options: Options,
  events: ExchangeEvents & { readonly signal?: AbortSignal | undefined },
): Promise<Exchange> {
  const exchange = exchangeFor(world, jobs, options, events)
  await openFor(exchange, jobs, options)
  return exchange
}

/** Manifests by series, read once; without the rows of files that are gone. */
export class Manifests {
  readonly #files: Files
  readonly #read = new Map<string, Promise<Present>>()

  constructor(files: Files) {
    this.#files = files
  }

  /**
   * The manifest of a series; `undefined` when the lake has none.
   *
   * @throws DamageError when it is damaged, or a file is not as it says.
   */
  async get(key: SeriesKey): Promise<Manifest | undefined> {
    return (await this.#present(key)).present
  }

  /** Has the manifest of a series that may have changed read anew. */
  forget(key: SeriesKey): void {
    this.#read.delete(seriesName(key))
  }

  /** The partitions of a series whose files somebody removed, oldest first. */
  async lost(key: SeriesKey): Promise<readonly string[]> {
    return (await this.#present(key)).lost
  }

  /** Does a series have a file that says more than its manifest? */
  async isBehind(key: SeriesKey): Promise<boolean> {
    return (await this.#present(key)).isBehind
  }

  /** What a series keeps from its first commit on, also if that commit was cut short; `undefined` before it. */
  async begunAs(key: SeriesKey): ReturnType<typeof begunAs> {
    return (await this.get(key)) ?? begunAs(this.#files, key)
  }

  #present(key: SeriesKey): Promise<Present> {
    const name = seriesName(key)
    const known = this.#read.get(name)
    if (known !== undefined) return known
    const read = lookAtSeries(this.#files, key)
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
    symbols: symbolsFor(jobs, exchange.symbols),
    source: options.source,
    account: accountLabel(jobs),
    listingOf: async (key) => {
      const known = listedAt(await manifests.get(key))
      if (known !== undefined) return known
      // Klines tell the listing of every dataset: they reach back to it, trades may not.
      const klines: SeriesKey = DATASETS[key.dataset].hasInterval
        ? key
        : { market: 'spot', dataset: 'klines', symbol: key.symbol, interval: '1m' }
      const begin = await beginning(exchange.pages(klines, 'string', 0))
      if (begin === undefined && (await exchange.isTrading(key.symbol)) !== false)
        throw new UnavailableError(`${seriesName(key)}: the exchange names no row of it`, {
          hint: 'A symbol that trades has rows: run again later, or name a date in from.',
        })
      return begin
    },
  })
  return Promise.all(wants.map((want) => checkWant(want, manifests)))
}

/** A stretch before a listing is known only once it was asked for twice. */
async function beginning(ask: AskPage): Promise<Micros | undefined> {
  const [first, again] = [await firstTime(ask), await firstTime(ask)]
  return first === undefined || (again !== undefined && again < first) ? again : first
}

/** A want of a series whose manifest is sound and as the job asks, or else with its problem. */
export async function checkWant(want: Want, manifests: Manifests): Promise<Want> {
  try {
    const begun = await manifests.begunAs(want.key)
    if (begun !== undefined) checkFixed(begun, want.settings)
    return want
  } catch (problem) {
    // A damaged manifest, or a file that is not as it says, is the failure of its series; the others go on.
    if (problem instanceof DamageError) return { ...want, wanted: [], problem }
    throw problem
  }
}

/**
 * Checks what needs no answer of the exchange: the series that the jobs name are stored as the jobs ask.
 *
 * @throws UsageError when one was begun with other numbers or partitions, or needs an account label.
 */
export async function checkStored(jobs: readonly Job[], manifests: Manifests): Promise<void> {
  const named = { symbols: [], account: accountLabel(jobs) }
  for (const { datasets } of jobs)
    for (const dataset of datasets)
      for (const key of seriesOf(dataset, named)) {
        const { numbers, partition } = dataset
        const begun = await manifests.begunAs(key).catch(ifSound)
        if (begun !== undefined) checkFixed(begun, { numbers, partition })
      }
}

function ifSound(error: unknown): undefined {
  if (!(error instanceof DamageError)) throw error
}

/** What to say of files that hold what is wanted and that somebody removed; `undefined` when all are there. */
export async function lostWords(
  { key, wanted }: Want,
  manifests: Manifests,
): Promise<string | undefined> {
  const lost = (await manifests.lost(key)).filter(
    (period) => clip(wanted, periodWindow(period)).length > 0,
  )
  const [first] = lost
  if (first === undefined) return undefined
  const more = lost.length > 1 ? ` and ${lost.length - 1} more are` : ' is'
  return `${partitionPath(key, first)}${more} gone; what was in there is asked for again`
}

/** What of a want a crashed run may have published without recording it. */
export function doubtful(
  { wanted }: Want,
  manifest: Manifest | undefined,
  { recheck, refreshArchives }: Options,
): Coverage {
  const missing = subtractAll(wanted, manifest?.coverage ?? [])
  // What a refresh writes anew is not bound by what is wanted.
  if (refreshArchives === true) return union(missing, manifest?.coverage)
  const again = union(manifest?.fresh ?? [], recheck === undefined ? [] : [recheck])
  return union(missing, intersect(wanted, again))
}

/** Opens a series for writing, and takes in what a crashed run left in `windows`. */
export async function openSeries(
  world: SeriesWorld,
  { key, settings }: Want,
  windows: Coverage,
): Promise<Series> {
  const { numbers, compression } = settings
  const partition = settings.partition ?? defaultPartition(key.dataset, key.interval)
  const schema = schemaOf(DATASETS[key.dataset], numbers)
  const series = await Series.open(world, key, { schema, compression, numbers, partition })
  await series.adopt(windows, (adopted, gained) => adoptedFresh(world.files, adopted, gained))
  return series
}

/** Was the listing of a series asked for, and does its manifest not know it yet? */
export function isListingNew(manifest: Manifest | undefined, { listing }: Want): boolean {
  return listing !== undefined && listing > EPOCH && listedAt(manifest) === undefined
}

/** Records that there is nothing before the listing of a series, so that no later run asks for it. */
export async function recordListing(series: Series, want: Want): Promise<void> {
  const { listing } = want
  if (listing === undefined || !isListingNew(series.manifest, want)) return
  const window = { from: EPOCH, to: listing }
  series.coverEmpty({ window, gaps: [{ ...window, reason: 'before-listing' }], fresh: [] })
  await series.flush()
}

/** What series need to be written. */
export function seriesWorld(files: Files, assertHeld: () => Promise<void>): SeriesWorld {
  return {
    files,
    assertHeld,
    createdBy: `binance-backfill version ${VERSION}`,
  }
}
