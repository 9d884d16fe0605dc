/**
 * Rules across several keys of a job. They look at the data as written, so that they find problems even next to an
 * invalid value; they skip what cannot be read, since that has its own finding.
 */

import { DELISTED } from '../binance/exchange-info.ts'
import { DATASET_KINDS, type Dataset } from '../binance/dataset.ts'
import { findDataset, kindsOf, marketsWith } from '../binance/market.ts'
import { type Market, MARKET_NAMES, DEFAULT_MARKET } from '../binance/series.ts'
import type { Path } from './document.ts'
import { readInterval } from './interval.ts'
import { finding, known, readItems, type Entry } from './items.ts'
import { checkContracts, checkIntervals, readContract } from './list-checks.ts'
import { readDay, readFrom, readTo } from './moment.ts'
import { valueAt, type Finding } from './problems.ts'
import { oneOf, quoted, type Reading } from '../base/suggest.ts'
import { readSymbol } from './symbol.ts'

/** Describes the position of a path, as the end of a sentence: `on line 7`. */
export type Describe = (path: Path) => string

/** All problems between the keys of `root`. */
export function checkJob(root: unknown, describe: Describe): Finding[] {
  const entries = entriesOf(root)
  return [
    ...checkMissing(entries),
    ...checkFilters(root, entries),
    ...entries.flatMap((entry) => [
      ...checkMarket(entry),
      ...checkIntervals(root, entry),
      ...checkContracts(root, entry),
      ...checkSubjects(root, entry),
      ...checkAccount(root, entry),
      ...checkArchive(root, entry),
      ...checkReach(root, entry),
    ]),
    ...checkRanges(root, entries),
    ...checkTwice(root, entries, describe),
    ...checkSeries(root, entries, describe),
  ]
}

function entriesOf(root: unknown): readonly Entry[] {
  const list = valueAt(root, ['datasets'])
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown, index): Entry[] => {
    if (!isMap(item)) return []
    const path = ['datasets', index]
    const kind = DATASET_KINDS.find((name) => name === valueAt(item, ['kind']))
    const pathOf = (key: string): Path | undefined =>
      [[...path, key], [key]].find((candidate) => valueAt(root, candidate) !== undefined)
    const market = marketOf(valueAt(item, ['market']) ?? valueAt(root, ['market']))
    return [{ path, market, kind, dataset: kind && findDataset(market, kind), pathOf }]
  })
}

/** The schema reports a value that is not a market. */
function marketOf(value: unknown): Market {
  return MARKET_NAMES.find((name) => name === value) ?? DEFAULT_MARKET
}

/** `symbols` and `from` have no default; reported once when no dataset has them. */
function checkMissing(entries: readonly Entry[]): Finding[] {
  return ['symbols', 'from'].flatMap((key) => {
    const without = entries.filter(({ pathOf }) => pathOf(key) === undefined)
    const example = key === 'symbols' ? 'symbols: [BTCUSDT]' : 'from: 2024-01-01'
    if (without.length > 0 && without.length === entries.length)
      return [finding([key], `is missing; write e.g. ${example}`)]
    return without.map(({ path }) =>
      finding([...path, key], `is missing; write e.g. ${example} here or at the top level`),
    )
  })
}

/** A dataset of another market. */
function checkMarket({ path, market, kind, dataset }: Entry): Finding[] {
  if (kind === undefined || dataset !== undefined) return []
  const others = marketsWith(kind).map((one) => `market: ${one}`)
  const message = `${market} has no ${kind}; write ${oneOf(others)} here, or ${oneOf(kindsOf(market))}`
  return [finding([...path, 'kind'], message)]
}

/** A contract with a day of delivery. */
const DATED = /_\d{6}$/

/** Symbols that are not what the series of a dataset are named by: a contract for a pair, or a pair for a contract. */
function checkSubjects(root: unknown, { market, dataset, pathOf }: Entry): Finding[] {
  const path = pathOf('symbols')
  if (dataset === undefined || path === undefined) return []
  const { kind, subject, isPerpetual } = dataset
  return readItems(root, path, readSymbol).flatMap(({ value, path: at }) => {
    const [pair = ''] = value.split('_')
    if (subject === 'pair' && pair !== value)
      return [
        finding(at, `${quoted(value)} is a contract, and ${kind} are of a pair; write ${pair}`),
      ]
    if (isPerpetual === true && DATED.test(value))
      return [
        finding(
          at,
          `${quoted(value)} is delivered, and has no ${kind}; perpetual contracts have it`,
        ),
      ]
    if (subject === undefined && market === 'cm' && /.USD$/.test(value))
      return [
        finding(
          at,
          `${quoted(value)} is a pair, and ${kind} are of a contract; write ${pair}_PERP`,
        ),
      ]
    return []
  })
}

