/** Splits a plan between the archive and REST, by the files that are published and by what is faster. Pure. */

import { subtractAll, union, type Coverage } from '../base/coverage.ts'
import { cheapest, isSmall, piecesOf, type Piece } from './choose.ts'
import { estimateRest, paceWith } from './estimate.ts'
import type { SeriesPlan, SourceShare } from './plan.ts'
import type { PublishedFile } from './published.ts'
import type { Speed } from './speed.ts'
import { archiveTasks, leftBy, restTasks, type Task } from './task.ts'

/**
 * The plan of a series of which these files are published: REST is asked for what they lack or it brings faster, and
 * makes one more request at each seam where it continues after them.
 *
 * @param published - In order; they do not overlap.
 */
export function splitSeries(
  plan: SeriesPlan,
  published: readonly PublishedFile[],
  speed: Speed,
): SeriesPlan {
  const { key, missing, recheck, settings } = plan
  const isAlone = settings.source === 'archive'
  if (published.length === 0 && !isAlone) return plan
  const pace = paceWith(key, plan.pace, { files: published, missing })
  const choice = isAlone
    ? { files: published, restFirst: [], shares: [] }
    : chosen({ ...plan, pace }, published, speed)
  const { files, restFirst } = choice
  const archive = archiveTasks(key, missing, files, { pace, speed })
  const seams = [...plan.seams, ...files.map(({ window }) => window.to)]
  const windows = isAlone ? [] : union(leftBy(archive, missing), recheck)
  const tasks = [...archive, ...restTasks(key, windows, { pace, seams, speed })]
  const bytes = files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
  const figures = figuresOf(tasks, pace.rowBytes)
  const sources = isAlone ? sharesOf(tasks, 'asked') : choice.shares
  const split = { ...plan, ...figures, pace, tasks, sources, restFirst }
  if (files.length === 0) return split
  const all = estimateRest(key, union(missing, recheck), { pace, seams: plan.seams })
  const requestsSaved = Math.max(0, all.requests - figures.requests)
  return { ...split, archive: { files: files.length, bytes, requestsSaved } }
}

/** The plan of a series for which the archive is not asked, since REST takes less time than asking; `undefined`: ask. */
export function withoutListing(plan: SeriesPlan, speed: Speed): SeriesPlan | undefined {
  const { key, missing, settings, pace, tasks } = plan
  if (settings.source !== 'auto' || !isSmall(key, missing, pace, speed)) return undefined
  return { ...plan, sources: sharesOf(tasks, 'faster'), restFirst: missing }
}

type Chosen = {
  readonly files: readonly PublishedFile[]
  readonly restFirst: Coverage
  readonly shares: readonly SourceShare[]
}

/** The files that are faster than REST, and what REST brings although there are files. */
function chosen(
  { key, missing, recheck, pace }: SeriesPlan,
  published: readonly PublishedFile[],
  speed: Speed,
): Chosen {
  const taken: Piece[] = []
  const left: Piece[] = []
  for (const window of missing) {
    const pieces = piecesOf(key, window, published, { pace, speed })
    const sources = cheapest(key, pieces, speed)
    for (const [index, piece] of pieces.entries())
      (sources[index] === 'archive' ? taken : left).push(piece)
  }
  const files = new Set(taken.flatMap(({ file }) => file ?? []))
  const compared = left.filter(({ file }) => file !== undefined)
  const bare = left.filter(({ file }) => file === undefined)
  const again = subtractAll(recheck, missing).length > 0
  return {
    files: [...files],
    restFirst: union(compared.map(({ window }) => window)),
    shares: [
      ...share('archive', taken),
      ...share('rest', compared),
      ...(bare.length > 0 || again ? [shareOfOnly(bare)] : []),
    ],
  }
}

function share(source: 'rest' | 'archive', pieces: readonly Piece[]): readonly SourceShare[] {
  if (pieces.length === 0) return []
  const other = source === 'rest' ? 'archive' : 'rest'
  const sum = (of: 'rest' | 'archive'): number =>
    pieces.reduce((total, piece) => total + piece[of], 0)
  return [{ source, why: 'faster', seconds: sum(source), otherSeconds: sum(other) }]
}

function shareOfOnly(pieces: readonly Piece[]): SourceShare {
  const seconds = pieces.reduce((sum, { rest }) => sum + rest, 0)
  return { source: 'rest', why: 'only', seconds }
}

function sharesOf(tasks: readonly Task[], why: SourceShare['why']): readonly SourceShare[] {
  return (['archive', 'rest'] as const).flatMap((source) => {
    const own = tasks.filter((task) => task.source === source)
    const seconds = own.reduce((sum, { cost }) => sum + cost.seconds, 0)
    return own.length === 0 ? [] : [{ source, why, seconds }]
  })
}

function figuresOf(
  tasks: readonly Task[],
  rowBytes: number,
): Pick<SeriesPlan, 'requests' | 'weight' | 'rows' | 'bytes'> {
  const sum = (of: (task: Task) => number): number =>
    tasks.reduce((total, task) => total + of(task), 0)
  const rows = sum(({ cost }) => cost.rows)
  return {
    requests: sum(({ cost }) => cost.requests),
    weight: sum(({ cost }) => cost.weight),
    rows,
    bytes: Math.round(rows * rowBytes),
  }
}
