/** Words about single steps of a run, and the plain view for pipes and CI logs, with a heartbeat. */

import type { Progress, seriesName } from '../index.ts'
import { count, counted, duration, span } from './human.ts'
import { inShort } from './command/plan.ts'
import type { Ticker } from './io.ts'
import { PULSE_MS, Pulse, type Tally, waitText } from './tally.ts'
import { reason } from './command/status.ts'
import { library } from './library.ts'

/** Shows a run while it works. */
export type View = {
  show(item: Progress): void
  /** A line that is no step of the run. */
  say(line: string): void
  /** Takes down what moves. */
  end(): void
}

/** Gaps of one series that get a line of their own; `status` lists all. */
const GAP_LINES_MAX = 10

/** The line that a step deserves at once; `undefined` for the many that do not. */
export function stepLine(item: Progress, isVerbose: boolean): string | undefined {
  switch (item.kind) {
    case 'plan':
      return inShort(item.plan)
    case 'gap':
      return `gap: ${named(item.key)}: ${span(item.window)} (${reason(item.reason)})`
    case 'warning': {
      const about = item.key === undefined ? '' : `${named(item.key)}: `
      return `warning: ${about}${library.quoteText(item.message)}`
    }
    case 'note':
      return library.quoteText(item.message)
    case 'wait':
      return waitText(library.quoteText(item.message), item.ms)
    case 'series': {
      const { key, error, rows, partitions } = item.result
      // All of them stop with the run, which says so once.
      if (error?.code === 'E_STOPPED') return undefined
      if (error !== undefined) return `failed: ${named(key)}: ${failure(error)}`
      if (!isVerbose) return undefined
      return `done: ${named(key)}: ${counted(rows, 'row')}, ${counted(partitions, 'file')}`
    }
    case 'committed':
      if (!isVerbose) return undefined
      return `committed: ${library.quoteText(item.path)}: ${counted(item.rows, 'row')}`
    case 'rows':
    case 'summary':
      return undefined
  }
}

function named(key: Parameters<typeof seriesName>[0]): string {
  return library.quoteText(library.seriesName(key))
}

/** `message (hint)` of a series that failed. */
export function failure(error: { readonly message: string; readonly hint?: string }): string {
  const hint = error.hint === undefined ? '' : ` (${library.quoteText(error.hint)})`
  return `${library.quoteText(error.message)}${hint}`
}

/** Is a text one that was not given before? */
export function newOnes(): (text: string) => boolean {
  const seen = new Set<string>()
  return (text) => !seen.has(text) && seen.add(text).has(text)
}

/** Lets the first {@link GAP_LINES_MAX} gaps of each series through, and of equal failures the first. */
export function repeatFilter(): (item: Progress) => boolean {
  const seen = new Map<string, number>()
  const isNew = newOnes()
  return (item) => {
    // What ends the run, such as a full disk, is the failure of every series then.
    if (item.kind === 'series')
      return item.result.error === undefined || isNew(item.result.error.message)
    if (item.kind !== 'gap') return true
    const name = library.seriesName(item.key)
    const before = seen.get(name) ?? 0
    seen.set(name, before + 1)
    return before < GAP_LINES_MAX
  }
}

/** Where a run stood when the last heartbeat was printed. */
export type Beat = { readonly rows: number; readonly ms: number }

/** In the place of all figures, until the exchange has answered. */
export const NOT_CONNECTED = 'not connected yet'

/** `26 of 54 series`. */
export function seriesDone(tally: Tally): string {
  return `${count(tally.ended())} of ${counted(tally.series.size, 'series', 'series')}`
}

/** Where a run stands, in one line. The rate is that since the last heartbeat. */
export function heartbeat(tally: Tally, nowMs: number, before: Beat): string {
  const left = tally.secondsLeft(nowMs)
  const rate = ((tally.rows - before.rows) * 1000) / Math.max(1, nowMs - before.ms)
  const parts = [
    ...(tally.isPlanned ? [`${Math.floor(tally.fraction() * 100)}%`] : [NOT_CONNECTED]),
    `${counted(tally.rows, 'row')} (${count(rate)}/s)`,
    ...(tally.isPlanned ? [`${seriesDone(tally)} done`] : []),
    ...(tally.usage === undefined
      ? []
      : [`weight ${count(tally.usage.used)}/${count(tally.usage.limit)}`]),
    ...(left === undefined ? [] : [`${duration(Math.round(left))} left`]),
  ]
  const waiting = tally.waiting(nowMs)
  const isStill = tally.rows === before.rows
  const still = waiting ?? (isStill ? 'no rows since the last line' : undefined)
  return `${duration(tally.elapsedSeconds(nowMs))}: ${[...parts, ...(still === undefined ? [] : [still])].join(', ')}`
}

/** The view without a cursor: steps at once, and a heartbeat even when nothing moves, so that a stall is seen. */
export function lineView(options: {
  readonly tally: Tally
  readonly ticker: Ticker
  readonly isVerbose: boolean
  /** No plan, waits and heartbeats. */
  readonly isTerse: boolean
  readonly say: (line: string) => void
}): View {
  const { tally, ticker, isVerbose, isTerse, say } = options
  let before: Beat = { rows: 0, ms: ticker.nowMs() }
  const pulse = new Pulse(tally, ticker.nowMs(), isVerbose ? PULSE_MS : undefined)
  const beat = (): void => {
    const now = ticker.nowMs()
    if (!pulse.isDue(now)) return
    say(heartbeat(tally, now, before))
    before = { rows: tally.rows, ms: now }
  }
  const stop = isTerse ? () => undefined : ticker.every(PULSE_MS, beat)
  const passes = repeatFilter()
  return {
    show(item) {
      if (isTerse && ['plan', 'wait', 'note'].includes(item.kind)) return
      const line = passes(item) ? stepLine(item, isVerbose) : undefined
      if (line !== undefined) say(line)
    },
    say,
    end: stop,
  }
}
