/** Datasets held against each other: what agrees is silent, and each planted fault is found and named with both values. */

import fc from 'fast-check'
import type { RecordBatch } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { formatMicros, micros } from '../../src/base/time.ts'
import { verify, type VerifyReport } from '../../src/index.ts'
import type { AggTrade, Kline, Trade } from '../../src/simulator/rows.ts'
import { command } from '../support/command.ts'
import { compareIds, idWords } from '../../src/verify/cross/compare-ids.ts'
import { run, serve, tempDir } from '../support/lake.ts'
import { fixedSlots, longer } from '../support/long-klines.ts'
import {
  aggregateBatch,
  histories,
  klinesOfTrades,
  START,
  textOf,
  tradeBatch,
  unitsOf,
} from '../support/trade-histories.ts'

const MINUTE = 60_000_000
const MINUTES = 60

type Rows = { trades: Trade[]; aggTrades: AggTrade[]; minutes: Kline[]; longs: Kline[] }

/** An hour in which all datasets say the same. */
function agreed(seed: number): Rows {
  const [history] = fc.sample(histories(30), { numRuns: 1, seed })
  const end = START + MINUTES * MINUTE
  const trades = history!.trades.filter(({ time }) => Number(time) < end)
  const aggTrades = history!.aggregates.filter(({ time }) => Number(time) < end)
  const minutes = withQuiet(klinesOfTrades(trades, MINUTE))
  return { trades, aggTrades, minutes, longs: longer(minutes, fixedSlots(5 * MINUTE)) }
}

/** As the exchange has it: a minute without a trade is flat at the last price. */
function withQuiet(klines: readonly Kline[]): Kline[] {
  const byOpen = new Map(klines.map((kline) => [Number(kline.openTime), kline]))
  const zero = '0.00000000'
  let price = klines[0]!.open
  return Array.from({ length: MINUTES }, (_, minute) => {
    const open = START + minute * MINUTE
    const kline = byOpen.get(open)
    if (kline === undefined)
      return {
        ...{ openTime: micros(BigInt(open)), closeTime: micros(BigInt(open + MINUTE - 1)) },
        ...{ open: price, high: price, low: price, close: price, volume: zero, quoteVolume: zero },
        ...{ tradeCount: 0, takerVolume: zero, takerQuoteVolume: zero },
      }
    price = kline.close
    return kline
  })
}

const FROM = formatMicros(micros(BigInt(START)))
const TO = formatMicros(micros(BigInt(START + MINUTES * MINUTE)))

/** Stores what an exchange with these rows has. */
async function lakeOf(
  { trades, aggTrades, minutes, longs }: Rows,
  datasets = '{kind: klines, intervals: [1m, 5m]}, {kind: aggTrades}, {kind: trades}',
  isWhole = true,
): Promise<string> {
  const rows = { trades, aggTrades, klines: { '1m': minutes, '5m': longs } }
  const simulator = await serve({ exchange: { symbols: [{ symbol: 'BTCUSDT', rows }] } })
  const dataDir = await tempDir()
  const { summary } = await run(
    `{version: 1, symbols: [BTCUSDT], from: "${FROM}", to: "${TO}", numbers: decimal, datasets: [${datasets}]}`,
    { dataDir, baseUrls: [simulator.url], source: 'rest' },
  )
  expect(summary.complete).toBe(isWhole)
  return dataDir
}

async function crossed(dataDir: string): Promise<VerifyReport> {
  for await (const step of verify([], { dataDir, cross: true }))
    if (step.kind === 'report') return step
  throw new Error('no report')
}

async function found(rows: Rows, datasets?: string): Promise<readonly string[]> {
  const { findings } = await crossed(await lakeOf(rows, datasets))
  return findings
    .filter(({ code }) => code === 'cross-difference')
    .map(({ severity, message }) => `${severity}: ${message}`)
}

