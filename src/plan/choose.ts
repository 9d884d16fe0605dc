/** Chooses a source for each stretch of a series, by what takes less time. Pure, and the same for the same figures. */

import { clip, subtract } from '../base/coverage.ts'
import type { Window } from '../base/time.ts'
import { datasetOf } from '../binance/market.ts'
import type { SeriesKey } from '../binance/series.ts'
import { fileSeconds, fullPage, restSeconds } from './cost.ts'
import { estimate, rowsOfFile, type Pace } from './estimate.ts'
import type { PublishedFile } from './published.ts'
import type { Speed } from './speed.ts'

/** A stretch that one file has, or none. */
export type Piece = {
  readonly window: Window
  readonly file: PublishedFile | undefined
  /** Seconds that the stretch adds to a run, from the one source and from the other. */
  readonly rest: number
  readonly archive: number
}

/** A window as pieces, oldest first. @param files - In order; they do not overlap. */
export function piecesOf(
  key: SeriesKey,
  wanted: Window,
  files: readonly PublishedFile[],
  { pace, speed }: { readonly pace: Pace; readonly speed: Speed },
): readonly Piece[] {
  const own = files.flatMap((file) =>
    clip([wanted], file.window).map((window) => ({ window, file })),
  )
  const bare = subtract(
    wanted,
    own.map(({ window }) => window),
  ).map((window) => ({ window, file: undefined }))
  const inOrder = [...own, ...bare].sort((a, b) => (a.window.from < b.window.from ? -1 : 1))
  return inOrder.map(({ window, file }) => {
    const rows =
      file === undefined ? estimate(key, [window], pace).rows : rowsOfFile(key, file, window, pace)
    const rest = pagesSeconds(key, rows, speed)
    const bytes = file?.sizeBytes ?? 0
    const archive = file === undefined ? Infinity : fileSeconds({ files: 1, bytes }, speed)
    return { window, file, rest, archive }
  })
}

/** Seconds that so many rows of a stretch add; a part of a page counts as a part, since the next stretch fills it. */
function pagesSeconds(key: SeriesKey, rows: number, speed: Speed): number {
  return (rows / datasetOf(key).pageRows) * restSeconds(key, fullPage(key), speed)
}

type Choice = 'rest' | 'archive'

/**
 * The source of each piece, such that all of them take the least time. To begin with REST, or to come back to it, takes
 * a round trip, a page that is not full, and where files end before it a page that is compared with them; to begin with
 * files takes the round trips to the first one. So a file alone among pages does not pay, nor a page among files.
 */
export function cheapest(
  key: SeriesKey,
  pieces: readonly Piece[],
  speed: Speed,
): readonly Choice[] {
  const begin = {
    rest: speed.pageSeconds + restSeconds(key, fullPage(key), speed),
    archive: speed.fileSeconds,
  }
  const steps: Readonly<Record<Choice, Choice>>[] = []
  let sums: Readonly<Record<Choice, number>> = { rest: Infinity, archive: Infinity }
  for (const [index, piece] of pieces.entries()) {
    const isFirst = index === 0
    const best = (to: Choice, other: Choice): { readonly from: Choice; readonly sum: number } => {
      const fresh = (isFirst ? 0 : sums[other]) + begin[to]
      // Equal: what goes on, and files rather than weight.
      const isOn = !isFirst && sums[to] <= fresh
      return { from: isOn ? to : other, sum: (isOn ? sums[to] : fresh) + piece[to] }
    }
    const [rest, archive] = [best('rest', 'archive'), best('archive', 'rest')]
    steps.push({ rest: rest.from, archive: archive.from })
    sums = { rest: rest.sum, archive: archive.sum }
  }
  return backwards(steps, sums.rest < sums.archive ? 'rest' : 'archive')
}

function backwards(steps: readonly Readonly<Record<Choice, Choice>>[], last: Choice): Choice[] {
  const choices: Choice[] = []
  let choice = last
  for (const step of steps.toReversed()) {
    choices.push(choice)
    choice = step[choice]
  }
  return choices.reverse()
}

/**
 * Is REST faster than to ask which files there are, and to take one? Then the archive is not asked. Only where rows are
 * not guessed: a guess may be a thousand times too high, and the listing tells more.
 */
export function isSmall(
  key: SeriesKey,
  windows: readonly Window[],
  pace: Pace,
  speed: Speed,
): boolean {
  if (pace.isGuess) return false
  const { rows } = estimate(key, windows, pace)
  const pages = windows.length + rows / datasetOf(key).pageRows
  const rest = pages * restSeconds(key, fullPage(key), speed)
  // A listing is two requests: of the days, and of the months.
  return rest < fileSeconds({ files: 2, bytes: 0 }, speed)
}
