/** The last runs, as the page tells of them. */

import type { Files } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import type { RunRecord } from '../store/run-record.ts'
import { listRuns, readRunRecords } from '../store/runs.ts'
import type { RunLine } from './document.ts'
import { count } from './text.ts'

const RUNS_MAX = 10

/** The last runs that the lake remembers, newest first. Records that cannot be read are `history`'s to name. */
export async function lastRuns(files: Files): Promise<readonly RunLine[]> {
  const ids = await listRuns(files)
  const { runs } = await readRunRecords(files, ids.slice(0, RUNS_MAX))
  return runs.map((run) => ({
    started: run.started,
    job: quoteText(run.job, 80),
    exit: run.exit,
    words: wordsOf(run),
  }))
}

function wordsOf({ rows, series, missing, moreMissing, error }: RunRecord): string {
  const lacking = missing.length + moreMissing
  const parts = [
    `${count(rows)} rows added`,
    ...(lacking === 0 ? [] : [`${count(lacking)} of ${count(series)} series incomplete`]),
    ...(error === undefined ? [] : [quoteText(error.message, 160)]),
  ]
  return parts.join('; ')
}