/** A filter without a property selects everything, which is more often a mistake than intended. */
function checkFilters(root: unknown, entries: readonly Entry[]): Finding[] {
  const places: Path[] = [['symbols'], ...entries.map(({ path }) => [...path, 'symbols'])]
  return places.flatMap((path) => {
    const filter = valueAt(root, path)
    if (!isMap(filter)) return []
    const ofAllTime = checkAllTime(filter, path)
    const hasProperty = ['quote', 'base', 'status', 'match', 'universe'].some((key) =>
      Object.hasOwn(filter, key),
    )
    if (hasProperty) return ofAllTime
    return [finding(path, 'a filter needs quote, base, status, match or universe')]
  })
}

/** What only makes sense of symbols that exchangeInfo does not list any more. */
function checkAllTime(filter: object, path: Path): Finding[] {
  const { status, universe, listed } = filter as Readonly<Record<string, unknown>>
  const problems = isMap(listed) ? checkListed(listed, [...path, 'listed']) : []
  if (universe === 'all-time') return problems
  const only = (words: string): string => `only universe: all-time has ${words}; write it beside`
  if (status === DELISTED)
    problems.push(finding([...path, 'status'], only('symbols that are DELISTED')))
  if (listed !== undefined)
    problems.push(finding([...path, 'listed'], only('the months in which symbols were listed')))
  return problems
}