test('datasets that agree are the same, each against its parts', async () => {
  const { ok, findings, cross } = await crossed(await lakeOf(agreed(1)))
  expect({ ok, findings }).toEqual({ ok: true, findings: [] })
  expect(cross!.map(({ series, differences, note }) => [...series, differences, note])).toEqual([
    ['klines/BTCUSDT/5m', 'klines/BTCUSDT/1m', 0, undefined],
    ['klines/BTCUSDT/1m', 'aggTrades/BTCUSDT', 0, undefined],
    ['aggTrades/BTCUSDT', 'trades/BTCUSDT', 0, undefined],
  ])
  expect(cross!.map(({ rows }) => rows)).toEqual([12, 60, expect.any(Number)])
  expect(cross![0]!.compared).toEqual([{ from: FROM, to: TO }])
})

/** Klines of a minute up to half a kline of five. */
const HALF = `{kind: klines, intervals: [5m]}, {kind: aggTrades},
  {kind: klines, intervals: [1m], to: "${formatMicros(micros(BigInt(START + 12 * MINUTE)))}"}`

describe('where the nearest series does not reach', () => {
  test('the next one is held against, from the slot on that the nearest covers half', async () => {
    const { cross, findings } = await crossed(await lakeOf(agreed(6), HALF))
    expect(findings).toEqual([])
    expect(cross!.map(({ series, rows }) => [...series, rows])).toEqual([
      ['klines/BTCUSDT/5m', 'klines/BTCUSDT/1m', 2],
      ['klines/BTCUSDT/5m', 'aggTrades/BTCUSDT', 10],
      ['klines/BTCUSDT/1m', 'aggTrades/BTCUSDT', 12],
    ])
  })

  test.each([1, 2, 3])('a fault in slot %i is found once', async (slot) => {
    const rows = agreed(6)
    rows.longs[slot] = { ...rows.longs[slot]!, high: '99999999.00000000' }
    expect(await found(rows, HALF)).toEqual([
      expect.stringContaining(
        `high is 99999999 in klines/BTCUSDT/5m and ${trimmed(agreed(6).longs[slot]!.high)} in ${slot < 2 ? 'klines/BTCUSDT/1m' : 'aggTrades/BTCUSDT'}`,
      ) as string,
    ])
  })
})

describe('klines of COIN-M', () => {
  async function differing(change: (longs: Kline[]) => void): Promise<readonly string[]> {
    const { minutes, longs } = agreed(9)
    change(longs)
    const rows = { klines: { '1m': minutes, '5m': longs } }
    const simulator = await serve({
      exchange: { symbols: [], cm: { symbols: [{ symbol: 'BTCUSD_PERP', rows }] } },
    })
    const dataDir = await tempDir()
    await run(
      `{version: 1, market: cm, symbols: [BTCUSD_PERP], from: "${FROM}", to: "${TO}", numbers: decimal,
        datasets: [{kind: klines, intervals: [1m, 5m]}]}`,
      { dataDir, baseUrls: [`cm=${simulator.url}`], source: 'rest' },
    )
    const { findings, cross } = await crossed(dataDir)
    expect(cross!.map(({ rows: count }) => count)).toEqual([12])
    return findings.map(({ message }) => message)
  }

  test('are held against shorter ones by what they count, the base asset as far as it is rounded', async () => {
    const altered = await differing((longs) => {
      const [first, second] = [longs[1]!, longs[2]!]
      longs[1] = { ...first, quoteVolume: plus(first.quoteVolume, 3n), volume: plus(first.volume) }
      longs[2] = { ...second, quoteVolume: plus(second.quoteVolume, 4n) }
    })
    expect(altered).toHaveLength(2)
    expect(altered[0]).toMatch(
      /: contracts is [\d.]+ in cm\/klines\/BTCUSD_PERP\/5m and [^;]*; they must be equal$/,
    )
    expect(altered[1]).toMatch(/: base_volume is [\d.]+ in .*; they may be 3e-8 apart$/)
  })
})

/** A number of 8 decimals and so many units of the last one more. */
function plus(text: string, units = 1n): string {
  return textOf(unitsOf(text) + units)
}

