/** `verify --cross`: the series of a lake that say the same, held against each other. */

import type { RecordBatch } from 'apache-arrow'
import { intersect, subtractAll, union, type Coverage } from '../../base/coverage.ts'
import { UsageError } from '../../base/errors.ts'
import type { Files } from '../../base/ports.ts'
import { formatWindow, type WindowText } from '../../base/time.ts'
import { intervalStep } from '../../binance/interval.ts'
import { datasetOf } from '../../binance/market.ts'
import type { SeriesKey } from '../../binance/series.ts'
import type { Options } from '../../options.ts'
import { partitionsOf, rowsOf } from '../../query/read.ts'
import type { OpenQuery } from '../../query/read-query.ts'
import { seriesText } from '../../query/series-text.ts'
import { resampleGrid, slotCeil, type Grid } from '../../resample/grid.ts'
import { resample } from '../../resample/klines.ts'
import { parseMeasure } from '../../resample/measure.ts'
import { slotBars } from '../../resample/trade-klines.ts'
import { isPart } from '../../session/shard.ts'
import { damage, type Flaw } from '../../store/flaw.ts'
import type { Manifest } from '../../store/manifest.ts'
import { lookAtSeries } from '../../store/present.ts'
import { klinesIn, volumesOf, type Kline } from './bars.ts'
import { compareIds, idWords } from './compare-ids.ts'
import { compareKlines, slotWords } from './compare-klines.ts'
import { aloneWords, familiesOf, type Family, type Part } from './pairs.ts'

/** What came of holding two series against each other. */
export type CrossCheck = {
  /** The two series, as `export` names them; or one that is held against none, with a `note` that says why. */
  readonly series: readonly [string, string] | readonly [string]
  /** The time that was compared: what both cover, and no series that is nearer to the first one does. */
  readonly compared: readonly WindowText[]
  /** Klines, or aggregates, that were compared. */
  readonly rows: number
  /** Places where they differ. */
  readonly differences: number
  /** What cannot be compared, or only in part, and why. */
  readonly note?: string
}

/** A series that is there, and how much of it is looked at. */
export type CrossSeries = { readonly key: SeriesKey; readonly wanted: Coverage | undefined }

/** What is told on the way. */
export type CrossStep =
  | { readonly kind: 'flaw'; readonly key: SeriesKey; readonly flaw: Flaw }
  | { readonly kind: 'check'; readonly check: CrossCheck }

/**
 * Series fall to parts by their names, and those that say the same hardly ever to the same one.
 *
 * @throws UsageError where only a part of the lake is looked at.
 */
export function checkWhole({
  subset,
  shard,
}: Pick<Options, 'shard'> & { readonly subset?: { readonly count: number } }): void {
  if (!isPart(shard) && (subset === undefined || subset.count === 1)) return
  throw new UsageError(
    'a part of the series is not held against each other: it lacks most partners',
    {
      hint: 'Run verify --cross without --subset and --shard; jobs name fewer series.',
    },
  )
}

/** Differences told of one pair; all are counted. */
const TOLD_MAX = 100

/** Compares all that say the same. Holds a row group of each side in memory. */
export async function* crossChecks(
  files: Files,
  series: readonly CrossSeries[],
  signal: AbortSignal | undefined,
): AsyncGenerator<CrossStep, void, void> {
  const named = new Set<string>()
  const wanted = new Map(series.map((one) => [one.key, one.wanted]))
  const families = familiesOf([...wanted.keys()])
  const open = (key: SeriesKey): Promise<Side | undefined> => sideOf(files, key, wanted.get(key))
  for (const family of families)
    for await (const step of checkFamily(family, open, signal)) {
      if (step.kind === 'check') for (const name of step.check.series) named.add(name)
      yield step
    }
  for (const { whole } of families) {
    const name = seriesText(whole)
    if (!named.has(name)) yield { kind: 'check', check: alone(name, aloneWords(whole)) }
  }
}

