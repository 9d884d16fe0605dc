/** Which series a run asked for, as its record says it, and which run asked for a series last. */

import type { Files } from '../base/ports.ts'
import type { SeriesKey } from '../binance/series.ts'
import { seriesPath } from './layout.ts'
import type { RunRecord } from './run-record.ts'
import { listRuns, readRunRecords } from './runs.ts'

const SYMBOL = '/symbol='
/** Records read at once: as a rule the newest ones name everything. */
const RECORDS_AT_ONCE = 8

/** The series by the directories above their symbols: `{"spot/klines/interval=1m": ["BTCUSDT"]}`. */
export function askedSeries(keys: readonly SeriesKey[]): NonNullable<RunRecord['asked']> {
  const asked: Record<string, string[]> = {}
  for (const key of keys) {
    const path = seriesPath(key)
    const at = path.indexOf(SYMBOL)
    ;(asked[path.slice(0, at)] ??= []).push(path.slice(at + SYMBOL.length))
  }
  return asked
}

/**
 * When each series was last asked for, as far as the records of runs say it: the start of the last run that got an
 * answer to all that it asked of the series. By the clock of the machine that ran.
 *
 * @returns by the path of the series; one that no record names is not there.
 */
export async function lastAsked(
  files: Files,
  keys: readonly SeriesKey[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = new Set(keys.map(seriesPath))
  const found = new Map<string, string>()
  const ids = wanted.size === 0 ? [] : await listRuns(files)
  for (let first = 0; first < ids.length; first += RECORDS_AT_ONCE) {
    const { runs } = await readRunRecords(files, ids.slice(first, first + RECORDS_AT_ONCE))
    for (const run of runs) {
      for (const path of pathsIn(run)) if (wanted.delete(path)) found.set(path, run.started)
      // What this one asked for besides is not known: an older run is not the last one for certain.
      if (wanted.size === 0 || (run.moreAsked ?? 0) > 0) return found
    }
  }
  return found
}

function* pathsIn({ asked = {} }: RunRecord): Generator<string, void, void> {
  for (const [folder, names] of Object.entries(asked))
    for (const name of names) yield `${folder}${SYMBOL}${name}`
}
