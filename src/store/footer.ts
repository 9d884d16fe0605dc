/**
 * What a data file says of itself in its footer: enough to rebuild the manifest. Holds no time of writing and no
 * trace of how often it was interrupted, so that the same rows give the same bytes.
 */

import { clip, type Coverage } from '../base/coverage.ts'
import { DamageError } from '../base/errors.ts'
import type { Gap } from '../base/gap.ts'
import { formatWindow, PARTITIONS, parseWindow, type Partition, type Window } from '../base/time.ts'
import { NUMBERS, type Numbers } from '../binance/dataset.ts'
import type { SeriesKey } from '../binance/series.ts'
import { FORMAT_VERSION, type ArchiveEntry, type Proof, type Revision } from './manifest.ts'

/** The facts in a footer. */
export type FooterFacts = {
  readonly key: SeriesKey
  readonly period: string
  readonly partition: Partition
  readonly numbers: Numbers
  /** Within the period; for the first partition after a stretch without rows, that stretch too. */
  readonly coverage: Coverage
  readonly gaps: readonly Gap[]
  readonly sources: readonly string[]
  readonly firstKey: string
  readonly lastKey: string
  readonly proof: Proof
  readonly archives: Readonly<Record<string, ArchiveEntry>>
  readonly revisions: readonly Revision[]
}

/** Facts as key-value metadata. */
export function formatFacts(facts: FooterFacts): Record<string, string> {
  const { interval, account, ...key } = facts.key
  return {
    ...key,
    ...(interval === undefined ? {} : { interval }),
    ...(account === undefined ? {} : { account }),
    schema_version: String(FORMAT_VERSION),
    period: facts.period,
    partition: facts.partition,
    numbers: facts.numbers,
    coverage: JSON.stringify(facts.coverage.map(formatWindow)),
    gaps: JSON.stringify(facts.gaps.map((gap) => ({ ...formatWindow(gap), reason: gap.reason }))),
    source: facts.sources.join(','),
    first_key: facts.firstKey,
    last_key: facts.lastKey,
    proof: JSON.stringify(facts.proof),
    archives: JSON.stringify(facts.archives),
    revisions: JSON.stringify(facts.revisions),
  }
}

/**
 * Reads facts back.
 *
 * @throws DamageError when the footer is not one of ours, or belongs elsewhere.
 */
export function parseFacts(
  metadata: ReadonlyMap<string, string>,
  key: SeriesKey,
  path: string,
): FooterFacts {
  const get = (name: string): string => {
    const value = metadata.get(name)
    if (value === undefined) throw new TypeError(`no ${name} in the footer`)
    return value
  }
  const optional = (name: string): string => metadata.get(name) ?? ''
  try {
    const mine = [key.market, key.dataset, key.symbol, key.interval ?? '', key.account ?? '']
    const theirs = [
      get('market'),
      get('dataset'),
      get('symbol'),
      optional('interval'),
      optional('account'),
    ]
    if (mine.join('\0') !== theirs.join('\0'))
      throw new TypeError(`it holds ${theirs.filter((part) => part !== '').join(' ')}`)
    return {
      key,
      period: get('period'),
      partition: pick(PARTITIONS, get('partition')),
      numbers: pick(NUMBERS, get('numbers')),
      coverage: parseList(get('coverage')).map((window) => parseWindow(window as never)),
      gaps: parseList(get('gaps')).map((gap) => ({
        ...parseWindow(gap as never),
        reason: (gap as Gap).reason,
      })),
      sources: get('source')
        .split(',')
        .filter((source) => source !== ''),
      firstKey: get('first_key'),
      lastKey: get('last_key'),
      proof: JSON.parse(get('proof')) as Proof,
      archives: JSON.parse(get('archives')) as Record<string, ArchiveEntry>,
      revisions: parseList(get('revisions')) as Revision[],
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new DamageError(`${path}: not a partition of this series: ${why}`, {
      cause,
      hint: 'Move the file out of the lake, then run again.',
    })
  }
}

/** The part of `gaps` in `window`. */
export function clipGaps(gaps: readonly Gap[], window: Window): Gap[] {
  return gaps.flatMap((gap) => clip([gap], window).map((part) => ({ ...part, reason: gap.reason })))
}

function parseList(text: string): readonly unknown[] {
  const value: unknown = JSON.parse(text)
  if (Array.isArray(value)) return value
  throw new TypeError('expected a list')
}

function pick<T extends string>(values: readonly T[], text: string): T {
  const found = values.find((value) => value === text)
  if (found !== undefined) return found
  throw new TypeError(`expected one of ${values.join(', ')}`)
}
