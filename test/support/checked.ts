/** `verify` and `status` over a lake in a directory, and the lake's files to be damaged. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Options } from '../../src/options.ts'
import { parseJob } from '../../src/job/parse.ts'
import { status, type SeriesStatus } from '../../src/query/status.ts'
import {
  verify,
  type VerifyOptions,
  type VerifyProgress,
  type VerifyReport,
} from '../../src/verify/verify.ts'

/** Verifies a lake to the end. */
export async function verifyLake(options: VerifyOptions, yaml?: string): Promise<VerifyReport> {
  const jobs = yaml === undefined ? [] : [parseJob(yaml, 'test.yaml')]
  let report: Extract<VerifyProgress, { kind: 'report' }> | undefined
  for await (const step of verify(jobs, options)) if (step.kind === 'report') report = step
  if (report === undefined) throw new Error('no report')
  return report
}

/** The codes of what `verify` found, sorted. */
export function codesOf({ findings }: VerifyReport): readonly string[] {
  return findings.map(({ code }) => code).sort()
}

/** The status of the only series of a lake, or of the only one that a job names. */
export async function statusOfOne(options: Options, yaml?: string): Promise<SeriesStatus> {
  const jobs = yaml === undefined ? [] : [parseJob(yaml, 'test.yaml')]
  const { series } = await status(jobs, options)
  const [one, ...more] = series
  if (one === undefined || more.length > 0) throw new Error(`${series.length} series`)
  return one
}

/** Changes a file of a lake in place. */
export async function change(
  dataDir: string,
  path: string,
  by: (bytes: Buffer) => Uint8Array,
): Promise<void> {
  const file = join(dataDir, path)
  await writeFile(file, by(await readFile(file)))
}
