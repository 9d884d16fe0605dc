/** What is looked at before anything is asked or written: options, jobs side by side, keys. */

import { UsageError } from '../base/errors.ts'
import type { Credentials } from '../base/secret.ts'
import { DATASETS } from '../binance/dataset.ts'
import { seriesName } from '../binance/series.ts'
import type { DatasetJob, Job } from '../job/job.ts'
import { allEnvironment, environment } from '../node/environment.ts'
import { checkLabel, readCredentials } from '../node/keys.ts'
import type { Options } from '../options.ts'
import { checkAlike, seriesOf } from './wants.ts'

/** Checks options that no type can. @throws UsageError */
function checkOptions({ weightShare = 1, concurrency = 1, maxWaitMs = 0 }: Options): void {
  if (!(weightShare > 0 && weightShare <= 1))
    throw new UsageError(`weightShare: expected a number above 0 and at most 1, got ${weightShare}`)
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new UsageError(`concurrency: expected a whole number from 1 on, got ${concurrency}`)
  if (!(maxWaitMs >= 0)) throw new UsageError(`maxWaitMs: expected 0 or more, got ${maxWaitMs}`)
}

/**
 * The user's own name for the account, from the environment; looked at only when the jobs name account datasets.
 *
 * @throws UsageError when it cannot name a directory.
 */
export function accountLabel(jobs: readonly Job[]): string | undefined {
  const label = needsKey(jobs) ? environment('BINANCE_ACCOUNT_LABEL') : undefined
  return label === undefined ? undefined : checkLabel(label)
}

/**
 * Checks what needs neither the lake nor the exchange.
 *
 * @throws UsageError when an account dataset lacks its key or label, the source that overrides the jobs' own has not
 * what they name, or two of them ask for one series in different ways.
 */
export function checkJobs(jobs: readonly Job[], options: Options): void {
  checkOptions(options)
  credentialsFor(jobs)
  const asked = new Map<string, DatasetJob>()
  const named = { symbols: [], account: accountLabel(jobs) }
  for (const { source, ...dataset } of jobs.flatMap(({ datasets }) => datasets)) {
    const settings = { ...dataset, source: options.source ?? source }
    if (options.source === 'archive' && !DATASETS[dataset.kind].hasArchive)
      throw new UsageError(`source archive: ${dataset.kind} are not published in the archive`, {
        hint: 'Leave --source away, or take auto or rest.',
      })
    for (const key of seriesOf(settings, named)) {
      const name = seriesName(key)
      checkAlike(key, asked.get(name) ?? settings, settings)
      asked.set(name, settings)
    }
  }
}

/** The keys for the account datasets that the jobs name. @throws UsageError when they name some and there is none. */
export function credentialsFor(jobs: readonly Job[]): Credentials | undefined {
  if (!needsKey(jobs)) return undefined
  const credentials = readCredentials(allEnvironment())
  if (credentials !== undefined) return credentials
  throw new UsageError('account datasets need an API key', {
    hint: 'Set BINANCE_API_KEY with BINANCE_API_SECRET or BINANCE_PRIVATE_KEY_FILE.',
  })
}

/** Does any of these jobs name the account's own history? Only then are keys looked at. */
function needsKey(jobs: readonly Job[]): boolean {
  return jobs.some(({ datasets }) =>
    datasets.some(({ kind }) => DATASETS[kind].security === 'signed'),
  )
}
