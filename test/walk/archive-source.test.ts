/** From the archive to rows, as the conductor goes: compared with what the stand-in's history really holds. */

import { describe, expect, test } from 'vitest'
import { formatMicros, parseMicros, parseWindow, type Window } from '../../src/base/time.ts'
import { archivePath, archivePeriods } from '../../src/binance/archive.ts'
import type { SpotKind } from '../../src/binance/dataset.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { sliceRows } from '../../src/rows/order.ts'
import {
  trueAggTrades,
  trueKlines,
  trueTrades,
  type ArchiveFault,
  type ExchangeOptions,
} from '../../src/simulator/index.ts'
import { archiveSteps, type ArchiveOutcome } from '../support/archive-steps.ts'
import { AGG_TRADES, archiveWorld, klines, textsOf, TRADES } from '../support/archive.ts'

type Read = {
  readonly rows: Record<string, string>[]
  readonly outcomes: ArchiveOutcome[]
  readonly reached: string[]
  readonly exchange: Awaited<ReturnType<typeof archiveWorld>>['exchange']
}

async function read(
  key: SeriesKey,
  window: Window,
  options: Partial<ExchangeOptions> = {},
  now = '2026-06-10',
): Promise<Read> {
  const { downloads, exchange } = await archiveWorld(options, { now })
  const rows: Record<string, string>[] = []
  const outcomes: ArchiveOutcome[] = []
  const reached: string[] = []
  for (const file of archivePeriods(key, window, parseMicros(now))) {
    const archive = downloads.open(archivePath(key, file.period))
    const steps = archiveSteps({ key, numbers: 'string', window, file, archive })
    for (;;) {
      const step = await steps.next()
      if (step.done) {
        outcomes.push(step.value)
        break
      }
      const { page, first, end, archives = {} } = step.value
      expect(Object.values(archives)[0]).toMatchObject({ period: file.period })
      reached.push(formatMicros(step.value.reached))
      if (page !== undefined)
        rows.push(...textsOf(key.dataset as SpotKind, [sliceRows(page, first, end)]))
    }
  }
  expect([...reached].sort()).toEqual(reached)
  return { rows, outcomes, reached, exchange }
}

const window = (from: string, to: string): Window => parseWindow({ from, to })
const kinds = (outcomes: readonly ArchiveOutcome[]): string[] =>
  outcomes.map((outcome) => (outcome.kind === 'read' ? 'read' : outcome.problem))

/** Across the switch from ms to µs: what files before it cannot hold is cut off. */
const inUnit = (time: bigint): string =>
  formatMicros((time < parseMicros('2025-01-01') ? (time / 1000n) * 1000n : time) as never)

describe('rows of the archive are those of the history', () => {
  const span = window('2024-12-30T05:00', '2025-01-02T07:00')
  const now = parseMicros('2026-06-10')

  test('klines', async () => {
    const { rows, outcomes, exchange } = await read(klines('1m'), span)
    const truth = trueKlines(exchange, { symbol: 'BTCUSDT', interval: '1m', window: span, now })
    expect(rows).toHaveLength(truth.length)
    expect(rows.map((row) => Object.values(row))).toEqual(
      truth.map((row) => [
        formatMicros(row.openTime),
        row.open,
        row.high,
        row.low,
        row.close,
        row.volume,
        formatMicros(row.closeTime),
        row.quoteVolume,
        String(row.tradeCount),
        row.takerVolume,
        row.takerQuoteVolume,
      ]),
    )
    expect(kinds(outcomes)).toEqual(['read', 'read', 'read', 'read'])
  })

  test('aggregate trades', async () => {
    const { rows, reached, exchange } = await read(AGG_TRADES, span)
    const truth = [...trueAggTrades(exchange, { symbol: 'BTCUSDT', window: span, now })]
    expect(rows).toEqual(
      truth.map((row) => ({
        agg_trade_id: String(row.id),
        price: row.price,
        quantity: row.quantity,
        first_trade_id: String(row.firstTradeId),
        last_trade_id: String(row.lastTradeId),
        time: inUnit(row.time),
        is_buyer_maker: String(row.isBuyerMaker),
        is_best_match: 'true',
      })),
    )
    expect(reached.at(-1)).toBe('2025-01-02T07:00:00.000000Z')
  })

  test('trades', async () => {
    const { rows, exchange } = await read(TRADES, span)
    const truth = [...trueTrades(exchange, { symbol: 'BTCUSDT', window: span, now })]
    expect(rows.map((row) => [row['trade_id'], row['quote_quantity'], row['time']])).toEqual(
      truth.map((row) => [String(row.id), row.quoteQuantity, inUnit(row.time)]),
    )
  })

  test('a year of klines from twelve monthly files', async () => {
    const year = window('2023-01-01', '2024-01-01')
    const { rows, outcomes, exchange } = await read(klines('1h'), year)
    expect(kinds(outcomes)).toHaveLength(12)
    expect(rows).toHaveLength(8_760)
    expect(exchange.log.count).toBe(24)
  })

  test.each(['3d', '1w', '1M'] as const)('%s', async (interval) => {
    const months = window('2024-11-01', '2025-03-01')
    const { rows, exchange } = await read(klines(interval), months)
    const truth = trueKlines(exchange, { symbol: 'BTCUSDT', interval, window: months, now })
    expect(rows.map((row) => [row['open_time'], row['close']])).toEqual(
      truth.map((row) => [formatMicros(row.openTime), row.close]),
    )
  })
})

