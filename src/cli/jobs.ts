/** Jobs from files or from flags. Every problem of every file is found before any is reported. */

import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Job, JobProblem } from '../index.ts'
import { Misuse } from './failure.ts'
import { JOB_FLAGS, type ValuesOf } from './flags.ts'
import { library } from './library.ts'

/** Job files that cannot be used: problems inside them, or files that cannot be read. */
export class JobFilesError extends Misuse {
  override readonly code = 'E_JOB_INVALID'
  readonly problems: readonly JobProblem[]

  constructor(lines: readonly string[], problems: readonly JobProblem[]) {
    super('', 'mend the job files; `binance-backfill schema` prints what they may hold')
    // A line each; what was typed is quoted in them.
    this.message = lines.join('\n')
    this.problems = problems
  }
}

/** One job file and what came of it: a job, or its problems. */
export type JobFile = {
  readonly file: string
  readonly job?: Job
  readonly problems: readonly JobProblem[]
  /** The problems as lines for a terminal. */
  readonly lines: readonly string[]
}

/** Reads and parses each file; resolves also when none is valid. */
export async function readJobFiles(files: readonly string[]): Promise<readonly JobFile[]> {
  return Promise.all(files.map(readJobFile))
}

async function readJobFile(path: string): Promise<JobFile> {
  const file = library.quoteText(path)
  const read = await readText(path)
  if ('refusal' in read) {
    const problem = { file, line: 1, column: 1, path: '', message: read.refusal }
    return { file, problems: [problem], lines: [`${file}: ${read.refusal}`] }
  }
  try {
    return { file, job: library.parseJob(read.text, path), problems: [], lines: [] }
  } catch (error) {
    if (!(error instanceof library.JobError)) throw error
    return { file, problems: error.problems, lines: error.message.split('\n') }
  }
}

/** The valid jobs. @throws JobFilesError with the problems of all files when there is one. */
export function jobsOf(read: readonly JobFile[]): readonly Job[] {
  const lines = read.flatMap((file) => file.lines)
  const problems = read.flatMap((file) => file.problems)
  if (lines.length > 0) throw new JobFilesError(lines, problems)
  return read.flatMap(({ job }) => (job === undefined ? [] : [job]))
}

/** Jobs of the files that are named; none when none is. */
export async function jobsFromFiles(files: readonly string[]): Promise<readonly Job[]> {
  return jobsOf(await readJobFiles(files))
}

/**
 * Jobs from files, or one from flags.
 *
 * @throws Misuse when there are both or neither.
 */
export async function jobsFrom(
  files: readonly string[],
  values: ValuesOf<typeof JOB_FLAGS>,
): Promise<readonly Job[]> {
  const flags = Object.keys(JOB_FLAGS).filter((name) => name in values)
  const described = flags.filter((name) => name !== 'compression')
  if (files.length > 0) {
    const [extra] = described
    if (extra === undefined) return jobsFromFiles(files)
    throw new Misuse(
      `--${extra} cannot stand beside job files`,
      'put it into the job file, or give a whole job by flags',
    )
  }
  if (described.length > 0) {
    const own = Object.entries(values).filter(([name]) => flags.some((flag) => flag === name))
    return [library.jobFromFlags(Object.fromEntries(own))]
  }
  throw new Misuse(
    'no job: give job files, or --dataset, --symbol, --interval, --from and --to',
    'for example: binance-backfill run --dataset klines --symbol BTCUSDT --interval 1h --from 30d',
  )
}

/** Job files of more than 256 KiB are refused by the parser; one byte more tells it so. */
const READ_BYTES_MAX = 256 * 1024 + 1

const REFUSALS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'is a directory; give the job files in it, e.g. jobs/*.yaml',
}

async function readText(
  path: string,
): Promise<{ readonly text: string } | { readonly refusal: string }> {
  try {
    const handle = await open(path, 'r')
    try {
      if ((await handle.stat()).isDirectory()) return { refusal: REFUSALS['EISDIR'] ?? '' }
      const bytes = await readUpTo(handle, READ_BYTES_MAX)
      // Of a file that is too long, the last character may be there in part; the parser refuses it for its length.
      const isCut = bytes.byteLength === READ_BYTES_MAX
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: isCut }) }
    } finally {
      await handle.close()
    }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { refusal: 'is not UTF-8 text' }
    return { refusal: REFUSALS[code] ?? library.quoteText(message.replace(path, basename(path))) }
  }
}

async function readUpTo(
  handle: Awaited<ReturnType<typeof open>>,
  max: number,
): Promise<Uint8Array> {
  const buffer = new Uint8Array(max)
  let length = 0
  while (length < max) {
    const { bytesRead } = await handle.read(buffer, length, max - length, null)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}
