/** What a run says of the time that it will take: true within a quarter, once a quarter of it is over. */

import { expect, test } from 'vitest'
import { backfill } from '../../src/backfill/run.ts'
import { parseMicros } from '../../src/base/time.ts'
import { Tally } from '../../src/cli/tally.ts'
import { parseJob } from '../../src/job/parse.ts'
import type { Options } from '../../src/options.ts'
import { Exchange, type ExchangeOptions } from '../../src/simulator/index.ts'
import { simClock, type SimClock } from '../support/sim-clock.ts'
import { virtualWorld, type VirtualOptions } from '../support/virtual.ts'
import '../support/cli-library.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT']

/** Request weight a minute; the default share of it is nine tenths. */
function limited(weight: number): Partial<ExchangeOptions> {
  return {
    limits: {
      rules: [
        { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: weight },
      ],
    },
  }
}

function job(datasets: readonly string[], symbols = SYMBOLS.slice(0, 1)): string {
  return [
    'version: 1',
    `symbols: [${symbols.join(', ')}]`,
    'datasets:',
    ...datasets.map((dataset) => `  - ${dataset}`),
  ].join('\n')
}

type Steady = {
  readonly yaml: string
  readonly exchange?: Partial<ExchangeOptions>
  readonly world?: VirtualOptions
  readonly options?: Options
}

/** When what was said of the whole time, in seconds: at each event, and halfway to the next. */
async function predictions({ yaml, exchange, world: how, options }: Steady): Promise<{
  readonly said: readonly { readonly at: number; readonly total: number | undefined }[]
  readonly total: number
}> {
  const symbols = SYMBOLS.map((symbol) => ({ symbol, aggTradesPerDay: 100 }))
  // Of two sleepers one waits for the exchange. The other is the lock's: were it alone, the program would be at work,
  // which takes no time of this clock.
  const clock: SimClock = simClock({ ...how, isIdle: () => clock.sleeping() > 1 })
  // Nothing is inflated either: that is work of other threads, whose time nobody can tell.
  const archive = { rules: [{ path: '', fault: { kind: 'stored' } as const }] }
  const world = virtualWorld(new Exchange({ symbols, archive, ...exchange }), { ...how, clock })
  const nowMs = (): number => world.clock.monotonicMs()
  const tally = new Tally(nowMs())
  const said: { at: number; total: number | undefined }[] = []
  const say = (ms: number): void => {
    const left = tally.secondsLeft(ms)
    said.push({ at: ms / 1_000, total: left === undefined ? undefined : ms / 1_000 + left })
  }
  let beforeMs = nowMs()
  for await (const event of backfill([parseJob(yaml, 'test.yaml')], { world, ...options })) {
    say((beforeMs + nowMs()) / 2)
    tally.apply(event, nowMs())
    if (event.kind === 'summary') expect(event.complete).toBe(true)
    else say(nowMs())
    beforeMs = nowMs()
  }
  return { said, total: nowMs() / 1_000 }
}

const ARCHIVE = { archiveUrl: 'https://archive.test' }
const MINUTES = 'kind: klines, intervals: [1m]'
const MONTHS =
  '{kind: klines, intervals: [1h], partition: month, from: 2022-01-01, to: 2026-01-01, source: archive}'
const DAYS = '{kind: aggTrades, from: 2026-02-01, to: 2026-03-21, source: archive}'
const start = (time: string): VirtualOptions => ({ start: parseMicros(`2026-06-01T${time}`) })

test.each<[what: string, steady: Steady]>([
  [
    'pages that latency bounds',
    {
      yaml: job([`{${MINUTES}, from: 2026-03-01, to: 2026-03-29, source: rest}`]),
      world: { latencyMs: 800 },
    },
  ],
  ...['00:00:00', '00:00:50'].map((time): [string, Steady] => [
    `pages that the limits bound, from ${time} on`,
    {
      yaml: job([`{${MINUTES}, from: 2026-03-01, to: 2026-03-31, source: rest}`]),
      exchange: limited(40),
      world: { latencyMs: 100, ...start(time) },
    },
  ]),
  [
    'series that the limits bound',
    {
      yaml: job([`{${MINUTES}, from: 2026-03-01, to: 2026-03-15, source: rest}`], SYMBOLS),
      exchange: limited(50),
      world: { latencyMs: 200, ...start('00:00:33') },
    },
  ],
  [
    'files that latency bounds, more of it than assumed',
    { yaml: job([MONTHS]), world: { latencyMs: 2_000 }, options: ARCHIVE },
  ],
  [
    'files that the line bounds, less of it than assumed',
    {
      yaml: job([DAYS]),
      world: { latencyMs: 100, bytesPerSecond: 1_000 },
      options: ARCHIVE,
    },
  ],
  [
    'files and pages side by side',
    {
      yaml: job([DAYS, `{${MINUTES}, from: 2026-03-01, to: 2026-03-25, source: rest}`]),
      exchange: limited(30),
      world: { latencyMs: 300, bytesPerSecond: 1_000 },
      options: ARCHIVE,
    },
  ],
])('%s', async (_, steady) => {
  const { said, total } = await predictions(steady)
  const late = said.filter(({ at }) => at >= total / 4)
  expect(late.length).toBeGreaterThan(8)
  const wrong = late.filter((one) => !(Math.abs((one.total ?? NaN) - total) <= total / 4))
  const brief = wrong.map(({ at, total }) => `${at.toFixed(1)}: ${total?.toFixed(1)}`)
  expect({ total, brief }).toEqual({ total, brief: [] })
})
