/** Records of runs, for tests that need some. */

import { formatMicros, micros } from '../../src/base/time.ts'
import type { Files } from '../../src/base/ports.ts'
import type { RunRecord } from '../../src/store/run-record.ts'
import { writeRun } from '../../src/store/runs.ts'
import { seededRandom } from './sim-world.ts'

/** 2026-04-05T12:00:00Z. */
export const NOON = 1_775_390_400_000

/** The record of a run that began at `ms` and stored one row. */
export function recordAt(ms: number, part: Partial<RunRecord> = {}): Omit<RunRecord, 'id'> {
  const started = formatMicros(micros(BigInt(ms) * 1000n))
  return {
    ...{ format: 1, version: '0.1.0', job: 'majors', started, finished: started, exit: 0 },
    ...{ complete: true, rows: 1, revisions: 0, partitions: 1, bytes: 9, requests: 2, weight: 4 },
    ...{ waits: {}, series: 1, missing: [], moreMissing: 0, symbols: {}, moreSymbols: 0 },
    ...part,
  }
}

/** Writes one record for each moment, of as many rows as came before it; their ids, in that order. */
export async function writeRuns(
  files: Files,
  moments: readonly number[],
): Promise<readonly string[]> {
  const random = seededRandom(5)
  const ids: string[] = []
  for (const [rows, ms] of moments.entries())
    ids.push(await writeRun(files, recordAt(ms, { rows }), random))
  return ids
}