describe('one bad file leaves the others as they are', () => {
  const days = window('2026-03-01', '2026-03-04')
  const bad = (fault: ArchiveFault): Partial<ExchangeOptions> => ({
    archive: { rules: [{ path: '-2026-03-02.zip', fault }] },
  })

  test.each<[string, ArchiveFault, string]>([
    ['missing', { kind: 'missing' }, 'not-published'],
    ['wrong checksum', { kind: 'wrongChecksum' }, 'checksum'],
    ['cut, and sealed so', { kind: 'cutZip', fraction: 0.7, isSealed: true }, 'zip'],
    ['two entries', { kind: 'twoEntries' }, 'zip'],
    ['another entry', { kind: 'entryName', name: '../BTCUSDT-aggTrades-2026-03-02.csv' }, 'zip'],
    ['a bomb', { kind: 'bomb', bytes: 40_000_000 }, 'zip'],
    ['another day', { kind: 'wrongPeriod' }, 'period'],
    [
      'no best match',
      { kind: 'lines', change: (lines) => lines.map((line) => line.replace(/,[^,]*$/, '')) },
      'csv',
    ],
    ['an unknown header', { kind: 'header', names: ['id', 'rate'] }, 'csv'],
    ['a flood without quantities', { kind: 'zeroQuantities', share: 1 }, 'flood'],
    [
      'out of the question',
      { kind: 'lines', change: (lines) => [...lines, lines[0]!.replace(/^\d+/, '9')] },
      'read',
    ],
  ])('%s', async (_, fault, problem) => {
    const { rows, outcomes } = await read(AGG_TRADES, days, bad(fault))
    expect(kinds(outcomes)).toEqual(['read', problem, 'read'])
    const dates = new Set(rows.map(({ time }) => time!.slice(0, 10)))
    expect(dates.has('2026-03-01') && dates.has('2026-03-03')).toBe(true)
    expect(dates.has('2026-03-02')).toBe(problem === 'read')
    for (const outcome of outcomes)
      if (outcome.kind === 'problem') expect(outcome.message).toContain('2026-03-02')
  })

  test.each<[string, ArchiveFault]>([
    ['a header row', { kind: 'header' }],
    ['times in ms', { kind: 'otherUnit', rows: 'all' }],
    ['times in both units', { kind: 'otherUnit', rows: 'every other' }],
    ['each row twice', { kind: 'duplicated' }],
    ['two streams interleaved', { kind: 'interleaved' }],
    ['its halves swapped', { kind: 'swapped' }],
    [
      'lower-case flags',
      { kind: 'lines', change: (lines) => lines.map((line) => line.toLowerCase()) },
    ],
  ])('%s: put right', async (_, fault) => {
    const wanted = await read(AGG_TRADES, days)
    const { rows, outcomes } = await read(AGG_TRADES, days, bad(fault))
    expect(kinds(outcomes)).toEqual(['read', 'read', 'read'])
    const withoutTime = (all: Read['rows']): unknown[] =>
      all.map((row) => ({ ...row, time: row['time']!.slice(0, -4) }))
    expect(withoutTime(rows)).toEqual(withoutTime(wanted.rows))
  })

  test('a day that ends too early says how far it reaches', async () => {
    const { outcomes, rows } = await read(
      klines('1m'),
      days,
      bad({ kind: 'cutRows', fraction: 0.5 }),
    )
    expect(rows).toHaveLength(1_440 * 2.5)
    expect(outcomes[1]).toMatchObject({ kind: 'read', reached: parseMicros('2026-03-02T12:00') })
    expect(outcomes[2]).toMatchObject({ kind: 'read', reached: parseMicros('2026-03-04') })
  })

  test('two files in a row prove by their ids that nothing is missing between them', async () => {
    const { outcomes } = await read(AGG_TRADES, days)
    const evidence = outcomes.map((outcome) =>
      outcome.kind === 'read' ? outcome.evidence : undefined,
    )
    expect(evidence[1]?.firstKey).toBe(evidence[0]!.lastKey! + 1n)
    expect(evidence[2]?.firstKey).toBe(evidence[1]!.lastKey! + 1n)
  })
})
