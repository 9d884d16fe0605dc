/** `--log-format json`: what a run tells, as JSON objects on stderr, each with the id of the run. */

import { randomUUID } from 'node:crypto'
import { pino, type Logger } from 'pino'
import type { Progress, Summary } from '../index.ts'
import type { Io, Ticker } from './io.ts'
import type { View } from './lines.ts'
import { PULSE_MS, Pulse, type Tally } from './tally.ts'
import { library } from './library.ts'

/** Writes lines of JSON to stderr: `level` in words, `time` in ISO 8601, `run`, `event`, and what belongs to it. */
export function jsonLogger(io: Io, isQuiet: boolean): Logger {
  const { stdTimeFunctions } = pino
  return pino(
    {
      level: isQuiet ? 'error' : 'info',
      base: { run: randomUUID() },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    // pino ends each line with a line feed, and leaves C1 controls and bidirectional marks as they are.
    { write: (line: string) => void io.stderr.write(`${library.safeJson(line.trimEnd())}\n`) },
  )
}

/** The view that logs. */
export function logView(options: {
  readonly logger: Logger
  readonly tally: Tally
  readonly ticker: Ticker
}): View {
  const { logger, tally, ticker } = options
  const pulse = new Pulse(tally, ticker.nowMs())
  const beat = (): void => {
    const now = ticker.nowMs()
    if (!pulse.isDue(now)) return
    logger.info({
      event: 'progress',
      rows: tally.rows,
      rowsPerSecond: Math.round(tally.rate(now)),
      done: Number(tally.fraction().toFixed(4)),
      secondsLeft: Math.round(tally.secondsLeft(now) ?? -1),
    })
  }
  return {
    show(item) {
      logItem(logger, item)
    },
    say(message) {
      logger.info({ event: 'note', message })
    },
    end: ticker.every(PULSE_MS, beat),
  }
}

function logItem(logger: Logger, item: Progress): void {
  switch (item.kind) {
    case 'plan': {
      const { series, total } = item.plan
      logger.info({ event: 'plan', series: series.length, ...total })
      return
    }
    case 'gap': {
      const { key, window, reason } = item
      logger.info({ event: 'gap', series: library.seriesName(key), ...window, reason })
      return
    }
    case 'wait':
      logger.warn({ event: 'wait', reason: item.reason, ms: item.ms, message: item.message })
      return
    case 'warning': {
      const about = item.key === undefined ? {} : { series: library.seriesName(item.key) }
      logger.warn({ event: 'warning', ...about, message: item.message })
      return
    }
    case 'note':
      logger.info({ event: 'note', message: item.message })
      return
    case 'committed': {
      const { kind, key, ...rest } = item
      logger.info({ event: kind, series: library.seriesName(key), ...rest })
      return
    }
    case 'series': {
      const { key, missing, ...rest } = item.result
      const level = rest.complete ? 'info' : 'error'
      logger[level]({
        event: 'series',
        series: library.seriesName(key),
        ...rest,
        missing: missing.length,
      })
      return
    }
    case 'summary':
      logger[item.exit === 0 ? 'info' : 'error'](summaryFields(item))
      return
    case 'rows':
  }
}

function summaryFields({ kind, series, ...rest }: Summary): object {
  return { event: kind, series: series.length, ...rest }
}
