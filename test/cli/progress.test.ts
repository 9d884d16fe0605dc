import { createColors } from 'picocolors'
import { describe, expect, test } from 'vitest'
import type { Progress } from '../../src/index.ts'
import { barText, barView, statusText } from '../../src/cli/bars.ts'
import { lineView, heartbeat } from '../../src/cli/lines.ts'
import { Tally } from '../../src/cli/tally.ts'
import { plan, seriesPlan, summary, window } from '../support/cli-values.ts'
import { fakeIo } from '../support/terminal.ts'
import '../support/cli-library.ts'

const BTC = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' } as const
const WIDE = { market: 'spot', dataset: 'klines', symbol: '币安人生USDT', interval: '1h' } as const
const MISSING = [window('2024-01-01', '2024-02-01')]

const PLAN: Progress = {
  kind: 'plan',
  plan: plan([
    seriesPlan({ key: BTC, missing: MISSING, requests: 45, weight: 90, rows: 44_640, bytes: 1e6 }),
    seriesPlan({ key: WIDE, missing: MISSING, requests: 5, weight: 10, rows: 744, bytes: 1e4 }),
  ]),
}

function rows(
  done: number,
  key: typeof BTC | typeof WIDE = BTC,
  count = 10_000,
  secondsLeft = 12,
): Progress {
  const usage = { requests: 10, weight: 20, used: 3210, limit: 5400 }
  const reached = '2024-01-02T00:00:00.000000Z'
  return { kind: 'rows', key, rows: count, reached, done, secondsLeft, usage }
}

function lines(options: { readonly isVerbose?: boolean; readonly isTerse?: boolean } = {}): {
  readonly said: string[]
  readonly io: ReturnType<typeof fakeIo>
  readonly show: (item: Progress) => void
  readonly end: () => void
} {
  const { isVerbose = false, isTerse = false } = options
  const io = fakeIo()
  const tally = new Tally(0)
  const said: string[] = []
  const say = (line: string): number => said.push(line)
  const view = lineView({ tally, ticker: io.ticker, isVerbose, isTerse, say })
  return {
    said,
    io,
    show(item) {
      tally.apply(item, io.ticker.nowMs())
      view.show(item)
    },
    end() {
      view.end()
    },
  }
}

describe('the tally', () => {
  test('has the time left from the plan, then from the run, and counts down in between', () => {
    const tally = new Tally(0)
    tally.apply({ kind: 'plan', plan: plan([seriesPlan({ key: BTC, weight: 5_400 })]) }, 0)
    expect(tally.secondsLeft(4_000)).toBeCloseTo(56)
    tally.apply(rows(0.5, BTC, 1, 120), 5_000)
    expect(tally.secondsLeft(5_000)).toBeCloseTo(120)
    expect(tally.secondsLeft(14_000)).toBeCloseTo(111)
  })

  test('does not count down while nothing comes and nobody knows why, nor below zero', () => {
    const tally = new Tally(0)
    tally.apply(PLAN, 0)
    tally.apply(rows(0.1, BTC, 1, 90), 2_000)
    expect(tally.secondsLeft(60_000)).toBeCloseTo(80)
    tally.apply(rows(0.2, BTC, 1, 4), 61_000)
    expect(tally.secondsLeft(75_000)).toBeUndefined()
  })

  test('counts down while it waits for its share, and adds a wait that nobody planned', () => {
    const tally = new Tally(0)
    tally.apply(PLAN, 0)
    tally.apply(rows(0.1, BTC, 1, 90), 2_000)
    tally.apply({ kind: 'wait', reason: 'budget', message: 'limit used up', ms: 40_000 }, 3_000)
    expect(tally.secondsLeft(43_000)).toBeCloseTo(49)
    expect(tally.secondsLeft(50_000)).toBeCloseTo(49)
    tally.apply({ kind: 'wait', reason: 'limit', message: 'HTTP 429', ms: 30_000 }, 50_000)
    expect(tally.secondsLeft(50_000)).toBeCloseTo(72)
  })

  test('weighs the series by their planned time', () => {
    const tally = new Tally(0)
    tally.apply(PLAN, 0)
    tally.apply(rows(0.5), 10_000)
    expect(tally.fraction()).toBeCloseTo(0.45)
  })

  test('measures the rate over the last ten seconds', () => {
    const tally = new Tally(0)
    tally.apply(PLAN, 0)
    for (let second = 1; second <= 20; second++) tally.apply(rows(second / 40), second * 1000)
    expect(tally.rate(20_000)).toBeCloseTo(10_000, -3)
    expect(tally.rate(60_000)).toBeLessThan(10_000 / 3)
  })

  test('never goes back, and ends at one', () => {
    const tally = new Tally(0)
    tally.apply(PLAN, 0)
    tally.apply(rows(0.5), 1000)
    tally.apply(rows(0.4), 2000)
    expect(tally.series.get('klines BTCUSDT 1m')?.done).toBe(0.5)
    for (const { key } of [{ key: BTC }, { key: WIDE }])
      tally.apply({ kind: 'series', result: { ...summary({}).series[0]!, key } }, 3000)
    expect(tally.fraction()).toBe(1)
    expect(tally.ended()).toBe(2)
  })
})

