/** Hosts whose rows lag behind their clock: what is stored more finished stays, and what is in doubt is asked again. */

import { expect, test } from 'vitest'
import { parseMicros, type Micros, type Window } from '../../src/base/time.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { readManifest } from '../../src/store/series.ts'
import { rowsOf } from '../support/chaos.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { klineAt, minute } from '../support/histories.ts'
import { attempt, virtualWorld, type Ended } from '../support/virtual.ts'

const KEY = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1m' } as const
const JOB = `
version: 1
compression: none
source: rest
numbers: decimal
symbols: [BTCUSDT]
from: 2026-03-01
to: 2026-03-01T01:00
datasets: [{kind: klines, intervals: [1m]}]
`
const ROWS = Array.from({ length: 60 }, (_, index) => ({
  ...klineAt(minute(index)),
  tradeCount: 9,
}))
const WHOLE: Window = { from: minute(0), to: minute(60) }

/** The rows with another state of one. */
const having = (index: number, state: Partial<(typeof ROWS)[number]>): typeof ROWS =>
  ROWS.map((row, at) => (at === index ? { ...row, ...state } : row))

/** As it was while it was open: by trades, or by volume alone. */
const OPEN = [
  { tradeCount: 4, volume: '0.60000000' },
  { volume: '0.90000000' },
  { tradeCount: 8, volume: '1.50000000' },
]

type Run = Ended & { readonly asked: number }

async function run(files: MemFiles, rows: typeof ROWS, recheck?: Window): Promise<Run> {
  const symbols = [{ symbol: 'BTCUSDT', rows: { klines: { '1m': rows } } }]
  const exchange = new Exchange({ symbols })
  const world = virtualWorld(exchange, { files })
  const ended = await attempt(JOB, { world, ...(recheck === undefined ? {} : { recheck }) })
  const asked = exchange.log.entries.filter(({ path }) => path === '/api/v3/klines').length
  return { ...ended, asked }
}

const warnings = ({ events }: Ended): number =>
  events.filter(({ kind }) => kind === 'warning').length

async function lakeLike(rows: typeof ROWS): Promise<unknown> {
  const files = memFiles()
  await run(files, rows)
  return rowsOf(files, KEY)
}

test.each(OPEN)(
  'a kline that shows less, %j, is not taken: it stays, and is asked again',
  async (open) => {
    const files = memFiles()
    await run(files, ROWS)
    const lagging = await run(files, having(20, open), WHOLE)
    expect(lagging.summary).toMatchObject({ exit: 0, complete: true, partitions: 0 })
    expect(warnings(lagging)).toBe(1)
    expect(await rowsOf(files, KEY)).toEqual(await lakeLike(ROWS))
    const { fresh, revisions } = (await readManifest(files, KEY))!
    expect(fresh).toEqual([{ from: minute(20), to: minute(21) }])
    expect(revisions).toEqual([])
    // A sound host tells it as it is stored: that was all.
    expect(await run(files, ROWS)).toMatchObject({ exit: 0, asked: 1 })
    expect(await readManifest(files, KEY)).toMatchObject({ fresh: [], doubts: [], revisions: [] })
    expect(await run(files, ROWS)).toMatchObject({ exit: 0, asked: 0 })
  },
)

test.each(OPEN)(
  'it is taken, as a revision, once the next run is told the same: %j',
  async (open) => {
    const files = memFiles()
    await run(files, ROWS)
    const less = having(20, open)
    await run(files, less, WHOLE)
    const second = await run(files, less)
    expect(second).toMatchObject({ exit: 0, asked: 1 })
    expect(second.summary?.series[0]).toMatchObject({ revisions: 1 })
    expect(await rowsOf(files, KEY)).toEqual(await lakeLike(less))
    expect(await readManifest(files, KEY)).toMatchObject({
      doubts: [],
      fresh: [{ from: minute(20) }],
    })
    // It changed, so it is young, until it is told the same again.
    expect(await run(files, less)).toMatchObject({ exit: 0, asked: 1 })
    expect(await run(files, less)).toMatchObject({ exit: 0, asked: 0 })
  },
)

test('two runs that are told different states do not agree', async () => {
  const files = memFiles()
  await run(files, ROWS)
  for (const open of OPEN) {
    await run(files, having(20, open))
    await run(files, having(20, open), { from: minute(20), to: minute(21) })
    await run(files, ROWS)
  }
  expect(await rowsOf(files, KEY)).toEqual(await lakeLike(ROWS))
  for (const open of OPEN) await run(files, having(20, open), WHOLE)
  expect(await rowsOf(files, KEY)).toEqual(await lakeLike(ROWS))
  await run(files, ROWS)
  expect((await readManifest(files, KEY))!.revisions).toEqual([])
})

test('a kline that shows more replaces one that was stored half finished, and is final after one more look', async () => {
  const files = memFiles()
  await run(files, having(20, OPEN[0]!))
  await run(files, ROWS, WHOLE)
  expect(await rowsOf(files, KEY)).toEqual(await lakeLike(ROWS))
  const asked = []
  for (let again = 0; again < 3; again++) asked.push((await run(files, ROWS)).asked)
  expect(asked).toEqual([1, 0, 0])
})

const LIVE = `
version: 1
compression: none
source: rest
numbers: string
symbols: [BTCUSDT]
from: 2026-05-30T12:00
datasets: [{kind: klines, intervals: [1m, 1h]}, {kind: klines, intervals: [1s], from: 2026-05-31T23:55}]
`

