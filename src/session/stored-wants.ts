/** What jobs want of a lake, as far as the lake and this machine's clock can tell: nobody else is asked. */

import { union, type Coverage } from '../base/coverage.ts'
import type { World } from '../base/ports.ts'
import { micros } from '../base/time.ts'
import { seriesName, type SeriesKey } from '../binance/series.ts'
import { factsOf, type DatasetJob, type Job, type SymbolSelection } from '../job/job.ts'
import { accountLabel } from './account.ts'
import { listedAt } from './listing.ts'
import { Manifests } from './manifests.ts'
import { isMatched } from './chosen.ts'
import { resolveWants } from './wants.ts'

/** A series to look at; `wanted` is `undefined` where jobs name it and cannot tell its range, or where there are none. */
export type StoredWant = { readonly key: SeriesKey; readonly wanted: Coverage | undefined }

/**
 * The series of the lake that the jobs want, and those that they name and it lacks; without jobs all of the lake. What a
 * filter chooses is taken from the names in the lake, rather one too many than one too few.
 */
export async function storedWants(
  jobs: readonly Job[],
  stored: readonly SeriesKey[],
  world: World,
): Promise<readonly StoredWant[]> {
  const wants = new Map<string, StoredWant>()
  for (const key of stored)
    if (jobs.length === 0 || jobs.some(({ datasets }) => datasets.some((one) => names(one, key))))
      wants.set(seriesName(key), { key, wanted: undefined })
  const manifests = new Manifests(world.files)
  const account = accountLabel(jobs)
  const resolving = {
    now: world.clock.now(),
    symbols: [],
    source: undefined,
    account,
    ahead: (keys: readonly SeriesKey[]) => manifests.ahead(keys),
    listingOf: async (key: SeriesKey) => listedAt(await manifests.get(key)) ?? micros(0n),
  }
  for (const job of jobs)
    for (const dataset of job.datasets) {
      // Whose history it is, is not known: what the lake has of any account is looked at.
      if (factsOf(dataset).security === 'signed' && account === undefined) continue
      const symbols = inLake(dataset, stored)
      const asked = { ...job, datasets: [{ ...dataset, symbols }] }
      for (const { key, wanted, problem } of await resolveWants([asked], resolving)) {
        const name = seriesName(key)
        const before = wants.get(name)?.wanted
        wants.set(name, { key, wanted: problem === undefined ? union(wanted, before) : before })
      }
    }
  return [...wants.values()]
}

/** Symbols one by one: those that are named, or those of the lake that a filter may mean. */
function inLake(dataset: DatasetJob, stored: readonly SeriesKey[]): SymbolSelection {
  if (dataset.symbols.kind === 'list') return dataset.symbols
  const found = stored.filter((key) => names(dataset, key)).map(({ symbol }) => symbol)
  return { kind: 'list', symbols: [...new Set(found)] }
}

function names(job: DatasetJob, key: SeriesKey): boolean {
  const { kind, market, contracts, intervals, symbols } = job
  const hasInterval = key.interval === undefined || intervals.includes(key.interval)
  if (market !== key.market) return false
  if (key.contract !== undefined && !contracts.includes(key.contract)) return false
  return kind === key.dataset && hasInterval && mayMean(symbols, key.symbol)
}

/** May `symbol` be meant? Of a pair without its listing only this is known: it begins with the base, and ends with the quote. */
function mayMean(selection: SymbolSelection, symbol: string): boolean {
  if (selection.kind === 'list') return selection.symbols.includes(symbol)
  const { base = '', quote = '', exclude } = selection
  const isPair = symbol.startsWith(base) && symbol.endsWith(quote)
  return isPair && isMatched(selection, symbol) && !exclude.includes(symbol)
}
