/** The view on a terminal: a bar for each series at work, and a last line with rows, rate, weight and time left. */

import { MultiBar, type SingleBar } from 'cli-progress'
import type { Progress } from '../index.ts'
import { count, duration } from './human.ts'
import type { Sink, Ticker } from './io.ts'
import { repeatFilter, NOT_CONNECTED, seriesDone, stepLine, type View } from './lines.ts'
import type { Paint } from './print.ts'
import { fit, padded } from './table.ts'
import type { SeriesTally, Tally } from './tally.ts'
import { library } from './library.ts'

/** Bars at once; more would scroll on a terminal of 24 lines. */
const BARS_MAX = 8
const NAME_WIDTH = 26
const BAR_WIDTH = 24

/** `klines BTCUSDT 1m   [=======-----]  58%    1,234,567 rows`, 79 columns at most. */
export function barText({ name, done, rows }: SeriesTally): string {
  const full = Math.floor(done * BAR_WIDTH)
  const bar = '='.repeat(full) + '-'.repeat(BAR_WIDTH - full)
  const percent = `${Math.floor(done * 100)}%`.padStart(4)
  return `${padded(fit(name, NAME_WIDTH), NAME_WIDTH)} [${bar}] ${percent} ${count(rows).padStart(13)} rows`
}

/** The line below the bars, at most `width` columns. */
export function statusText(tally: Tally, nowMs: number, width: number): string {
  const left = tally.secondsLeft(nowMs)
  const waiting = tally.waiting(nowMs)
  if (!tally.isPlanned)
    return fit([NOT_CONNECTED, ...(waiting === undefined ? [] : [waiting])].join(' | '), width)
  const parts = [
    seriesDone(tally),
    `${count(tally.rows)} rows`,
    `${count(tally.rate(nowMs))}/s`,
    ...(tally.usage === undefined
      ? []
      : [`weight ${count(tally.usage.used)}/${count(tally.usage.limit)}`]),
    waiting ?? (left === undefined ? 'estimating' : `${duration(Math.round(left))} left`),
  ]
  return fit(parts.join(' | '), width)
}

/** Shows bars on `sink`, which must be a terminal. */
export function barView(options: {
  readonly tally: Tally
  readonly ticker: Ticker
  readonly sink: Sink
  readonly paint: Paint
  readonly isVerbose: boolean
}): View {
  const { tally, ticker, sink, paint, isVerbose } = options
  const bars = new Map<string, SingleBar>()
  const width = (): number => Math.max(20, sink.columns - 1)
  const multi = new MultiBar({
    stream: sink.stream,
    fps: 5,
    hideCursor: true,
    // The summary says it all.
    clearOnComplete: true,
    // Signals are the run's: it commits first.
    gracefulExit: false,
    forceRedraw: true,
    linewrap: false,
    format: (_options, _params, payload: { line: () => string }) => payload.line(),
  })
  const addStatus = (): SingleBar =>
    multi.create(1, 0, { line: () => paint.dim(statusText(tally, ticker.nowMs(), width())) })
  let status: SingleBar | undefined
  const add = (one: SeriesTally): void => {
    // The status line stays last.
    if (status !== undefined) multi.remove(status)
    bars.set(one.name, multi.create(1, 0, { line: () => fit(barText(one), width()) }))
    status = addStatus()
  }
  const log = (line: string): void => {
    if (multi.isActive) multi.log(`${line}\n`)
    else void sink.write(`${line}\n`)
  }
  const passes = repeatFilter()
  return {
    show(item) {
      const line = passes(item) && item.kind !== 'wait' ? stepLine(item, isVerbose) : undefined
      if (line !== undefined) log(line)
      const change = barChange(item, tally, bars)
      if (change?.kind === 'add') add(change.one)
      if (change?.kind === 'remove') {
        multi.remove(change.bar)
        bars.delete(change.name)
      }
    },
    say: log,
    end() {
      if (multi.isActive) multi.stop()
    },
  }
}

function barChange(
  item: Progress,
  tally: Tally,
  bars: ReadonlyMap<string, SingleBar>,
):
  | { readonly kind: 'add'; readonly one: SeriesTally }
  | { readonly kind: 'remove'; readonly name: string; readonly bar: SingleBar }
  | undefined {
  if (item.kind === 'rows') {
    const one = tally.series.get(library.seriesName(item.key))
    if (one === undefined || bars.has(one.name) || bars.size >= BARS_MAX) return undefined
    return { kind: 'add', one }
  }
  if (item.kind !== 'series') return undefined
  const name = library.seriesName(item.result.key)
  const bar = bars.get(name)
  return bar === undefined ? undefined : { kind: 'remove', name, bar }
}