/** An exchange whose rows are those of `lagMs` ago, while its clock is right. */
function lagging(lagMs: number): Exchange {
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
  const handle = exchange.handle.bind(exchange)
  exchange.handle = (request, now) => {
    const isRows = request.path === '/api/v3/klines'
    const answer = handle(request, isRows ? ((now - BigInt(lagMs) * 1_000n) as Micros) : now)
    const date = new Date(Number(now / 1_000n)).toUTCString()
    return { ...answer, headers: { ...answer.headers, date } }
  }
  return exchange
}

const SECOND = 1_000
const LAGS = [1, 59, 61, 119, 121, 179, 600, 7_300, 86_400]

test.each(LAGS)('a host that lags by %d s: sound runs later make all of it true', async (lag) => {
  const sound = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
  const files = memFiles()
  const at = async (exchange: Exchange, start: string, into = files, to = ''): Promise<Ended> =>
    attempt(LIVE.replace('datasets', `${to}datasets`), {
      world: virtualWorld(exchange, { files: into, start: parseMicros(start) }),
    })
  await at(lagging(lag * SECOND), '2026-06-01T00:00:31')
  // Another one that lags less or more, before and after a sound one.
  await at(lagging(lag * SECOND * 1.3), '2026-06-01T00:04:31')
  await at(sound, '2026-06-01T00:20:31')
  await at(lagging(lag * SECOND), '2026-06-01T00:24:31')
  for (const time of ['00:40', '00:50', '02:05']) await at(sound, `2026-06-01T${time}:31`)
  const calm = memFiles()
  await at(sound, '2026-06-01T02:05:31', calm)
  for (const interval of ['1m', '1h', '1s'] as const) {
    const key = { ...KEY, interval }
    expect(await rowsOf(files, key)).toEqual(await rowsOf(calm, key))
  }
  const before = sound.log.count
  expect((await at(sound, '2026-06-05', files, 'to: 2026-06-01\n')).exit).toBe(0)
  const data = sound.log.entries.slice(before).filter(({ path }) => path === '/api/v3/klines')
  expect(data).toEqual([])
})

const FINISHED = `
version: 1
compression: none
source: rest
numbers: string
symbols: [BTCUSDT]
from: 2026-05-30T12:00
to: 2026-05-31T22:00
datasets: [{kind: klines, intervals: [1m, 15m]}, {kind: klines, intervals: [1s], from: 2026-05-31T21:20}]
`
const INTERVALS = ['1m', '15m', '1s'] as const

/** An exchange whose `lags`-th answers of an interval are those of a moment within the last slot that was asked for. */
function laggingAtEnds(lags: readonly number[], agoMs: number): Exchange {
  const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
  const handle = exchange.handle.bind(exchange)
  const asked = new Map<string | null, number>()
  exchange.handle = (request, now) => {
    const query = new URLSearchParams(request.query)
    const interval = query.get('interval')
    const count = asked.get(interval) ?? 0
    if (request.path === '/api/v3/klines') asked.set(interval, count + 1)
    const isLate = lags.includes(count) && query.has('endTime')
    const end = BigInt(query.get('endTime') ?? 0) - BigInt(agoMs)
    const answer = handle(request, isLate ? ((end * 1_000n) as Micros) : now)
    const date = new Date(Number(now / 1_000n)).toUTCString()
    return { ...answer, headers: { ...answer.headers, date } }
  }
  return exchange
}

async function finishedRun(exchange: Exchange, files: MemFiles, start: string): Promise<Ended> {
  const world = virtualWorld(exchange, { files, start: parseMicros(start) })
  return attempt(FINISHED, { world })
}

const dataRequests = ({ log }: Exchange): number =>
  log.entries.filter(({ path }) => path === '/api/v3/klines').length

test.each(
  [[0], [1], [2], [0, 1], [0, 1, 2, 3, 4, 5, 6, 7]].flatMap((lags) =>
    [2, 30_000, 600_000].map((ago) => [lags, ago] as const),
  ),
)(
  'answers %j end within the last slot that was asked for, %d ms before its end: it is asked again',
  async (lags, ago) => {
    const sound = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
    const calm = memFiles()
    await finishedRun(sound, calm, '2026-06-01T01:00:31')
    const files = memFiles()
    // The same twice over: that two runs agree proves nothing here.
    await finishedRun(laggingAtEnds(lags, ago), files, '2026-06-01T00:00:31')
    await finishedRun(laggingAtEnds(lags, ago), files, '2026-06-01T00:30:31')
    for (const time of ['01:00', '01:10', '01:20', '01:30'])
      await finishedRun(sound, files, `2026-06-01T${time}:31`)
    for (const interval of INTERVALS)
      expect(await rowsOf(files, { ...KEY, interval })).toEqual(
        await rowsOf(calm, { ...KEY, interval }),
      )
    const before = dataRequests(sound)
    expect(await finishedRun(sound, files, '2026-06-01T01:40:31')).toMatchObject({ exit: 0 })
    expect(dataRequests(sound)).toBe(before)
  },
)

test('what a sound host tells of the last hours is done at once, and costs no more requests', async () => {
  const sound = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
  const files = memFiles()
  await finishedRun(sound, files, '2026-06-01T00:00:31')
  // 2,040 slots of a minute, 136 of a quarter of an hour, 2,400 of a second.
  expect(dataRequests(sound)).toBe(3 + 1 + 3)
  await finishedRun(sound, files, '2026-06-01T00:01:31')
  expect(dataRequests(sound)).toBe(3 + 1 + 3)
})
