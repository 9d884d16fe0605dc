/** What is wrong with the lake, in the order of its weight: the first thing that the page says. */

import { parseMicros } from '../base/time.ts'
import { intervalStep, parseInterval } from '../binance/interval.ts'
import type { ReportDocument, ReportSeries } from './document.ts'
import { count } from './text.ts'

/** One thing that is wrong, and the series that it is wrong with. */
export type Attention = {
  readonly kind: 'damaged' | 'incomplete' | 'unconfirmed' | 'behind' | 'run'
  readonly words: string
  readonly series: readonly ReportSeries[]
}

const DAY = 86_400_000_000n

/** How far a series may end before the newest one of the lake, if its interval is not longer. */
const BEHIND = 2n * DAY

/** Everything that is wrong; empty when nothing is. */
export function attentionTo({ series, runs }: ReportDocument): readonly Attention[] {
  const found: Attention[] = []
  const add = (
    kind: Attention['kind'],
    which: readonly ReportSeries[],
    words: (number: string) => string,
  ): void => {
    const number = which.length === 1 ? '1 series' : `${count(which.length)} series`
    if (which.length > 0) found.push({ kind, words: words(number), series: which })
  }
  const verb = (which: readonly ReportSeries[], one: string, more: string): string =>
    which.length === 1 ? one : more
  const damaged = series.filter(({ isDamaged }) => isDamaged)
  const rest = series.filter(({ standing, isDamaged }) => standing === 'incomplete' && !isDamaged)
  const unconfirmed = rest.filter(({ isUnconfirmed }) => isUnconfirmed)
  const incomplete = rest.filter(({ isUnconfirmed }) => !isUnconfirmed)
  const behind = behindOthers(series)
  add('damaged', damaged, (number) => `${number} cannot be read: run verify`)
  add(
    'incomplete',
    incomplete,
    (number) => `${number} ${verb(incomplete, 'lacks', 'lack')} rows that were asked for`,
  )
  add(
    'unconfirmed',
    unconfirmed,
    (number) => `${number} with empty answers that nothing confirms yet: the next run asks again`,
  )
  add(
    'behind',
    behind,
    (number) => `${number} ${verb(behind, 'ends', 'end')} days before the newest of the lake`,
  )
  const [last] = runs
  if (last !== undefined && last.exit !== 0)
    found.push({
      kind: 'run',
      words: `the last run (${last.job}, ${last.started}) ended with ${last.exit}: ${last.words}`,
      series: [],
    })
  return found
}

/** Where nothing more is to come, nothing is behind. */
function behindOthers(series: readonly ReportSeries[]): readonly ReportSeries[] {
  const open = series.filter(({ isEnded, isDamaged }) => !isEnded && !isDamaged)
  const ends = open.flatMap(({ to }) => (to === undefined ? [] : [parseMicros(to)]))
  const newest = ends.reduce((a, b) => (a > b ? a : b), ends[0] ?? 0n)
  return open.filter((one) => one.to !== undefined && newest - parseMicros(one.to) > patience(one))
}

function patience({ interval: name }: ReportSeries): bigint {
  const interval = parseInterval(name ?? '')
  const own = interval === undefined ? 0n : 2n * intervalStep(interval)
  return own > BEHIND ? own : BEHIND
}
