/** What two series say differently, in words, whatever they are. */

import type { RecordBatch } from 'apache-arrow'
import type { Coverage } from '../../base/coverage.ts'
import type { Files } from '../../base/ports.ts'
import { intervalStep } from '../../binance/interval.ts'
import { datasetOf } from '../../binance/market.ts'
import type { SeriesKey } from '../../binance/series.ts'
import { partitionsOf, rowsOf } from '../../query/read.ts'
import type { OpenQuery } from '../../query/read-query.ts'
import { resampleGrid, type Grid } from '../../resample/grid.ts'
import { resample } from '../../resample/klines.ts'
import { parseMeasure } from '../../resample/measure.ts'
import { slotBars } from '../../resample/trade-klines.ts'
import type { Manifest } from '../../store/manifest.ts'
import { klinesIn, volumesOf, type Kline } from './bars.ts'
import { compareIds, idWords } from './compare-ids.ts'
import { compareKlines, slotWords } from './compare-klines.ts'
import { compareFunding, compareOpenInterest, type SampleSides } from './compare-samples.ts'
import type { Part } from './pairs.ts'

/** Two series: what the first says follows from the second. */
export type Pair = {
  readonly kind: Part['kind']
  readonly whole: SeriesKey
  readonly parts: SeriesKey
}

/** Both of them, as they are stored. */
export type Sides = { readonly pair: Pair; readonly whole: Side; readonly parts: Side }

/** One series of a pair. */
export type Side = {
  readonly manifest: Manifest
  readonly coverage: Coverage
  readonly files: Files
}

/** Two series, and how they are compared. */
export type Comparison = Sides & {
  readonly common: Coverage
  readonly names: { readonly whole: string; readonly parts: string }
  readonly signal: AbortSignal | undefined
  readonly count: (rows: number) => void
}

/** Every difference, in words. */
export async function* messages(comparison: Comparison): AsyncGenerator<string, void, void> {
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
  if (pair.kind === 'funding' || pair.kind === 'openInterest') {
    const compare = pair.kind === 'funding' ? compareFunding : compareOpenInterest
    yield* compare(sampleSides(comparison), count)
    return
  }
  for await (const finding of compareKlines(klineSides(comparison), count))
    yield slotWords(finding, names)
}

function sampleSides({ pair, names, common, signal, ...sides }: Comparison): SampleSides {
  const side = (key: SeriesKey, name: string, one: Side): SampleSides['samples'] => ({
    ...{ name, dataset: datasetOf(key), batches: rowsOf(queryOf(one, common), signal) },
  })
  const { interval = '1m' } = pair.parts
  return {
    samples: side(pair.whole, names.whole, sides.whole),
    klines: side(pair.parts, names.parts, sides.parts),
    ...{ interval, common, slack: intervalStep(pair.whole.interval ?? '5m') },
  }
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

/** The slots of klines. */
export function gridOf({ interval = '1m' }: SeriesKey): Grid {
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
