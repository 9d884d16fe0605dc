/** Plain data → the settings of a job, or all of its problems. Shared by job files and flags. */

import { findDataset } from '../binance/market.ts'
import { DEFAULT_MARKET } from '../binance/series.ts'
import { checkJob, type Describe } from './checks.ts'
import type { DatasetJob } from './job.ts'
import { explainIssues, type Finding, type Plain } from './problems.ts'
import { JOB_SCHEMA, type DatasetEntry, type JobDocument } from './schema.ts'

/** The name (if it has one) and the datasets of a job. */
type Settled = {
  readonly name: string | undefined
  readonly datasets: readonly DatasetJob[]
}

/** The value of a key that neither the dataset nor the top level has. */
const DEFAULTS = {
  to: { kind: 'now' },
  source: 'auto',
  numbers: 'float64',
  compression: 'zstd',
  settle: 60_000_000n,
  partition: undefined,
  market: DEFAULT_MARKET,
} as const

/** Checks and merges; the findings are unordered. */
export function settleJob(plain: Plain, describe: Describe): Settled | readonly Finding[] {
  const parsed = JOB_SCHEMA.safeParse(plain.value)
  const issues = parsed.success ? [] : explainIssues(parsed.error.issues, plain)
  const findings = [...issues, ...checkJob(plain.value, describe)]
  if (findings.length > 0 || !parsed.success) return findings
  const { name, datasets } = parsed.data
  return { name, datasets: datasets.map((entry) => merge(entry, parsed.data)) }
}

function merge(entry: DatasetEntry, top: JobDocument): DatasetJob {
  const symbols = entry.symbols ?? top.symbols
  const from = entry.from ?? top.from
  // checkMissing has already found it.
  if (symbols === undefined || from === undefined) throw new TypeError('a dataset without range')
  return {
    kind: entry.kind,
    intervals: entry.intervals ?? [],
    // At the top level they are for those datasets that have them.
    contracts: hasContracts(entry, top) ? (entry.contracts ?? top.contracts ?? []) : [],
    symbols,
    from,
    to: entry.to ?? top.to ?? DEFAULTS.to,
    source: entry.source ?? top.source ?? DEFAULTS.source,
    numbers: entry.numbers ?? top.numbers ?? DEFAULTS.numbers,
    compression: entry.compression ?? top.compression ?? DEFAULTS.compression,
    settle: entry.settle ?? top.settle ?? DEFAULTS.settle,
    partition: entry.partition ?? top.partition ?? DEFAULTS.partition,
    market: entry.market ?? top.market ?? DEFAULTS.market,
  }
}

function hasContracts({ kind, market }: DatasetEntry, top: JobDocument): boolean {
  return findDataset(market ?? top.market ?? DEFAULTS.market, kind)?.contracts !== undefined
}
