/** When a series was last asked: what the records of runs say, and nothing fresher than the truth. */

import { describe, expect, it } from 'vitest'
import { formatMicros, parseMicros } from '../../src/base/time.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { parseJob } from '../../src/job/parse.ts'
import { status } from '../../src/query/status.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { askedSeries, lastAsked } from '../../src/store/asked.ts'
import { seriesPath } from '../../src/store/layout.ts'
import type { RunRecord } from '../../src/store/run-record.ts'
import { runPath, writeRun } from '../../src/store/runs.ts'
import { memFiles, type MemFiles } from '../support/mem-files.ts'
import { put } from '../support/put.ts'
import { NOON, recordAt } from '../support/run-records.ts'
import { seededRandom } from '../support/sim-world.ts'
import { attempt, lakeOf, virtualWorld, type VirtualWorld } from '../support/virtual.ts'

const BTC: SeriesKey = { market: 'spot', dataset: 'klines', symbol: 'BTCUSDT', interval: '1h' }
const ETH: SeriesKey = { ...BTC, symbol: 'ETHUSDT' }
const MINE: SeriesKey = { market: 'spot', dataset: 'myTrades', symbol: 'BTCUSDT', account: 'main' }
const ODD: SeriesKey = { market: 'spot', dataset: 'aggTrades', symbol: '币安人生USDT' }
const HOUR_MS = 3_600_000

describe('a record', () => {
  it('names each series by its directory', () => {
    expect(askedSeries([BTC, MINE, ETH, ODD])).toEqual({
      'spot/klines/interval=1h': ['BTCUSDT', 'ETHUSDT'],
      'spot/account=main/myTrades': ['BTCUSDT'],
      'spot/aggTrades': ['币安人生USDT'],
    })
  })

  const random = seededRandom(3)
  const at = (hour: number): string => recordAt(NOON + hour * HOUR_MS).started
  const write = (files: MemFiles, hour: number, part: Partial<RunRecord>): Promise<string> =>
    writeRun(files, recordAt(NOON + hour * HOUR_MS, part), random)
  const asked = (...keys: readonly SeriesKey[]): Partial<RunRecord> => ({
    asked: askedSeries(keys),
    moreAsked: 0,
  })

  it('the newest that names a series says when', async () => {
    const files = memFiles()
    await write(files, 0, asked(BTC, ETH, MINE))
    await write(files, 1, asked(BTC))
    for (let hour = 2; hour < 20; hour++) await write(files, hour, hour === 10 ? asked(MINE) : {})
    expect(await lastAsked(files, [BTC, ETH, MINE, ODD])).toEqual(
      new Map([
        [seriesPath(BTC), at(1)],
        [seriesPath(ETH), at(0)],
        [seriesPath(MINE), at(10)],
      ]),
    )
  })

  it('that does not name all leaves unknown what older ones say', async () => {
    const files = memFiles()
    await write(files, 0, asked(BTC, ETH))
    await write(files, 1, { ...asked(BTC), moreAsked: 1 })
    expect(await lastAsked(files, [BTC, ETH])).toEqual(new Map([[seriesPath(BTC), at(1)]]))
  })

  it('that is torn hides no other', async () => {
    const files = memFiles()
    await write(files, 0, asked(BTC))
    await put(files, runPath(await write(files, 1, asked(BTC))), new Uint8Array([123]))
    expect(await lastAsked(files, [BTC])).toEqual(new Map([[seriesPath(BTC), at(0)]]))
  })
})

describe('the status', () => {
  const START = parseMicros('2026-04-05T06:00:30')
  const job = (to: string): string => `
version: 1
source: rest
symbols: [BTCUSDT, ETHUSDT]
from: 2026-04-01
datasets: [{kind: klines, intervals: [1h], to: ${to}}]
`
  const askedOf = async (world: VirtualWorld, yaml?: string): Promise<readonly unknown[]> => {
    const jobs = yaml === undefined ? [] : [parseJob(yaml, 'job.yaml')]
    return (await status(jobs, { world })).series.map((one) => one.asked)
  }
  const SYMBOLS = [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }]
  const world = (): VirtualWorld =>
    virtualWorld(new Exchange({ symbols: SYMBOLS }), { start: START })

  it('of a series that no run asked for says nothing', async () => {
    expect(await askedOf(world(), job('now'))).toEqual([undefined, undefined])
  })

  it('says when the run began that asked, with a job and without', async () => {
    const here = world()
    const before = formatMicros(START)
    expect(await attempt(job('now'), { world: here })).toMatchObject({ exit: 0 })
    expect(await askedOf(here, job('now'))).toEqual([before, before])
    expect(await askedOf(here)).toEqual([before, before])
  })

  it('is not moved by a run that had nothing to ask, which writes nothing but its record', async () => {
    const here = world()
    await attempt(job('now'), { world: here })
    const [before, lake] = [await askedOf(here), await lakeOf(here.files)]
    here.clock.skip(60_000)
    expect(await attempt(job('2026-04-02'), { world: here })).toMatchObject({ exit: 0 })
    expect(await askedOf(here)).toEqual(before)
    expect(await lakeOf(here.files)).toEqual(lake)
  })

  it('is moved of what was answered, and not of what was refused', async () => {
    const here = world()
    await attempt(job('now'), { world: here })
    const before = await askedOf(here)
    const fault = { kind: 'error', code: -1121 } as const
    const rules = [{ path: '/api/v3/klines', query: 'ETHUSDT', times: Infinity, fault }]
    const start = parseMicros('2026-04-25T06:00:30')
    const refusing = new Exchange({ symbols: SYMBOLS, faults: { rules } })
    const later = virtualWorld(refusing, { start, files: here.files })
    expect(await attempt(job('now'), { world: later })).toMatchObject({ exit: 3 })
    expect(await askedOf(later)).toEqual([formatMicros(start), before[1]])
  })
})
