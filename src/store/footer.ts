/**
 * What a data file says of itself in its footer: enough to rebuild the manifest. Holds no time of writing and no
 * trace of how often it was interrupted, so that the same rows give the same bytes.
 */

import { clip, type Coverage } from '../base/coverage.ts'
import { DamageError, UsageError } from '../base/errors.ts'
import type { Gap } from '../base/gap.ts'
import { quoteText } from '../base/text.ts'
import { formatWindow, PARTITIONS, parseWindow, type Partition, type Window } from '../base/time.ts'
import { NUMBERS, type Numbers } from '../binance/dataset.ts'
import type { SeriesKey } from '../binance/series.ts'
import { MEND } from './damaged.ts'
import { checksumOf, FORMAT_VERSION, PARTS, type ArchiveEntry, type Revision } from './manifest.ts'
import { partitionPath } from './layout.ts'
import { array, oneOf, type Shape } from './shape.ts'
import type { RowProof } from '../rows/proof.ts'

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
  readonly proof: RowProof
  readonly archives: Readonly<Record<string, ArchiveEntry>>
  readonly revisions: readonly Revision[]
}

/** Facts as key-value metadata. The last is a checksum of all others, so that no damage passes for coverage. */
export function formatFacts(facts: FooterFacts): Record<string, string> {
  const { contract, interval, account, ...key } = facts.key
  const values = {
    ...key,
    ...(contract === undefined ? {} : { contract }),
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
  return { ...values, checksum: checksumOf(JSON.stringify(values)) }
}

/**
 * Reads facts back.
 *
 * @param path - Where the file lies in the lake.
 * @throws UsageError for a file of a newer version.
 * @throws DamageError when the footer is not one of ours, belongs elsewhere, or is not what was written.
 */
export function parseFacts(
  metadata: ReadonlyMap<string, string>,
  key: SeriesKey,
  path: string,
): FooterFacts {
  checkVersion(metadata, path)
  try {
    const facts = readFacts(new FactReader(metadata), key)
    if (partitionPath(key, facts.period) !== path) throw new TypeError(`it holds ${facts.period}`)
    for (const [name, value] of Object.entries(formatFacts(facts)))
      if (metadata.get(name) !== value) throw new TypeError(`${name} is not what was written`)
    return facts
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new DamageError(`${path}: not a partition of this series: ${quoteText(why)}`, {
      cause,
      hint: MEND,
    })
  }
}

function checkVersion(metadata: ReadonlyMap<string, string>, path: string): void {
  const version = Number(metadata.get('schema_version'))
  if (!Number.isSafeInteger(version) || version <= FORMAT_VERSION) return
  throw new UsageError(
    `${path}: format ${version} is newer than ${FORMAT_VERSION}, which this version writes`,
    { hint: 'Upgrade binance-backfill.' },
  )
}

function readFacts(reader: FactReader, key: SeriesKey): FooterFacts {
  const names = ['market', 'dataset', 'symbol', 'contract', 'interval', 'account'] as const
  const mine = names.map((name) => key[name] ?? '')
  const theirs = names.map((name) => reader.optional(name))
  if (mine.join('\0') !== theirs.join('\0'))
    throw new TypeError(`it holds ${theirs.filter((part) => part !== '').join(' ')}`)
  return {
    key,
    period: reader.get('period'),
    partition: oneOf(PARTITIONS)(reader.get('partition'), 'partition'),
    numbers: oneOf(NUMBERS)(reader.get('numbers'), 'numbers'),
    coverage: reader.json('coverage', array(PARTS.window)).map(parseWindow),
    gaps: reader
      .json('gaps', array(PARTS.gap))
      .map((gap) => ({ ...parseWindow(gap), reason: gap.reason })),
    sources: reader
      .get('source')
      .split(',')
      .filter((source) => source !== ''),
    firstKey: reader.get('first_key'),
    lastKey: reader.get('last_key'),
    proof: reader.json('proof', PARTS.proof),
    archives: reader.json('archives', PARTS.archives),
    revisions: reader.json('revisions', PARTS.revisions),
  }
}

class FactReader {
  readonly #metadata: ReadonlyMap<string, string>

  constructor(metadata: ReadonlyMap<string, string>) {
    this.#metadata = metadata
  }

  get(name: string): string {
    const value = this.#metadata.get(name)
    if (value === undefined) throw new TypeError(`no ${name} in the footer`)
    return value
  }

  optional(name: string): string {
    return this.#metadata.get(name) ?? ''
  }

  json<T>(name: string, shape: Shape<T>): T {
    return shape(JSON.parse(this.get(name)), name)
  }
}

/** The part of `gaps` in `window`. */
export function clipGaps(gaps: readonly Gap[], window: Window): Gap[] {
  return gaps.flatMap((gap) => clip([gap], window).map((part) => ({ ...part, reason: gap.reason })))
}