test('a series that is held against none is named, and why', async () => {
  const lonely = await lakeOf(agreed(8), '{kind: trades}')
  expect((await crossed(lonely)).cross).toEqual([
    {
      ...{ series: ['trades/BTCUSDT'], compared: [], rows: 0, differences: 0 },
      note: 'the lake has nothing else of these trades',
    },
  ])
  const { stdout } = await command(['verify', '--cross', '--data-dir', lonely])
  expect(stdout).toMatch(/^trades\/BTCUSDT: the lake has nothing else of these trades$/m)
})

test.each([
  ['--shard', '1/2'],
  ['--subset', '1/2'],
])('a part of the lake is refused: %s', async (...part) => {
  const { exit, stdout, stderr } = await command(['verify', '--cross', ...part])
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
  expect(stderr).toMatch(part[0] === '--shard' ? /lacks most partners/ : /exclude each other/)
})

test('the library refuses a part too', async () => {
  const part = verify([], { dataDir: await tempDir(), cross: true, subset: { index: 1, count: 3 } })
  await expect(part.next()).rejects.toMatchObject({ exit: 2, name: 'UsageError' })
})

describe('planted faults', () => {
  test('one altered volume is named with both values', async () => {
    const rows = agreed(2)
    const index = rows.minutes.findIndex(({ tradeCount }) => tradeCount > 0)
    const kline = rows.minutes[index]!
    const volume = `${BigInt(kline.volume.split('.')[0]!) + 1n}.00000000`
    rows.minutes[index] = { ...kline, volume }
    const at = formatMicros(kline.openTime)
    const messages = await found(rows)
    expect(messages).toHaveLength(2)
    expect(messages[0]).toMatch(
      /^damage: .*: volume is [\d.]+ in klines\/BTCUSDT\/5m and [\d.]+ in klines\/BTCUSDT\/1m; they must be equal$/,
    )
    expect(messages[1]).toBe(
      `damage: ${at}: volume is ${trimmed(volume)} in klines/BTCUSDT/1m and ${trimmed(kline.volume)} in aggTrades/BTCUSDT; they must be equal`,
    )
  })

  test('what a run could not get is not covered, and so it is not compared', async () => {
    const rows = agreed(3)
    rows.trades.splice(Math.floor(rows.trades.length / 2), 1)
    const { cross, ok } = await crossed(await lakeOf(rows, undefined, false))
    const [, , ids] = cross!
    expect(ids!.compared.length).toBeGreaterThan(1)
    expect([ok, ids!.differences]).toEqual([true, 0])
  })
})

const ALL = [{ from: micros(0n), to: micros(2n ** 52n) }]
async function* once(batch: RecordBatch): AsyncGenerator<RecordBatch> {
  yield batch
}
async function compared(
  trades: readonly Trade[],
  aggregates: readonly AggTrade[],
): Promise<string[]> {
  const key = { market: 'spot', symbol: 'BTCUSDT' } as const
  const words: string[] = []
  const sides = {
    aggregates: { ...key, dataset: 'aggTrades' },
    trades: { ...key, dataset: 'trades' },
    aggregatePeriods: [once(aggregateBatch(aggregates, 'float64'))],
    tradePeriods: [once(tradeBatch(trades, 'string'))],
    common: ALL,
  } as const
  for await (const finding of compareIds(sides, () => undefined)) words.push(idWords(finding))
  return words
}