describe('lines, for a pipe', () => {
  test('begin with the bill and beat every 30 s, and every 10 s while nothing moves', () => {
    const { said, io, show, end } = lines()
    show(PLAN)
    for (const done of [0.3, 0.4, 0.51]) {
      show(rows(done, BTC, 5_000, 90))
      io.advance(10_000)
    }
    io.advance(20_000)
    show({ kind: 'wait', reason: 'limit', message: 'rate limit', ms: 44_000 })
    io.advance(30_000)
    end()
    io.advance(300_000)
    expect(said).toEqual([
      'to do: 2 series, 50 requests, ~45,384 rows, less than a minute',
      '30 s: 45%, 15,000 rows (500/s), 0 of 2 series done, weight 3,210/5,400, 1 min 20 s left',
      '40 s: 45%, 15,000 rows (0/s), 0 of 2 series done, weight 3,210/5,400, 1 min 20 s left, no rows since the last line',
      '50 s: 45%, 15,000 rows (0/s), 0 of 2 series done, weight 3,210/5,400, 1 min 20 s left, no rows since the last line',
      'rate limit, going on in 44 s',
      // It is known for how long.
      '1 min 20 s: 45%, 15,000 rows (0/s), 0 of 2 series done, weight 3,210/5,400, 1 min 14 s left, rate limit, going on in 14 s',
    ])
  })

  test('beat every 10 s with --verbose, and name each commit', () => {
    const { said, io, show } = lines({ isVerbose: true })
    show(PLAN)
    io.advance(20_000)
    const path = 'spot/klines/x/data.parquet'
    show({ kind: 'committed', key: BTC, period: '2024-01', path, rows: 5, bytes: 9, revisions: 0 })
    expect(said).toHaveLength(4)
    expect(said.at(-1)).toBe('committed: spot/klines/x/data.parquet: 5 rows')
  })

  test('with --no-progress only what went wrong or is odd', () => {
    const { said, io, show } = lines({ isTerse: true })
    show(PLAN)
    show(rows(0.5))
    show({ kind: 'wait', reason: 'limit', message: 'rate limit', ms: 44_000 })
    io.advance(300_000)
    show({ kind: 'warning', key: BTC, message: 'row\u001b[31m of nonsense' })
    show({
      kind: 'series',
      result: {
        ...summary({}).series[0]!,
        complete: false,
        error: { code: 'E_REJECTED', message: 'Invalid symbol.', hint: 'Fix the job.' },
      },
    })
    expect(said).toEqual([
      'warning: klines BTCUSDT 1m: row\\u{1b}[31m of nonsense',
      'failed: klines BTCUSDT 1m: Invalid symbol. (Fix the job.)',
    ])
  })

  test('tell a failure once that ends every series', () => {
    const { said, show } = lines({ isTerse: true })
    const error = { code: 'E_STORE_IO', message: 'no space left', hint: 'Free some space.' }
    const result = { ...summary({}).series[0]!, complete: false, error }
    for (const symbol of ['BTCUSDT', 'ETHUSDT'])
      show({ kind: 'series', result: { ...result, key: { ...BTC, symbol } } })
    show({ kind: 'series', result: { ...result, error: { ...error, message: 'another' } } })
    expect(said).toEqual([
      'failed: klines BTCUSDT 1m: no space left (Free some space.)',
      'failed: klines BTCUSDT 1m: another (Free some space.)',
    ])
  })

  test('name ten gaps of a series, and leave the rest to status', () => {
    const { said, show } = lines()
    for (let day = 1; day <= 28; day++) {
      const date = `2024-02-${String(day).padStart(2, '0')}`
      show({
        kind: 'gap',
        key: WIDE,
        window: { from: `${date}T02:00:00.000000Z`, to: `${date}T05:00:00.000000Z` },
        reason: 'outage',
      })
    }
    expect(said).toHaveLength(10)
    expect(said[0]).toBe('gap: klines 币安人生USDT 1h: 2024-02-01 02:00 to 05:00 (outage)')
  })
})

