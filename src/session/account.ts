/** Whose history the jobs name: the account's label and its keys, from the environment. */

import { UsageError } from '../base/errors.ts'
import type { Credentials } from '../base/secret.ts'
import { factsOf, type Job } from '../job/job.ts'
import { allEnvironment, environment } from '../node/environment.ts'
import { checkLabel, readCredentials } from '../node/keys.ts'

/**
 * The user's own name for the account, from the environment; looked at only when the jobs name account datasets.
 *
 * @throws UsageError when it cannot name a directory.
 */
export function accountLabel(jobs: readonly Job[]): string | undefined {
  const label = needsKey(jobs) ? environment('BINANCE_ACCOUNT_LABEL') : undefined
  return label === undefined ? undefined : checkLabel(label)
}

/** The keys for the account datasets that the jobs name. @throws UsageError when they name some and there is none. */
export function credentialsFor(jobs: readonly Job[]): Credentials | undefined {
  return needsKey(jobs) ? ownCredentials() : undefined
}

/** The keys of this machine's user. @throws UsageError when there is none. */
export function ownCredentials(): Credentials {
  const credentials = readCredentials(allEnvironment())
  if (credentials !== undefined) return credentials
  throw new UsageError('account datasets need an API key', {
    hint: 'Set BINANCE_API_KEY with BINANCE_API_SECRET or BINANCE_PRIVATE_KEY_FILE.',
  })
}

/** Does any of these jobs name the account's own history? Only then are keys looked at. */
function needsKey(jobs: readonly Job[]): boolean {
  return jobs.some(({ datasets }) =>
    datasets.some((dataset) => factsOf(dataset).security === 'signed'),
  )
}
