/** The sources of a plan in words: which and why, and what their times rest on. */

import type { Plan, SeriesPlan, SourceShare, Task } from '../index.ts'
import { bytes, count, counted, duration } from './human.ts'
import { library } from './library.ts'

/** What the time rests on: the weight that may be spent, and how fast files are taken. */
export function budget({ series, speed }: Plan): string {
  const tasks = series.flatMap((one) => one.tasks)
  const rest = tasks.filter(({ source }) => source === 'rest')
  const sum = (of: (task: Task) => number): number =>
    rest.reduce((total, task) => total + of(task), 0)
  const parts = [
    ...(sum(({ cost }) => cost.weight) > 0
      ? [`${count(speed.weightPerMinute)} weight a minute`]
      : []),
    ...(rest.length < tasks.length ? [`${bytes(speed.bytesPerSecond)} of files a second`] : []),
  ]
  return parts.length === 0 ? '' : ` at ${parts.join(' and ')}`
}

/** Are files taken, or pages instead of files? */
export function mayUseFiles({ sources }: SeriesPlan): boolean {
  return sources.some(({ source, why }) => source === 'archive' || why === 'faster')
}

/**
 * `Measured: 0.15 s a page. Assumed: 0.50 s a file, 10.0 MB of files a second.`: what the choice of sources and the time
 * of files rest on.
 */
export function assumptions({ series, speed }: Plan): string {
  const { pageSeconds, fileSeconds, bytesPerSecond } = speed.measured
  // Pages alone take as long as their weight does, or hardly longer.
  if (!series.some(mayUseFiles)) return ''
  const figures = [
    { text: `${time(speed.pageSeconds)} a page`, measured: pageSeconds },
    { text: `${time(speed.fileSeconds)} a file`, measured: fileSeconds },
    { text: `${bytes(speed.bytesPerSecond)} of files a second`, measured: bytesPerSecond },
  ]
  const sentence = (word: string, isMeasured: boolean): readonly string[] => {
    const own = figures.filter(({ measured }) => (measured !== undefined) === isMeasured)
    return own.length === 0 ? [] : [`${word}: ${own.map(({ text }) => text).join(', ')}.`]
  }
  return `${[...sentence('Measured', true), ...sentence('Assumed', false)].join(' ')}\n`
}

/** `0.15 s`, `3 ms`. */
function time(seconds: number): string {
  return seconds < 0.01 ? `${Math.round(seconds * 1_000)} ms` : `${seconds.toFixed(2)} s`
}

/** What comes from the archive, under the series' own line; the figures there are those of REST. */
export function archiveLine({ archive, settings, sources }: SeriesPlan): readonly string[] {
  if (archive === undefined)
    return settings.source === 'archive' ? ['archive: nothing published'] : []
  const { files, bytes: size, requestsSaved } = archive
  const loaded = `${counted(files, 'file')}, ${bytes(size)}`
  const why = compared(sources.find(({ source }) => source === 'archive'))
  return [`archive: ${loaded}${why}; saves ${counted(requestsSaved, 'request')}`]
}

/** That REST is asked for what the archive has too. */
export function restLine({ sources }: SeriesPlan): readonly string[] {
  const share = sources.find(({ source, why }) => source === 'rest' && why === 'faster')
  if (share === undefined) return []
  const { seconds, otherSeconds } = share
  if (otherSeconds === undefined) return ['REST: few pages, so the archive is not asked']
  return [`REST where faster: ${shortly(seconds)} (files: ${shortly(otherSeconds)})`]
}

/** ` in 3 s (REST: 1 min)`; nothing where nothing was compared. */
function compared(share: SourceShare | undefined): string {
  if (share?.otherSeconds === undefined) return ''
  return ` in ${shortly(share.seconds)} (REST: ${shortly(share.otherSeconds)})`
}

function shortly(seconds: number): string {
  return seconds < 0.1 ? 'under 0.1 s' : duration(seconds)
}

/** What the rows of files rest on that no grid bounds. */
export function zipRows(pending: readonly SeriesPlan[]): readonly string[] {
  const perRow = new Map(
    pending
      .filter(({ archive, key }) => archive !== undefined && key.interval === undefined)
      .map(({ key }) => [key.dataset, library.zipRowBytes(key)] as const),
  )
  return [...perRow].map(
    ([dataset, size]) => `${dataset}: rows of files are taken to be ${size} bytes each.\n`,
  )
}

/** What the estimates of series rest on that the lake knows nothing of. */
export function guesses(pending: readonly SeriesPlan[]): readonly string[] {
  const perDay = new Map(
    pending
      .filter(({ pace }) => pace.isGuess)
      .map(({ key, pace }) => [key.dataset, pace.rowsPerDay] as const),
  )
  return [...perDay].map(
    ([dataset, rows]) => `${dataset}: new series are guessed to have ${count(rows)} rows a day.\n`,
  )
}
