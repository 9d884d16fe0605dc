/** A job from the flags of `run`, with the same rules as a job file; problems name the flag. */

import { UsageError } from '../base/errors.ts'
import { settleJob } from './build.ts'
import type { Path } from './document.ts'
import type { Job } from './job.ts'
import { valueAt, type Finding } from './problems.ts'
import { quoted } from '../base/suggest.ts'

/** The flags, as texts; a missing or undefined flag has the default of job files. */
export type JobFlags = {
  readonly dataset?: string | undefined
  readonly market?: string | undefined
  readonly symbol?: readonly string[] | undefined
  readonly contract?: readonly string[] | undefined
  readonly interval?: readonly string[] | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly source?: string | undefined
  readonly numbers?: string | undefined
  readonly compression?: string | undefined
  readonly partition?: string | undefined
  readonly settle?: string | undefined
}

/**
 * Makes the job for `run --dataset klines --symbol BTCUSDT --interval 1h --from 2024-01-01`.
 *
 * @throws UsageError `E_USAGE` with every problem, one per line, each naming its flag.
 */
export function jobFromFlags(flags: JobFlags): Job {
  const { dataset, symbol, contract, interval, ...rest } = flags
  const value = given({
    ...rest,
    version: 1,
    symbols: symbol,
    datasets: [given({ kind: dataset, contracts: contract, intervals: interval })],
  })
  const written = (): undefined => undefined
  const settled = settleJob({ value, written }, (path) => `as ${flagOf(path)} ${text(value, path)}`)
  if ('datasets' in settled)
    return { name: 'command-line', file: 'command line', datasets: settled.datasets }
  throw new UsageError(settled.map(explain).join('\n'), {
    hint: 'Fix the flags; `binance-backfill run --help` has examples.',
  })
}

function given(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isGiven = (value: unknown): boolean =>
    Array.isArray(value) ? value.length > 0 : value !== undefined
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => isGiven(value)))
}

function text(value: unknown, path: Path): string {
  return quoted(String(valueAt(value, path)))
}

const FLAGS: Readonly<Record<string, string>> = {
  symbols: 'symbol',
  contracts: 'contract',
  intervals: 'interval',
  kind: 'dataset',
}

function flagOf(path: Path): string {
  const key = path.findLast((step) => typeof step === 'string') ?? ''
  return `--${FLAGS[key] ?? key}`
}

function explain({ path, message }: Finding): string {
  if (message.startsWith('is missing')) return `${flagOf(path)}: is missing`
  return `${flagOf(path)}: ${message}`
}
