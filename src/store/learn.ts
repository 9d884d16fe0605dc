/** What the rows of a file teach, once all of them are written. */

import type { Coverage } from '../base/coverage.ts'
import { cover, cutGaps, type Answered } from './ledger.ts'
import type { Manifest } from './manifest.ts'
import type { PartitionWriter } from './partition.ts'
import { revise, slotsOf } from './vanished.ts'

/**
 * What is covered now, and which rows changed, vanished or came back.
 *
 * @param answered - What was asked and answered; `undefined`: rows of time that was answered before.
 * @param askedAgain - The part of it that was covered before.
 * @returns the manifest that knows it, and how many revisions are new
 */
export function learn(
  manifest: Manifest,
  period: string,
  writer: Pick<PartitionWriter, 'absent' | 'changes' | 'returned'>,
  {
    answered,
    askedAgain,
  }: { readonly answered: Answered | undefined; readonly askedAgain: Coverage },
): { readonly manifest: Manifest; readonly changes: number } {
  const absent = writer.absent(askedAgain)
  const kept = absent.map(({ key }) => BigInt(key))
  const next =
    answered === undefined
      ? manifest
      : cover(manifest, { ...answered, gaps: cutGaps(answered.gaps, slotsOf(manifest.key, kept)) })
  const { changes: changed, returned } = writer
  const { revisions, changes } = revise(next.revisions, { period, changed, absent, returned })
  return { manifest: { ...next, revisions }, changes }
}
