/** `verify --cross`: the series of a lake that say the same, held against each other. */

import { intersect, subtractAll, union, type Coverage } from '../../base/coverage.ts'
import { UsageError } from '../../base/errors.ts'
import type { Files } from '../../base/ports.ts'
import { formatWindow, type WindowText } from '../../base/time.ts'
import type { SeriesKey } from '../../binance/series.ts'
import type { Options } from '../../options.ts'
import { seriesText } from '../../query/series-text.ts'
import { slotCeil } from '../../resample/grid.ts'
import { isPart } from '../../session/shard.ts'
import { damage, warning, type Flaw } from '../../store/flaw.ts'
import { lookAtSeries } from '../../store/present.ts'
import { gridOf, messages, type Pair, type Side, type Sides } from './messages.ts'
import { aloneWords, familiesOf, type Family } from './pairs.ts'

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
      yield { kind: 'flaw', key: pair.whole, flaw: flawOf(pair, message) }
  }
  if (differences > TOLD_MAX) {
    const rest = `${names.whole} and ${names.parts} differ in ${differences - TOLD_MAX} more places`
    yield { kind: 'flaw', key: pair.whole, flaw: flawOf(pair, rest) }
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

/** Positions are closed without a trade too, so a step that no trade explains is no damage. */
function flawOf({ kind }: Pair, message: string): Flaw {
  return kind === 'openInterest'
    ? warning('cross-step', message)
    : damage('cross-difference', message, HINT)
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
