/** What is looked at before anything is asked or written: options, jobs side by side, keys. */

import { UsageError } from '../base/errors.ts'
import { MARKETS } from '../binance/market.ts'
import { seriesName } from '../binance/series.ts'
import { factsOf, type DatasetJob, type Job } from '../job/job.ts'
import type { Options } from '../options.ts'
import { accountLabel, credentialsFor } from '../session/account.ts'
import { shardFilter } from '../session/shard.ts'
import { checkAlike, seriesOf } from '../session/wants.ts'

/** Checks options that no type can. @throws UsageError */
function checkOptions({ weightShare = 1, concurrency = 1, maxWaitMs = 0, shard }: Options): void {
  if (!(weightShare > 0 && weightShare <= 1))
    throw new UsageError(`weightShare: expected a number above 0 and at most 1, got ${weightShare}`)
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new UsageError(`concurrency: expected a whole number from 1 on, got ${concurrency}`)
  shardFilter(shard)
  if (!(maxWaitMs >= 0)) throw new UsageError(`maxWaitMs: expected 0 or more, got ${maxWaitMs}`)
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
    if (options.source === 'archive' && factsOf(dataset).archive === undefined)
      throw new UsageError(`source archive: ${dataset.kind} are not published in the archive`, {
        hint: 'Leave --source away, or take auto or rest.',
      })
    if (options.source === 'rest' && factsOf(dataset).walk === 'archive')
      throw new UsageError(`source rest: ${dataset.kind} are only published in the archive`, {
        hint: 'Leave --source away, or take auto or archive.',
      })
    if (options.wire === 'sbe' && !MARKETS[dataset.market].rest.hasSbe)
      throw new UsageError(`wire sbe: ${dataset.market} is only served as JSON`, {
        hint: 'Leave --wire away, or run the jobs of spot alone with it.',
      })
    for (const key of seriesOf(settings, named)) {
      const name = seriesName(key)
      checkAlike(key, asked.get(name) ?? settings, settings)
      asked.set(name, settings)
    }
  }
}