function alone(name: string, note: string): CrossCheck {
  return { series: [name], compared: [], rows: 0, differences: 0, note }
}

/** Each stretch of a series against the nearest of its parts that covers it. */
async function* checkFamily(
  { whole: key, parts }: Family,
  open: (key: SeriesKey) => Promise<Side | undefined>,
  signal: AbortSignal | undefined,
): AsyncGenerator<CrossStep, void, void> {
  const whole = parts.length === 0 ? undefined : await open(key)
  if (whole === undefined) return
  let [left, isCompared] = [whole.coverage, false]
  let nearest: Sides | undefined
  for (const { kind, key: part } of parts) {
    const side = await open(part)
    if (side === undefined) continue
    const sides = { pair: { kind, whole: key, parts: part }, whole, parts: side }
    nearest ??= sides
    const common = intersect(whole.coverage, side.coverage)
    const stretch = intersect(inWholeSlots(intersect(left, common), key), common)
    left = subtractAll(left, common)
    if (stretch.length === 0) continue
    isCompared = true
    yield* checkPair(sides, stretch, signal)
    if (left.length === 0) return
  }
  if (!isCompared && nearest !== undefined) yield* checkPair(nearest, [], signal)
}

/** A slot that one part covers only half may be covered by another as a whole. */
function inWholeSlots(stretch: Coverage, key: SeriesKey): Coverage {
  if (key.interval === undefined) return stretch
  const grid = gridOf(key)
  return union(stretch.map(({ from, to }) => ({ from: grid.floor(from), to: slotCeil(to, grid) })))
}

/** Two series: what the first says follows from the second. */
type Pair = {
  readonly kind: Part['kind']
  readonly whole: SeriesKey
  readonly parts: SeriesKey
}

type Sides = { readonly pair: Pair; readonly whole: Side; readonly parts: Side }

/** One series of a pair. */
type Side = { readonly manifest: Manifest; readonly coverage: Coverage; readonly files: Files }

async function sideOf(
  files: Files,
  key: SeriesKey,
  wanted: Coverage | undefined,
): Promise<Side | undefined> {
  const { present } = await lookAtSeries(files, key)
  if (present === undefined) return undefined
  const { coverage } = present
  return {
    manifest: present,
    files,
    coverage: wanted === undefined ? coverage : intersect(coverage, wanted),
  }
}

async function* checkPair(
  { pair, whole, parts }: Sides,
  common: Coverage,
  signal: AbortSignal | undefined,
): AsyncGenerator<CrossStep, void, void> {
  const names = { whole: seriesText(pair.whole), parts: seriesText(pair.parts) }
  let [rows, differences] = [0, 0]
  const count = (more: number): void => {
    rows += more
  }
  const found =
    common.length === 0 ? none() : messages({ pair, whole, parts, common, names, signal, count })
  for await (const message of found) {
    differences += 1
    if (differences <= TOLD_MAX)
      yield { kind: 'flaw', key: pair.whole, flaw: damage('cross-difference', message, HINT) }
  }
  if (differences > TOLD_MAX) {
    const rest = `${names.whole} and ${names.parts} differ in ${differences - TOLD_MAX} more places`
    yield { kind: 'flaw', key: pair.whole, flaw: damage('cross-difference', rest) }
  }
  const note = noteOf(whole, parts, { common, rows })
  const check: CrossCheck = {
    ...{
      series: [names.whole, names.parts],
      compared: common.map(formatWindow),
      rows,
      differences,
    },
    ...(note === undefined ? {} : { note }),
  }
  yield { kind: 'check', check }
}

const HINT =
  'The exchange itself may be of two minds: fetch both anew elsewhere and compare. What differs there too is its own.'

async function* none(): AsyncGenerator<never, void, void> {}

function noteOf(
  whole: Side,
  parts: Side,
  { common, rows }: { readonly common: Coverage; readonly rows: number },
): string | undefined {
  if (common.length === 0) return 'no time is covered by both: nothing was compared'
  if (rows === 0) return 'no row lies as a whole in the time that both cover: nothing was compared'
  const [a, b] = [whole.manifest.numbers, parts.manifest.numbers]
  return a === b
    ? undefined
    : `numbers are ${a} and ${b}: a double was taken for the decimal that it prints as`
}

