/**
 * The records of runs, `_runs/<id>.json`: each is written once and never changed, by whoever ran, so several writers
 * need to agree on nothing.
 */

import { BackfillError, DamageError, isChanged } from '../base/errors.ts'
import type { Files, Random } from '../base/ports.ts'
import { parseMicros } from '../base/time.ts'
import type { Measured } from '../plan/speed.ts'
import {
  formatRunRecord,
  isRunId,
  parseRunRecord,
  runId,
  type RunRecord,
  type RunSpeed,
} from './run-record.ts'

/** The directory of records in the lake. */
export const RUNS_DIRECTORY = '_runs'

/** So many records are kept, the newest. */
export const RUNS_MAX = 200

/** No record that was written is as large. */
const RECORD_BYTES_MAX = 4 << 20
/** Two ids that are equal by chance are one in four billion, of runs that started in the same millisecond. */
const ATTEMPTS = 3
const READS_AT_ONCE = 8

/** Where the record of a run lies. */
export function runPath(id: string): string {
  return `${RUNS_DIRECTORY}/${id}.json`
}

/**
 * Writes the record of a run, and removes the oldest beyond {@link RUNS_MAX}.
 *
 * @returns its id
 */
export async function writeRun(
  files: Files,
  record: Omit<RunRecord, 'id'>,
  random: Random,
): Promise<string> {
  const id = await create(files, record, random)
  for (const old of (await listRuns(files)).slice(RUNS_MAX))
    // The clock of another machine may say that ours is old.
    if (old !== id) await files.remove(runPath(old))
  return id
}

async function create(
  files: Files,
  record: Omit<RunRecord, 'id'>,
  random: Random,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const id = runId(parseMicros(record.started), random.next())
    const { format, ...rest } = record
    try {
      await files.replace(runPath(id), formatRunRecord({ format, id, ...rest }), 'absent')
      return id
    } catch (error) {
      if (!isChanged(error) || attempt === ATTEMPTS) throw error
    }
  }
}

/** The ids of all records, newest first. Whatever else lies there is not ours. */
export async function listRuns(files: Files): Promise<readonly string[]> {
  const names = (await files.list(RUNS_DIRECTORY)).map(({ name }) => name)
  const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5))
  return ids.filter(isRunId).toSorted((a, b) => (a < b ? 1 : -1))
}

/**
 * Reads the record of a run; `undefined` when there is none.
 *
 * @throws UsageError for one of a newer version; DamageError for one that is torn.
 */
export async function readRunRecord(files: Files, id: string): Promise<RunRecord | undefined> {
  const sizeBytes = await files.size(runPath(id))
  if (sizeBytes === undefined) return undefined
  if (sizeBytes > RECORD_BYTES_MAX)
    throw new DamageError(`the record of run ${id} is too large to be one`)
  const found = await files.read(runPath(id))
  return found && parseRunRecord(new TextDecoder().decode(found.bytes), id)
}

/** A record that cannot be read, and why. */
export type RunProblem = { readonly id: string; readonly message: string }

/** Reads the records of `ids`, in their order. One that was removed meanwhile is left out. */
export async function readRunRecords(
  files: Files,
  ids: readonly string[],
): Promise<{ readonly runs: readonly RunRecord[]; readonly problems: readonly RunProblem[] }> {
  const runs: RunRecord[] = []
  const problems: RunProblem[] = []
  for (let first = 0; first < ids.length; first += READS_AT_ONCE)
    for (const read of await Promise.all(
      ids.slice(first, first + READS_AT_ONCE).map((id) => readOrProblem(files, id)),
    ))
      if ('problem' in read) problems.push(read.problem)
      else if (read.run !== undefined) runs.push(read.run)
  return { runs, problems }
}

type RunRead = { readonly run: RunRecord | undefined } | { readonly problem: RunProblem }

async function readOrProblem(files: Files, id: string): Promise<RunRead> {
  try {
    return { run: await readRunRecord(files, id) }
  } catch (error) {
    if (!(error instanceof BackfillError)) throw error
    return { problem: { id, message: error.message } }
  }
}

/** So many runs are asked for how fast the sources were: the last ones may have fetched nothing. */
const SPEED_RUNS = 5

/** How fast the sources were in the last runs, newest first; in seconds. A record that cannot be read tells nothing. */
export async function readSpeeds(files: Files): Promise<readonly Measured[]> {
  const { runs } = await readRunRecords(files, (await listRuns(files)).slice(0, SPEED_RUNS))
  return runs.flatMap(({ speed }) => (speed === undefined ? [] : [measuredIn(speed)]))
}

function measuredIn({ pageMs, fileMs, bytesPerSecond }: RunSpeed): Measured {
  return {
    ...(pageMs === undefined ? {} : { pageSeconds: pageMs / 1_000 }),
    ...(fileMs === undefined ? {} : { fileSeconds: fileMs / 1_000 }),
    ...(bytesPerSecond === undefined || bytesPerSecond === 0 ? {} : { bytesPerSecond }),
  }
}
