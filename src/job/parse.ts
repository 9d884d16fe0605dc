/** The entry to the job room: from the text of a job file, or flags, to a {@link Job}. */

import { JobError, type JobProblem } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { settleJob } from './build.ts'
import { readDocument, type Flaw, type Path, type PlainDocument } from './document.ts'
import type { Job } from './job.ts'
import type { Finding } from './problems.ts'
import { quoted } from '../base/suggest.ts'

export { jobFromFlags, type JobFlags } from './flags.ts'
export { jobSchema } from './schema.ts'

/** Problems beyond this many are counted, not listed. */
const PROBLEMS_MAX = 100

/**
 * Reads a job file.
 *
 * @param text - YAML 1.2, decoded from UTF-8, at most 256 KiB; no tags, merge keys or further documents.
 * @param file - the file's path, for messages; without directory and extension, it is the default name.
 * @throws JobError `E_JOB_INVALID` with every problem (at most 100, then their number), in the order of the file.
 */
export function parseJob(text: string, file: string): Job {
  const document = readDocument(text)
  const refuse = (flaws: readonly Flaw[]): JobError => jobError(flaws, document, file)
  if (document.value === undefined) throw refuse(document.flaws)
  const { value } = document
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse([...document.flaws, notAMap(document)])
  const line = (path: Path): number => document.lineAndColumn(document.valueOffset(path)).line
  const settled = settleJob(document, (path) => `on line ${line(path)}`)
  const findings = 'datasets' in settled ? [] : settled
  // Problems that only follow from a syntax error are not reported.
  const flawed = new Set(document.flaws.map(({ offset }) => offset))
  const located = findings.map((finding) => locate(finding, document))
  const flaws = [...document.flaws, ...located.filter(({ offset }) => !flawed.has(offset))]
  if (flaws.length > 0 || !('datasets' in settled)) throw refuse(flaws)
  return { name: settled.name ?? nameOf(file), file, datasets: settled.datasets }
}

function notAMap({ value, valueOffset }: PlainDocument): Flaw {
  const found = Array.isArray(value) ? 'a list' : 'plain text'
  const message =
    value === null
      ? 'the file is empty; a job begins with version: 1'
      : `expected a map with version and datasets, found ${found}`
  return { offset: valueOffset([]), path: [], message }
}

function locate({ path, on, message }: Finding, document: PlainDocument): Flaw {
  const offset = on === 'key' ? document.keyOffset(path) : document.valueOffset(path)
  return { offset, path, message }
}

function jobError(flaws: readonly Flaw[], document: PlainDocument, file: string): JobError {
  const sorted = [...flaws].sort((a, b) => a.offset - b.offset)
  const listed = sorted.slice(0, PROBLEMS_MAX)
  const next = sorted[PROBLEMS_MAX]
  const more = `and ${sorted.length - PROBLEMS_MAX} more problems from here on`
  const shown = next === undefined ? listed : [...listed, { ...next, path: [], message: more }]
  return new JobError(
    shown.map(({ offset, path, message }): JobProblem => {
      const place = document.lineAndColumn(offset)
      return { file: quoteText(file), ...place, path: pathText(path), message }
    }),
  )
}

/** `datasets[0].intervals[1]`; keys that are not plain words are quoted. */
function pathText(path: Path): string {
  return path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`
      return /^[A-Za-z_][\w-]{0,60}$/.test(step) ? `.${step}` : `[${quoted(step)}]`
    })
    .join('')
    .replace(/^\./, '')
}

function nameOf(file: string): string {
  const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
  const safe = base
    .replace(/\.ya?ml$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[.-]+$/g, '')
  return safe.slice(0, 64).replace(/\.+$/, '') || 'job'
}