type Comparison = Sides & {
  readonly common: Coverage
  readonly names: { readonly whole: string; readonly parts: string }
  readonly signal: AbortSignal | undefined
  readonly count: (rows: number) => void
}

/** Every difference, in words. */
async function* messages(comparison: Comparison): AsyncGenerator<string, void, void> {
  const { pair, common, names, signal, count } = comparison
  if (pair.kind === 'aggregates') {
    const found = compareIds(
      {
        aggregates: pair.whole,
        trades: pair.parts,
        aggregatePeriods: partitionsOf(queryOf(comparison.whole, common), signal),
        tradePeriods: partitionsOf(queryOf(comparison.parts, common), signal),
        common,
      },
      count,
    )
    for await (const finding of found) yield `${names.whole}, ${names.parts}: ${idWords(finding)}`
    return
  }
  for await (const finding of compareKlines(klineSides(comparison), count))
    yield slotWords(finding, names)
}

function klineSides({
  pair,
  whole,
  parts,
  common,
  signal,
}: Comparison): Parameters<typeof compareKlines>[0] {
  const grid = gridOf(pair.whole)
  const rows = rowsOf(queryOf(parts, common), signal)
  const isOfTrades = pair.kind === 'trades'
  return {
    whole: klinesOf(rowsOf(queryOf(whole, common), signal), whole),
    parts: isOfTrades
      ? slotBars(rows, datasetOf(pair.parts), grid)
      : klinesOf(longer(rows, parts, grid), parts),
    grid,
    common,
    exactness: {
      doubles: {
        whole: whole.manifest.numbers === 'float64',
        parts: parts.manifest.numbers === 'float64',
      },
      volumes: volumesOf(datasetOf(pair.whole)),
      isMultiplied: isOfTrades && datasetOf(pair.parts).rules === 'aggTrade',
      roundings: isOfTrades ? 0 : roundingsOf(pair),
    },
    mayBeQuiet: isOfTrades,
  }
}

/** Contracts divided by a price have no end of decimals: each kline of COIN-M may have rounded what its trades came to. */
function roundingsOf({ whole, parts }: Pair): number {
  if (whole.market !== 'cm' || whole.interval === undefined || parts.interval === undefined)
    return 0
  return Number(intervalStep(whole.interval) / intervalStep(parts.interval)) + 1
}

function gridOf({ interval = '1m' }: SeriesKey): Grid {
  const measure = parseMeasure(interval)
  if (measure.kind !== 'interval') throw new RangeError(`${interval} is no interval`)
  return resampleGrid(measure, undefined, undefined)
}

async function* longer(
  rows: AsyncIterable<RecordBatch>,
  { manifest, coverage }: Side,
  grid: Grid,
): AsyncGenerator<RecordBatch, void, void> {
  const { key, numbers } = manifest
  const { interval } = key
  if (interval === undefined) throw new RangeError(`${key.dataset} have no interval`)
  yield* resample(rows, { dataset: datasetOf(key), numbers, interval, grid, coverage })
}

async function* klinesOf(
  batches: AsyncIterable<RecordBatch>,
  { manifest: { key, numbers } }: Side,
): AsyncGenerator<readonly Kline[], void, void> {
  for await (const batch of batches) yield klinesIn(batch, datasetOf(key), numbers)
}

/** All columns of the rows from the first moment that both cover to the last. */
function queryOf({ files, manifest }: Side, common: Coverage): OpenQuery {
  const [first, last] = [common[0], common.at(-1)]
  if (first === undefined || last === undefined) throw new RangeError('nothing in common')
  const columns = datasetOf(manifest.key).columns.map(({ name }) => name)
  const window = { from: first.from, to: last.to }
  return { files, manifest, window, columns, resample: undefined }
}
