/** What the parts of storing from the archive share. */

import type { Gap } from '../../base/gap.ts'
import type { Micros, Window } from '../../base/time.ts'
import type { SeriesPlan } from '../../plan/plan.ts'
import type { Archive } from '../../pull/archive/download.ts'
import { type AskPage } from '../walk.ts'
import type { Page } from '../../rows/page.ts'
import type { Series } from '../../store/series.ts'
import type { ArchiveSession } from './files.ts'
import type { SourcedStep, Tally } from '../../store/window-store.ts'
import { emptyStep } from '../../rows/step.ts'
import type { PublishedFile } from '../../plan/task.ts'

/** What storing from the archive needs. */
export type ArchiveRun = {
  readonly plan: SeriesPlan
  readonly series: Series
  readonly session: ArchiveSession
  /** The server's clock, read before the first request. */
  readonly now: Micros
  readonly tally: Tally
  readonly signal: AbortSignal
  /** Asks REST for a page of the series; `undefined` where REST may not be asked. */
  readonly ask: AskPage | undefined
  /** Filled on the way: stretches that the files of klines were found to lack. */
  readonly lacking: Window[]
  /** Filled on the way: those of them that lie between klines. */
  readonly holes: Window[]
  /** Filled on the way: those that lie between klines of one file, so that no cut end of it explains them. */
  readonly between: Window[]
  /** What was warned of already: each thing once a series and run. */
  readonly told: Set<string>
}

/** A file that was opened: where it lies, and what it is about. */
export type OpenFile = {
  readonly file: PublishedFile
  readonly archive: Archive
  readonly part: Window
}

/** A step of a file. */
export type FileStep = SourcedStep & {
  /** Does it tell of the file's own time? Else it closes what came before, and stays when the file cannot be used. */
  readonly isOwn: boolean
  /** What was not reached before this moment stays missing. */
  readonly since: Micros | undefined
}

/** What came before is known up to this moment, but for these gaps. */
export function closing(reached: Micros, gaps: readonly Gap[] = []): FileStep {
  return { ...emptyStep(reached, gaps), source: 'archive', isOwn: false, since: undefined }
}

/** Rows of a file beside the ones that are stored. */
export function strays(page: Page, reached: Micros): FileStep {
  return { ...closing(reached), page, end: page.rowCount }
}

/** What rows of a file are stored with. */
export function sourceOf({
  file,
  archive,
}: Pick<OpenFile, 'file' | 'archive'>): Required<Pick<SourcedStep, 'source' | 'archives'>> {
  const { path, sha256 } = archive
  return { source: 'archive', archives: { [path]: { sha256, period: file.period } } }
}
