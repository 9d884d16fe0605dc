/** From jobs to what is wanted: symbols, moments and horizons resolved against the exchange and its clock. */

import { union } from '../base/coverage.ts'
import { BackfillError, isFatal, UnavailableError, UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { gridFloor, hasKnownGrid, intervalStep, type Interval } from '../binance/interval.ts'
import { earliest, floorDiv, formatMicros, latest, micros, type Micros } from '../base/time.ts'
import { shiftOf } from '../binance/archive.ts'
import { seriesName, type Market, type SeriesKey } from '../binance/series.ts'
import { factsOf, type DatasetJob, type Job, type Source } from '../job/job.ts'
import type { Shard } from '../options.ts'
import type { SeriesSettings, Want } from '../plan/plan.ts'
import type { SymbolInfo } from '../binance/exchange-info.ts'
import { shardFilter } from './shard.ts'
import { chosenBy, isChosen, ofMarket, symbolsOf } from './chosen.ts'

/** What resolving needs to know. */
export type WantWorld = {
  /** The server's clock, read before anything is asked. */
  readonly now: Micros
  readonly symbols: readonly SymbolInfo[]
  /** Overrides the jobs' source. */
  readonly source: Source | undefined
  readonly account: string | undefined
  /** Only its series are wanted, and asked about. Default: all. */
  readonly shard?: Shard | undefined
  /** Told all series, before one of them is asked about. */
  readonly ahead?: (keys: readonly SeriesKey[]) => Promise<void>
  /** When a series begins; `undefined` when it has no rows at all. */
  readonly listingOf: (key: SeriesKey) => Promise<Micros | undefined>
  /** Where the contract of a series ends; `undefined` where it does not, or that is not known. */
  readonly endOf?: (key: SeriesKey) => Micros | undefined
  /** When exchangeInfo says that the contract of a series began. */
  readonly onboardOf?: (key: SeriesKey) => Micros | undefined
  /** Why nothing can be asked of a market; `undefined` where it can. */
  readonly leftFor?: (market: Market) => BackfillError | undefined
}

/** Does any of these jobs choose symbols by a filter? */
export function needsAllSymbols(jobs: readonly Job[]): boolean {
  return jobs.some((job) => job.datasets.some(({ symbols }) => symbols.kind === 'filter'))
}

/** Some symbol that the jobs name. */
export function anySymbol(jobs: readonly Job[]): string | undefined {
  for (const { datasets } of jobs)
    for (const { symbols } of datasets) if (symbols.kind === 'list') return symbols.symbols[0]
  return undefined
}

/** A start that a scheduler computed from this machine's clock may be so far ahead of the server's. */
const CLOCK_SLACK = 60_000_000n

/**
 * Every series of the shard that the jobs ask for, once, in the order of the jobs. What is wanted of a series does not depend on
 * that order: two jobs want of it what both want together, and the problem of one is not hidden by the other.
 *
 * @throws UsageError when two jobs ask for one series in different ways, an account dataset has no label, or a
 * range can hold nothing by the clock of now.
 */
export async function resolveWants(jobs: readonly Job[], world: WantWorld): Promise<Want[]> {
  const wants = new Map<string, Want>()
  const isOurs = shardFilter(world.shard)
  const asking = { ...world, listingOf: askedOnce(world.listingOf) }
  const named = jobs.flatMap((job) =>
    job.datasets.flatMap((dataset) => {
      checkRange(job, dataset, world.now)
      const keys = seriesOf(dataset, world).filter(isOurs)
      return keys.map((key) => ({ key, dataset }))
    }),
  )
  await world.ahead?.(named.map(({ key }) => key))
  for (const { key, dataset } of named) {
    const want = await resolve(key, dataset, asking)
    const name = seriesName(key)
    const other = wants.get(name)
    wants.set(name, other === undefined ? want : join(other, want))
  }
  return [...wants.values()]
}

/** One answer a series, however many jobs need it. */
function askedOnce(listingOf: WantWorld['listingOf']): WantWorld['listingOf'] {
  const asked = new Map<string, ReturnType<WantWorld['listingOf']>>()
  return (key) => {
    const name = seriesName(key)
    const answer = asked.get(name) ?? listingOf(key)
    asked.set(name, answer)
    return answer
  }
}

/** A wish for nothing would pass for complete at every run. Where only the clock has to go on, it is none. */
function checkRange({ file }: Job, { kind, from, to }: DatasetJob, now: Micros): void {
  const at = (moment: Micros): string => formatMicros(moment).replace('.000000', '')
  const where = `${quoteText(file)}: ${kind}`
  if (from.kind === 'at' && from.time > now + CLOCK_SLACK)
    throw new UsageError(`${where}: from, ${at(from.time)}, lies in the future: it is ${at(now)}`, {
      hint: 'All times are UTC; name a start that has been.',
    })
  if (from.kind === 'ago' && to.kind !== 'now' && atOrAgo(from, now) >= atOrAgo(to, now))
    throw new UsageError(
      `${where}: to, ${at(atOrAgo(to, now))}, is not after from, now ${at(atOrAgo(from, now))}`,
      { hint: 'A range that begins some time ago moves on: give it a later end, or none.' },
    )
}

/**
 * The symbols of exchangeInfo, in which every filter finds some: one that finds none is a slip, or the exchange is not
 * itself now, and never a job that is complete.
 *
 * @param isLeft - Was a market left, so that its symbols are not known?
 * @throws UsageError when a filter can mean none of them; UnavailableError when none has the status now.
 */
export function symbolsFor(
  jobs: readonly Job[],
  known: readonly SymbolInfo[],
  isLeft: (market: Market) => boolean,
): readonly SymbolInfo[] {
  for (const { file, datasets } of jobs)
    for (const { kind, market, symbols: filter } of datasets) {
      const own = ofMarket(market, known)
      if (filter.kind === 'list' || isLeft(market) || chosenBy(filter, own).length > 0) continue
      const of = `none of the ${own.length} symbols of exchangeInfo`
      const message = `${quoteText(file)}: ${kind}: the filter of symbols selects ${of}`
      if (own.length === 0 || chosenBy({ ...filter, status: undefined }, own).length > 0)
        throw new UnavailableError(message, { hint: 'None has the status now; run again later.' })
      const hint = '`binance-backfill symbols` lists them; mend quote, base, match or exclude.'
      throw new UsageError(message, { hint })
    }
  return known
}

/** The series that one entry of a job names. */
export function seriesOf(
  dataset: DatasetJob,
  { symbols, account }: Pick<WantWorld, 'symbols' | 'account'>,
): SeriesKey[] {
  const { kind, market, contracts, intervals } = dataset
  const isSigned = factsOf(dataset).security === 'signed'
  if (isSigned && account === undefined)
    throw new UsageError(`${kind} needs an account label`, {
      hint: 'Set BINANCE_ACCOUNT_LABEL to a name of your choice.',
    })
  const label = isSigned && account !== undefined ? { account } : {}
  return symbolsOf(dataset, symbols).flatMap((symbol): SeriesKey[] => {
    const key = { market, dataset: kind, symbol, ...label }
    const ofContracts: readonly SeriesKey[] =
      contracts.length === 0
        ? [key]
        : contracts
            .map((contract) => ({ ...key, contract }))
            .filter((one) => isChosen(one, dataset, symbols))
    if (intervals.length === 0) return [...ofContracts]
    return ofContracts.flatMap((one) => intervals.map((interval) => ({ ...one, interval })))
  })
}

async function resolve(key: SeriesKey, job: DatasetJob, world: WantWorld): Promise<Want> {
  const { source, numbers, compression, settle, partition } = job
  const settings: SeriesSettings = {
    source: world.source ?? source,
    numbers,
    compression,
    settle,
    partition,
  }
  const isArchived = factsOf(job).walk === 'archive'
  const isAway = isArchived || (settings.source === 'archive' && job.from.kind !== 'listing')
  const problem = isAway ? undefined : world.leftFor?.(key.market)
  if (problem !== undefined) return { key, wanted: [], settings, problem }
  const begin = await beginOf(key, job.from, world)
  if ('problem' in begin) return { key, wanted: [], settings, ...begin }
  const { from } = begin
  const asked = job.to.kind === 'now' ? world.now : atOrAgo(job.to, world.now)
  const horizon = isArchived
    ? archivedUntil(key, world.now)
    : horizonOf(key.interval, world.now, settle)
  const to = asked < horizon ? asked : horizon
  const end = earliest(world.endOf?.(key) ?? to, to)
  const isListing = job.from.kind === 'listing' && from !== undefined
  return {
    ...{ key, settings, horizon },
    wanted: windowsOf(from, end),
    ...(isListing ? { listing: from } : {}),
    ...onboardOf(key, world),
    ...(from !== undefined && end < to ? { ended: { from: latest(from, end), to } } : {}),
  }
}

function onboardOf(key: SeriesKey, world: WantWorld): Pick<Want, 'onboard'> {
  const onboard = world.onboardOf?.(key)
  return onboard === undefined ? {} : { onboard }
}

function windowsOf(from: Micros | undefined, to: Micros): Want['wanted'] {
  return from === undefined || from >= to ? [] : [{ from, to }]
}

async function beginOf(
  key: SeriesKey,
  moment: DatasetJob['from'],
  world: WantWorld,
): Promise<{ readonly from: Micros | undefined } | { readonly problem: BackfillError }> {
  if (moment.kind !== 'listing') return { from: atOrAgo(moment, world.now) }
  try {
    return { from: await world.listingOf(key) }
  } catch (error) {
    // One symbol that nobody knows is its own failure; the others go on.
    if (error instanceof BackfillError && !isFatal(error)) return { problem: error }
    throw error
  }
}

function atOrAgo(moment: Exclude<DatasetJob['from'], { kind: 'listing' }>, now: Micros): Micros {
  // What reaches beyond 1970 is since 1970: nothing can be asked of before.
  return moment.kind === 'at' ? moment.time : latest(micros(0n), micros(now - moment.micros))
}

/**
 * Where final rows end: a kline that opens before it has closed at least `settle` ago, a trade is at least `settle`
 * old. A whole millisecond, so that what is asked for up to it need not be widened beyond it.
 *
 * @param now - The server's clock, read before the first request.
 */
export function horizonOf(interval: Interval | undefined, now: Micros, settle: bigint): Micros {
  const settled = micros(floorDiv(now - settle, 1_000n) * 1_000n)
  if (interval === undefined) return settled
  if (hasKnownGrid(interval)) return gridFloor(interval, settled)
  // The grid of 3d is not known: what opened a whole interval ago has closed, wherever it began.
  return micros(gridFloor(interval, micros(settled - intervalStep(interval))) + 86_400_000_000n)
}

/** A daily file is there by noon of the next day (observed: 09:05); before then it is not missed. */
const ARCHIVE_LAG = 43_200_000_000n
const DAY = 86_400_000_000n

/** Up to where the archive has everything by now. */
function archivedUntil(key: SeriesKey, now: Micros): Micros {
  return micros(floorDiv(now - ARCHIVE_LAG, DAY) * DAY + shiftOf(key))
}

function join(a: Want, b: Want): Want {
  checkAlike(a.key, a.settings, b.settings)
  // Only jobs that begin with the listing have one or the other, and they all had the same answer.
  return { ...b, ...a, wanted: union(a.wanted, b.wanted) }
}

/** @throws UsageError when two jobs ask for a series in different ways */
export function checkAlike(key: SeriesKey, x: SeriesSettings, y: SeriesSettings): void {
  const isSame =
    x.source === y.source &&
    x.numbers === y.numbers &&
    x.compression === y.compression &&
    x.settle === y.settle &&
    x.partition === y.partition
  if (isSame) return
  throw new UsageError(`${seriesName(key)}: two jobs ask for it with different settings`, {
    hint: 'Give both the same source, numbers, compression, settle and partition.',
  })
}