function checkListed(listed: object, path: Path): Finding[] {
  const { from, to } = listed as { readonly from?: unknown; readonly to?: unknown }
  if (from === undefined && to === undefined) return [finding(path, 'needs from, to or both')]
  const [begin, end] = [from, to].map((text) => readDay(String(text)))
  const isTurned =
    begin !== undefined && 'value' in begin && end !== undefined && 'value' in end
      ? begin.value >= end.value
      : false
  return isTurned ? [finding([...path, 'to'], 'is not after from')] : []
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkAccount(root: unknown, { path, dataset, pathOf }: Entry): Finding[] {
  const symbols = valueAt(root, pathOf('symbols') ?? ['symbols'])
  if (dataset?.security !== 'signed' || !isMap(symbols)) return []
  return [
    finding(
      [...path, 'kind'],
      `${dataset.kind} need a list of symbols, not a filter; write e.g. symbols: [BTCUSDT] here`,
    ),
  ]
}

function checkArchive(root: unknown, { path, dataset, pathOf }: Entry): Finding[] {
  const source = valueAt(root, pathOf('source') ?? ['source'])
  if (dataset?.walk === 'archive') return checkArchiveOnly(root, { path, dataset, source, pathOf })
  if (dataset === undefined || dataset.archive !== undefined || source !== 'archive') return []
  const message = `${dataset.kind} are not published in the archive; write source: auto or rest here`
  return [finding([...path, 'kind'], message)]
}

function checkArchiveOnly(
  root: unknown,
  {
    path,
    dataset: { kind },
    source,
    pathOf,
  }: Pick<Entry, 'path' | 'pathOf'> & { readonly dataset: Dataset; readonly source: unknown },
): Finding[] {
  const from = pathOf('from') ?? ['from']
  return [
    ...(source === 'rest'
      ? [
          finding(
            [...path, 'kind'],
            `${kind} are only published in the archive; write source: auto or archive here`,
          ),
        ]
      : []),
    ...(valueAt(root, from) === 'listing'
      ? [finding(from, `${kind} begin later than their symbol; write a date, such as 2021-12-01`)]
      : []),
  ]
}

/** Rows that are served for some days only have no listing to begin with. */
function checkReach(root: unknown, { dataset, pathOf }: Entry): Finding[] {
  const from = pathOf('from')
  if (dataset?.reachDays === undefined || from === undefined) return []
  if (valueAt(root, from) !== 'listing') return []
  const { kind, reachDays } = dataset
  const message = `${kind} are served for ${reachDays} days; write a duration such as ${reachDays - 1}d`
  return [finding(from, message)]
}

/** Checks each range once, however many entries take it from the top level. */
function checkRanges(root: unknown, entries: readonly Entry[]): Finding[] {
  const found = entries.flatMap((entry) => checkRange(root, entry))
  const byPlace = new Map(found.map((one) => [JSON.stringify([one.path, one.message]), one]))
  return [...byPlace.values()]
}

function checkRange(root: unknown, { pathOf }: Entry): Finding[] {
  const [fromPath, toPath] = [pathOf('from'), pathOf('to')]
  if (fromPath === undefined || toPath === undefined) return []
  const [fromText, toText] = [valueAt(root, fromPath), valueAt(root, toPath)]
  if (typeof fromText !== 'string' || typeof toText !== 'string') return []
  const [from, to] = [known(readFrom(fromText)), known(readTo(toText))]
  const isReversed =
    (from?.kind === 'at' && to?.kind === 'at' && from.time >= to.time) ||
    (from?.kind === 'ago' && to?.kind === 'ago' && from.micros <= to.micros)
  if (!isReversed) return []
  // Reported at the bound that makes it wrong: the dataset's, or the later one of two on the same level.
  return toPath.length >= fromPath.length
    ? [finding(toPath, `${quoted(toText)} is not after from, ${quoted(fromText)}`)]
    : [finding(fromPath, `${quoted(fromText)} is not before to, ${quoted(toText)}`)]
}

/** No item occurs twice in a list of symbols or intervals. */
function checkTwice(root: unknown, entries: readonly Entry[], describe: Describe): Finding[] {
  const holders: Path[] = [[], ...entries.map(({ path }) => path)]
  return holders.flatMap((holder) => [
    ...twiceIn(root, [...holder, 'symbols'], readSymbol, describe),
    ...twiceIn(root, [...holder, 'symbols', 'exclude'], readSymbol, describe),
    ...twiceIn(root, [...holder, 'intervals'], readInterval, describe),
    ...twiceIn(root, [...holder, 'contracts'], readContract, describe),
  ])
}

function twiceIn(
  root: unknown,
  path: Path,
  read: (text: string) => Reading<string>,
  describe: Describe,
): Finding[] {
  const first = new Map<string, Path>()
  return readItems(root, path, read).flatMap(({ value, path: at }) => {
    const earlier = first.get(value)
    if (earlier === undefined) {
      first.set(value, at)
      return []
    }
    return [finding(at, `${quoted(value)} occurs twice; first ${describe(earlier)}`)]
  })
}

/** No series is requested by two datasets: they could disagree about it. */
function checkSeries(root: unknown, entries: readonly Entry[], describe: Describe): Finding[] {
  const owners = new Map<string, Map<string, Path>>()
  return entries.flatMap(({ path, market, dataset, pathOf }): Finding[] => {
    if (dataset === undefined) return []
    const { kind, hasInterval } = dataset
    const intervals = readItems(root, [...path, 'intervals'], readInterval)
    const series = hasInterval ? [...new Set(intervals.map(({ value }) => value))] : ['']
    const types = readItems(root, pathOf('contracts') ?? ['contracts'], readContract)
    const contracts = dataset.contracts === undefined ? [''] : types.map(({ value }) => value)
    const symbols = selected(root, pathOf('symbols') ?? ['symbols'])
    const pieces = series.flatMap((interval) => contracts.map((contract) => [contract, interval]))
    return pieces.flatMap((parts): Finding[] => {
      const name = [kind, ...parts].filter((part) => part !== '').join(' ')
      const place = `${market} ${name}`
      const owned = owners.get(place) ?? new Map<string, Path>()
      owners.set(place, owned)
      const shared = symbols.find((symbol) => owned.has(symbol))
      // Left unchanged after a first overlap, so that the work stays linear in the text.
      if (shared === undefined) for (const symbol of symbols) owned.set(symbol, path)
      const owner = shared === undefined ? undefined : owned.get(shared)
      if (shared === undefined || owner === undefined) return []
      const what = shared.startsWith('{') ? 'these symbols' : shared
      const where = `datasets[${owner.at(-1) ?? 0}] ${describe(owner)}`
      return [finding(path, `${name} of ${what} is requested twice; first by ${where}`)]
    })
  })
}

/** The symbols of a selection; a filter counts as itself, since only a run knows what it selects. */
function selected(root: unknown, path: Path): readonly string[] {
  const value = valueAt(root, path)
  if (Array.isArray(value)) {
    const symbols = readItems(root, path, readSymbol).map(({ value: symbol }) => symbol)
    return [...new Set(symbols)]
  }
  if (!isMap(value)) return []
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return [JSON.stringify(Object.fromEntries(pairs))]
}
