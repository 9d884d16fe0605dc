/** Turns zod's issues into sentences: what was expected, what was found, what was probably meant. */

import type * as z from 'zod'
import { DATASET_KINDS } from '../binance/dataset.ts'
import { quoteText } from '../base/text.ts'
import type { Path } from './document.ts'
import { suggestDate } from './moment.ts'
import { DATASET_KEYS, JOB_KEYS } from './schema.ts'
import { FILTER_KEYS } from './symbols-schema.ts'
import { closest, didYouMean, quoted } from '../base/suggest.ts'

/** One problem of a job, by the path of the value or of the key. */
export type Finding = {
  readonly path: Path
  readonly on: 'key' | 'value'
  readonly message: string
}

/** A job as plain data, not yet checked. */
export type Plain = {
  readonly value: unknown
  /** A value that is not text, as written in the file. */
  readonly written: (path: Path) => string | undefined
}

type Issue = z.core.$ZodIssue

/** The findings for `issues`, in their order. */
export function explainIssues(issues: readonly Issue[], plain: Plain, base: Path = []): Finding[] {
  return issues.flatMap((issue) => explainIssue(issue, [...base, ...(issue.path as Path)], plain))
}

function explainIssue(issue: Issue, path: Path, plain: Plain): Finding[] {
  const found = valueAt(plain.value, path)
  const one = (message: string): Finding[] => [{ path, on: 'value', message }]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      return { path: [...path, key], on: 'key', message: explainUnknownKey(key, path) }
    })
  if (found === undefined) return one(explainMissing(path))
  if (issue.code === 'invalid_union') {
    const branch = branchOf(found, path)
    if (branch !== undefined) return explainIssues(issue.errors[branch] ?? [], plain, path)
  }
  if (issue.code === 'custom') return one(issue.message)
  if (issue.code === 'too_small') return one('an empty list; write at least one')
  const written = plain.written(path)
  return one(
    `expected ${expectation(path)}, found ${describe(found, written)}${mend(found, written, path)}`,
  )
}

/** Which of two forms was meant: a list, or a filter, or one pattern. */
function branchOf(found: unknown, path: Path): number | undefined {
  if (Array.isArray(found)) return 0
  const isOther = path.at(-1) === 'match' ? typeof found === 'string' : typeof found === 'object'
  return isOther ? 1 : undefined
}

/** The value at `path`; `undefined` when there is none. Uses own keys only. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined
    at = (at as Readonly<Record<string | number, unknown>>)[step]
  }
  return at
}

const EXPECTED: Readonly<Record<string, string>> = {
  '': 'a map with version and datasets',
  version: '1, the only version',
  datasets: 'a list of datasets',
  'datasets[]': 'a map such as {kind: aggTrades}',
  intervals: 'a list such as [1m, 1h]',
  symbols: 'a list such as [BTCUSDT] or a filter such as {quote: USDT}',
  exclude: 'a list such as [BTCUSDT]',
  match: 'a pattern such as "*USDT", or a list of some',
  from: 'a date, a time in UTC, a duration such as 30d, or listing',
  to: 'a date, a time in UTC, a duration such as 1d, or now',
  settle: 'a duration such as 1m',
}

function expectation(path: Path): string {
  const last = path.at(-1)
  const name = typeof last === 'number' ? `${String(path.at(-2))}[]` : (last ?? '')
  return EXPECTED[name] ?? 'text'
}

function describe(found: unknown, written: string | undefined): string {
  if (typeof found === 'string') return quoted(found)
  if (Array.isArray(found)) return 'a list'
  if (found === null) return written === undefined || written === '' ? 'nothing' : written
  if (typeof found === 'object') return 'a map'
  return `the ${typeof found} ${quoteText(written ?? '', 60)}`
}

/** What to write instead of a value of a wrong type, if that is clear. */
function mend(found: unknown, written: string | undefined, path: Path): string {
  const last = path.at(-1)
  if (typeof found === 'string')
    return last === 'symbols' || last === 'intervals' || last === 'exclude'
      ? `; write it as a list: [${quoted(found).slice(1, -1)}]`
      : ''
  if (written === undefined || written === '') return ''
  if (last === 'from' || last === 'to') return didYouMean(suggestDate(written))
  if (last === 'settle') return /^\d+$/.test(written) ? didYouMean(`${written}s`) : ''
  if (typeof last !== 'number' && last !== 'name') return ''
  return path.at(-2) === 'datasets' ? '' : `; write it in quotes: ${quoted(written)}`
}

function explainMissing(path: Path): string {
  const name = path.at(-1)
  if (name === 'version') return 'is missing; a job begins with version: 1'
  if (name === 'datasets')
    return 'is missing; say what to fetch, e.g. datasets: [{kind: aggTrades}]'
  if (name === 'kind') return `is missing; it is one of ${DATASET_KINDS.join(', ')}`
  return 'is missing'
}

// Other tools' names for our keys, where the spelling alone is not similar.
const ALSO_CALLED: Readonly<Record<string, string>> = {
  start: 'from',
  since: 'from',
  begin: 'from',
  starttime: 'from',
  startdate: 'from',
  end: 'to',
  until: 'to',
  endtime: 'to',
  enddate: 'to',
  pair: 'symbols',
  pairs: 'symbols',
  timeframe: 'intervals',
  timeframes: 'intervals',
  type: 'kind',
  dataset: 'kind',
}

function explainUnknownKey(key: string, parent: Path): string {
  const isDataset = parent.length === 2
  const isFilter = parent.at(-1) === 'symbols'
  if (/^(base|archive)[-_]?urls?$/i.test(key))
    return 'an unknown key; hosts are named by flag or environment, never by a job file'
  if (key === '<<') return 'an unknown key; merge keys are not supported'
  if (!isFilter && !isDataset && ['kind', 'intervals'].includes(key))
    return 'not a key of the top level; write it in an entry of datasets'
  if (isDataset && ['version', 'name', 'datasets'].includes(key))
    return 'not a key of a dataset; write it at the top level'
  const keys = isFilter ? FILTER_KEYS : isDataset ? DATASET_KEYS : JOB_KEYS
  const alias = isFilter ? undefined : ALSO_CALLED[key.toLowerCase().replaceAll('_', '')]
  const meant = alias !== undefined && keys.includes(alias) ? alias : closest(key, keys)
  return `an unknown key${didYouMean(meant)}`
}
