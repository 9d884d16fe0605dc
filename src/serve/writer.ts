/** Who writes to the lake at this moment, as its lock says. Takes nothing, waits for nothing. */

import type { World } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import {
  judgeHolder,
  lastEpoch,
  LOCK_DIRECTORY,
  lockPath,
  parseLockRecord,
} from '../store/lock-record.ts'
import { moment } from '../report/text.ts'

/** The run that holds the lake, in words; `undefined` when none does, or none that is known to be alive. */
export async function writerOf({ files, process, clock }: World): Promise<string | undefined> {
  const epoch = lastEpoch(await files.list(LOCK_DIRECTORY))
  if (epoch === undefined) return undefined
  const content = await files.read(lockPath(epoch))
  const record = parseLockRecord(new TextDecoder().decode(content?.bytes))
  if (record === undefined || judgeHolder(record, process, clock.now()) !== 'held') return undefined
  const since = moment(record.since.slice(0, 16))
  return quoteText(`A run writes to it since ${since} (process ${record.pid} on ${record.host}).`)
}
