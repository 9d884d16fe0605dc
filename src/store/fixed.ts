/** What a series keeps from its first commit on. */

import { UsageError } from '../base/errors.ts'
import type { Partition } from '../base/time.ts'
import type { Numbers } from '../binance/dataset.ts'
import { seriesName } from '../binance/series.ts'
import type { Manifest } from './manifest.ts'

/** Checks that a series has the numbers and partitions that are asked for. @throws UsageError when it was begun with others. */
export function checkFixed(
  manifest: Pick<Manifest, 'key' | 'numbers' | 'partition'>,
  asked: { readonly numbers: Numbers; readonly partition: Partition | undefined },
): void {
  const name = seriesName(manifest.key)
  const { numbers, partition } = manifest
  if (asked.numbers !== numbers)
    throw new UsageError(
      `${name}: stored with numbers: ${numbers}, the job asks for ${asked.numbers}`,
      { hint: `Write "numbers: ${numbers}" in the job, or use another --data-dir.` },
    )
  if (asked.partition !== undefined && asked.partition !== partition)
    throw new UsageError(
      `${name}: stored by ${partition}, the job asks for partition: ${asked.partition}`,
      { hint: `Write "partition: ${partition}" in the job, or use another --data-dir.` },
    )
}
