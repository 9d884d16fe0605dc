/** The runs that a lake remembers. Reads nothing but their records. */

import { UsageError } from '../base/errors.ts'
import type { Files } from '../base/ports.ts'
import { closest, quoted } from '../base/suggest.ts'
import { DATA_DIR, type Options } from '../options.ts'
import { closeWorld, worldOf } from '../session/world.ts'
import { requireLake } from '../store/lake.ts'
import type { RunRecord } from '../store/run-record.ts'
import { listRuns, readRunRecord, readRunRecords, type RunProblem } from '../store/runs.ts'

export type { RunLack, RunRecord, RunWaits } from '../store/run-record.ts'
export type { RunProblem } from '../store/runs.ts'

/** Options of {@link readRuns}. */
export type HistoryOptions = Pick<Options, 'dataDir' | 'world'> & {
  /** The newest so many. Default: all that are kept. */
  readonly limit?: number
}

/** The last runs of a lake. */
export type History = {
  /** Newest first. */
  readonly runs: readonly RunRecord[]
  /** Records that cannot be read, since they are torn, or of a newer version. */
  readonly problems: readonly RunProblem[]
  /** How many older records there are. */
  readonly more: number
}

/**
 * The runs that a lake remembers, newest first: of each when it was, what it stored, and what was missing and why.
 *
 * @throws UsageError where there is no lake.
 */
export async function readRuns(options: HistoryOptions = {}): Promise<History> {
  return inLake(options, async (files) => {
    const ids = await listRuns(files)
    const shown = ids.slice(0, options.limit)
    return { ...(await readRunRecords(files, shown)), more: ids.length - shown.length }
  })
}

/**
 * One run.
 *
 * @param name - Its id, or as much of the beginning as no other has.
 * @throws UsageError where there is no lake or no such run, or it was recorded by a newer version; DamageError when its
 * record is torn.
 */
export async function readRun(name: string, options: HistoryOptions = {}): Promise<RunRecord> {
  return inLake(options, async (files) => {
    const ids = await listRuns(files)
    const run = await readRunRecord(files, idOf(name, ids))
    // It was the oldest, and somebody else's run has just ended.
    if (run === undefined) throw unknownRun(name, await listRuns(files))
    return run
  })
}

async function inLake<T>(options: HistoryOptions, look: (files: Files) => Promise<T>): Promise<T> {
  const world = worldOf(options)
  try {
    await requireLake(world.files, options.dataDir ?? DATA_DIR)
    return await look(world.files)
  } finally {
    await closeWorld(world, options)
  }
}

const NAMED_MAX = 3

function idOf(name: string, ids: readonly string[]): string {
  const found = name === '' ? [] : ids.filter((id) => id.startsWith(name))
  const [id] = found
  if (id === undefined) throw unknownRun(name, ids)
  if (found.length === 1) return id
  const some = found.slice(0, NAMED_MAX).join(', ')
  const rest = found.length > NAMED_MAX ? ` and ${found.length - NAMED_MAX} more` : ''
  throw new UsageError(`${quoted(name)} is the beginning of ${found.length} runs: ${some}${rest}`, {
    hint: 'Name one of them.',
  })
}

function unknownRun(name: string, ids: readonly string[]): UsageError {
  const [newest] = ids
  if (newest === undefined) return new UsageError('the lake remembers no run')
  const near = closest(
    name,
    ids.map((id) => id.slice(0, name.length)),
  )
  const nearest = ids.find((id) => near !== undefined && id.startsWith(near))
  return new UsageError(`the lake remembers no run ${quoted(name)}`, {
    hint:
      nearest === undefined
        ? `The newest is ${newest}; \`binance-backfill history\` lists them.`
        : `Did you mean ${nearest}? \`binance-backfill history\` lists all.`,
  })
}