describe('aggregates and trades', () => {
  test('agree whatever the history, and each of three faults is the one that is named', async () => {
    await fc.assert(
      fc.asyncProperty(histories(3), fc.nat(), async ({ trades, aggregates }, place) => {
        expect(await compared(trades, aggregates)).toEqual([])
        const one = aggregates[place % aggregates.length]!
        const lost = trades[place % trades.length]!
        const [owner] = aggregates.filter(
          ({ firstTradeId, lastTradeId }) => firstTradeId <= lost.id && lost.id <= lastTradeId,
        )
        expect(
          await compared(
            trades.filter((trade) => trade !== lost),
            aggregates,
          ),
        ).toEqual([
          `trade ${lost.id} is not stored, and aggregate ${owner!.id} names it: ${trimmed(lost.quantity)} of its quantity have no trade, so what is omitted is the trade`,
        ])
        const doubled = aggregates.flatMap((aggregate) => {
          if (aggregate.id < one.id) return [aggregate]
          const later = { ...aggregate, id: aggregate.id + 1n }
          return aggregate === one ? [aggregate, later] : [later]
        })
        const [first, last] = [one.firstTradeId, one.lastTradeId]
        const some = first === last ? `trade ${first} is` : `trades ${first} to ${last} are`
        expect(await compared(trades, doubled)).toEqual([
          `${some} in two aggregates, ${one.id} and ${one.id + 1n}: one of them stands twice`,
        ])
        const left = trades.filter(({ id }) => id >= one.firstTradeId && id <= one.lastTradeId)
        expect(
          await compared(
            trades,
            aggregates.filter((aggregate) => aggregate !== one),
          ),
        ).toEqual(
          left.map(
            ({ id }) =>
              `trade ${id} is stored, and no aggregate names it: what is omitted is its aggregate`,
          ),
        )
      }),
      { numRuns: 30 },
    )
  })
})

describe('aggregates that overlap', () => {
  const trade = (id: number): Trade => ({
    ...{ id: BigInt(id), price: '2.00000000', quantity: '1.00000000', quoteQuantity: '2.00000000' },
    ...{ time: micros(BigInt(START + id)), isBuyerMaker: false, isBestMatch: true },
  })
  const aggregate = (id: number, first: number, last: number): AggTrade => ({
    ...{ id: BigInt(id), price: '2.00000000', quantity: `${last - first + 1}.00000000` },
    ...{ firstTradeId: BigInt(first), lastTradeId: BigInt(last) },
    ...{ time: micros(BigInt(START + first)), isBuyerMaker: false, isBestMatch: true },
  })

  test.each([
    [
      'in part, of which all trades are there',
      [1, 2, 3, 4, 5, 6],
      [
        [1, 4],
        [3, 6],
      ],
      ['trades 3 to 4 are in two aggregates, 1 and 2: they overlap, and one of them is wrong'],
    ],
    [
      'where one lies within the other',
      [1, 2, 3, 4, 5, 6],
      [
        [1, 5],
        [2, 2],
        [6, 6],
      ],
      ['trade 2 is in two aggregates, 1 and 2: they overlap, and one of them is wrong'],
    ],
    [
      'in part, of which a trade is lost besides',
      [1, 2, 3, 4, 6],
      [
        [1, 4],
        [4, 6],
      ],
      [
        'trade 4 is in two aggregates, 1 and 2: they overlap, and one of them is wrong',
        'trade 5 is not stored, and aggregate 2 names it; as that overlaps another one, it is not known which is omitted or wrong',
      ],
    ],
  ] as const)('%s', async (_, trades, ranges, words) => {
    const aggregates = ranges.map(([first, last], index) => aggregate(index + 1, first, last))
    expect(await compared(trades.map(trade), aggregates)).toEqual(words)
  })
})

function trimmed(text: string): string {
  return text.replace(/\.?0+$/, '')
}

test('the command ends with 4, and tells all as JSON', async () => {
  const rows = agreed(5)
  rows.longs.splice(3, 1, { ...rows.longs[3]!, high: '99999999.00000000' })
  const dataDir = await lakeOf(rows)
  const { exit, stdout, stderr } = await command([
    'verify',
    '--cross',
    '--json',
    '--data-dir',
    dataDir,
  ])
  expect(exit).toBe(4)
  const { cross, ok } = JSON.parse(stdout) as { cross: { differences: number }[]; ok: boolean }
  expect([ok, ...cross.map(({ differences }) => differences)]).toEqual([false, 1, 0, 0])
  expect(stderr).toMatch(/datasets differ in 1 place: .*high is 99999999/)
  const text = await command(['verify', '--cross', '--data-dir', dataDir])
  expect(text.stdout).toMatch(
    /klines\/BTCUSDT\/5m against klines\/BTCUSDT\/1m: 12 rows, 1 difference; /,
  )
  expect(text.stdout).toMatch(/DIFFERENT in 1 place, sound in itself/)
  expect((await command(['verify', '--data-dir', dataDir])).exit).toBe(0)
})
