/** A lake in a directory of its own, a stand-in on a real socket, and jobs run between them. */

import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { backfill } from '../../src/backfill/run.ts'
import { parseJob } from '../../src/job/parse.ts'
import type { Options } from '../../src/options.ts'
import type { Progress, Summary } from '../../src/progress.ts'
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/index.ts'

/** A directory that is gone when the test is over. */
export async function tempDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'binance-backfill-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A stand-in on a free port, for as long as the test lasts. */
export async function serve(options: SimulatorOptions): Promise<Simulator> {
  const simulator = await startSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator
}

/** What a run told. */
export type Told = {
  readonly events: readonly Progress[]
  readonly summary: Summary
  readonly error: unknown
}

/** Runs a job given as YAML, to its end or to the error that ended it. */
export async function run(yaml: string, options: Options): Promise<Told> {
  const events: Progress[] = []
  let error: unknown
  try {
    for await (const event of backfill([parseJob(yaml, 'test.yaml')], options)) events.push(event)
  } catch (thrown) {
    error = thrown
  }
  const summary = events.at(-1)
  if (summary?.kind !== 'summary') throw error instanceof Error ? error : new Error('no summary')
  return { events, summary, error }
}

/** Everything in a lake that is data or says what data there is: path to SHA-256. */
export async function contents(dataDir: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true })
  const hashes: Record<string, string> = {}
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(dataDir.length + 1)
    if (/^(?:spot|um|cm)\//.test(name))
      hashes[name] = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
  }
  return hashes
}
