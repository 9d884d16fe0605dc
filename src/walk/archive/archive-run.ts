/** What the modules that store from the archive share. */

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
  /** Requests pages of the series from REST; `undefined` where REST may not be used. */
  readonly ask: AskPage | undefined
  /** Collected on the way: stretches missing from the files of klines. */
  readonly lacking: Window[]
  /** Collected on the way: those of them that lie between klines. */
  readonly holes: Window[]
  /** Collected on the way: those that lie between klines of one file, so that no cut end of it explains them. */
  readonly between: Window[]
  /** The codes of warnings already given: each once per series and run. */
  readonly warned: Set<string>
}

/** An opened file and the part of its time that is wanted. */
export type OpenFile = {
  readonly file: PublishedFile
  readonly archive: Archive
  readonly part: Window
}

/** A step of a file. */
export type FileStep = SourcedStep & {
  /** Is it about the file's own time? Otherwise it closes what came before, and stays when the file cannot be used. */
  readonly isOwn: boolean
  /** What was not reached before this moment stays missing. */
  readonly since: Micros | undefined
}

/** What came before is known up to this moment, except for these gaps. */
export function closing(reached: Micros, gaps: readonly Gap[] = []): FileStep {
  return { ...emptyStep(reached, gaps), source: 'archive', isOwn: false, since: undefined }
}

/** Rows of a file outside its own time. */
export function strays(page: Page, reached: Micros): FileStep {
  return { ...closing(reached), page, end: page.rowCount }
}

/** The source that rows of a file are stored with. */
export function sourceOf({
  file,
  archive,
}: Pick<OpenFile, 'file' | 'archive'>): Required<Pick<SourcedStep, 'source' | 'archives'>> {
  const { path, sha256 } = archive
  return { source: 'archive', archives: { [path]: { sha256, period: file.period } } }
}