describe('bars, for a terminal', () => {
  test('are aligned, wide characters or not', () => {
    expect(
      barText({
        name: 'klines BTCUSDT 1m',
        seconds: 1,
        done: 0.5,
        rows: 1_234_567,
        state: 'active',
      }),
    ).toBe('klines BTCUSDT 1m          [============------------]  50%     1,234,567 rows')
    expect(
      barText({ name: 'klines 币安人生USDT 1h', seconds: 1, done: 1, rows: 0, state: 'active' }),
    ).toBe('klines 币安人生USDT 1h     [========================] 100%             0 rows')
  })

  test('a pause for the limits lasts its time, whatever was under way; one for an outage until rows come', () => {
    const tally = new Tally(0)
    tally.apply(PLAN, 0)
    tally.apply({ kind: 'wait', reason: 'budget', message: 'limit used up', ms: 30_000 }, 0)
    tally.apply(rows(0.1), 5_000)
    expect(tally.waiting(10_000)).toBe('limit used up, going on in 20 s')
    expect(tally.waiting(30_000)).toBeUndefined()
    tally.apply({ kind: 'wait', reason: 'overload', message: 'HTTP 503', ms: 30_000 }, 40_000)
    expect(tally.waiting(41_000)).toBe('HTTP 503, going on in 29 s')
    tally.apply(rows(0.2), 42_000)
    expect(tally.waiting(43_000)).toBeUndefined()
  })

  test('end with rows, rate, weight and time left, or the reason of a wait', () => {
    const tally = new Tally(0)
    tally.apply(PLAN, 0)
    tally.apply(rows(0.5), 10_000)
    expect(statusText(tally, 10_000, 79)).toBe(
      '0 of 2 series | 10,000 rows | 1,000/s | weight 3,210/5,400 | 12 s left',
    )
    tally.apply({ kind: 'wait', reason: 'limit', message: 'rate limit', ms: 14_000 }, 10_000)
    expect(statusText(tally, 10_000, 90)).toBe(
      '0 of 2 series | 10,000 rows | 1,000/s | weight 3,210/5,400 | rate limit, going on in 14 s',
    )
    expect(statusText(tally, 30_000, 79)).not.toContain('rate limit')
    expect(statusText(tally, 10_000, 30)).toHaveLength(30)
  })

  test('before the exchange has answered there are no figures', () => {
    const tally = new Tally(0)
    expect(statusText(tally, 3_000, 79)).toBe('not connected yet')
    expect(heartbeat(tally, 3_000, { rows: 0, ms: 0 })).toMatch(/^3 s: not connected yet, /)
    expect(heartbeat(tally, 3_000, { rows: 0, ms: 0 })).not.toContain('%')
    tally.apply({ kind: 'wait', reason: 'overload', message: 'HTTP 503', ms: 9_000 }, 3_000)
    expect(statusText(tally, 3_000, 79)).toBe('not connected yet | HTTP 503, going on in 9 s')
  })

  test('appear with rows, go with their series, and restore the cursor', () => {
    const io = fakeIo({ isTerminal: true })
    const tally = new Tally(0)
    const paint = createColors(false)
    const view = barView({ tally, ticker: io.ticker, sink: io.stderr, paint, isVerbose: false })
    const show = (item: Progress): void => {
      tally.apply(item, 0)
      view.show(item)
    }
    show(PLAN)
    show(rows(0.5))
    show(rows(0.5, WIDE))
    show({ kind: 'gap', key: BTC, window: MISSING_TEXT, reason: 'outage' })
    show({ kind: 'series', result: { ...summary({}).series[0]!, key: BTC } })
    view.end()
    const drawn = io.err()
    expect(drawn).toContain('to do: 2 series')
    expect(drawn).toContain('klines BTCUSDT 1m          [============------------]  50%')
    expect(drawn).toContain('gap: klines BTCUSDT 1m: 2024-01-01 to 2024-01-02 (outage)')
    // Hidden once, shown at the end.
    expect(drawn.lastIndexOf('\u001b[?25h')).toBeGreaterThan(drawn.lastIndexOf('\u001b[?25l'))
  })
})

const MISSING_TEXT = {
  from: '2024-01-01T00:00:00.000000Z',
  to: '2024-01-02T00:00:00.000000Z',
}
