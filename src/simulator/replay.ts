/** Serves recorded REST pages unchanged: raw JSON files, named by dataset and symbol. */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'
import { fromMillis, micros, type Micros } from '../base/time.ts'
import { INTERVALS, type Interval } from '../binance/interval.ts'
import { recordedArchive } from './archive-replay.ts'
import type { ExchangeOptions, LimitRule, SymbolOptions } from './options.ts'
import type { AggTrade, Kline, Trade } from './rows.ts'

const NAME = /^(klines|uiKlines|aggTrades|trades|blockTrades|exchangeInfo)-(.+)\.json$/u

type Recording = {
  readonly klines: Partial<Record<Interval, Kline[]>>
  readonly uiKlines: Partial<Record<Interval, Kline[]>>
  readonly aggTrades: AggTrade[]
  readonly trades: Trade[]
  readonly blockTrades: Trade[]
}

type RawRow = Readonly<Record<string | number, unknown>>

/**
 * An exchange with the rows of the pages in `directory`, or in its folder `rest`: `klines-SYMBOL-INTERVAL-*.json`,
 * `aggTrades-SYMBOL-*.json`, `trades-SYMBOL-*.json`, `exchangeInfo-*.json`. Times in the files are ms; those of the
 * rows are ms x 1000, and closes end with the whole millisecond. Files below `archive/` are served unchanged.
 *
 * @throws UsageError when nothing is recorded there, or a page does not match its name.
 */
export async function replayOptions(directory: string): Promise<ExchangeOptions> {
  const pages = await pagesIn(directory)
  const recorded = await recordedArchive(directory)
  if (pages.length === 0 && recorded.size === 0) throw nothingRecorded(directory)
  const recordings = new Map<string, Recording>()
  let info: RawRow = {}
  for (const { name, dataset, rest, content } of pages) {
    try {
      if (dataset === 'exchangeInfo') info = content as RawRow
      else addPage(recordings, { dataset, rest }, content as readonly RawRow[])
    } catch (cause) {
      throw new UsageError(`not a page of ${dataset}: ${quoteText(name)}`, { cause })
    }
  }
  return { symbols: symbolsOf(recordings, info), ...limitsOf(info), archive: { recorded } }
}

type PageFile = {
  readonly name: string
  readonly dataset: string
  readonly rest: string
  readonly content: unknown
}

async function pagesIn(directory: string): Promise<readonly PageFile[]> {
  const pages: PageFile[] = []
  for (const folder of [directory, join(directory, 'rest')]) {
    // A missing folder has no pages.
    const names = await readdir(folder).catch((): string[] => [])
    for (const name of names.sort()) {
      const [, dataset, rest] = NAME.exec(name.normalize('NFC')) ?? []
      if (dataset === undefined || rest === undefined) continue
      const content: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'))
      pages.push({ name, dataset, rest, content })
    }
  }
  return pages
}

function nothingRecorded(directory: string): UsageError {
  return new UsageError(`nothing recorded in ${quoteText(directory)}`, {
    hint: 'REST pages are named like klines-BTCUSDT-1h-2024-01-01.json, in the directory itself or in rest/; archive files lie in archive/data/spot/.',
  })
}

function addPage(
  recordings: Map<string, Recording>,
  { dataset, rest }: { readonly dataset: string; readonly rest: string },
  rows: readonly RawRow[],
): void {
  const [symbol = '', interval = ''] = rest.split('-')
  const known = recordings.get(symbol)
  const recording = known ?? {
    klines: {},
    uiKlines: {},
    aggTrades: [],
    trades: [],
    blockTrades: [],
  }
  recordings.set(symbol, recording)
  switch (dataset) {
    case 'klines':
    case 'uiKlines': {
      const named = INTERVALS.find((own) => own === interval)
      if (named === undefined) throw new RangeError(`not an interval: ${interval}`)
      ;(recording[dataset][named] ??= []).push(...rows.map(klineOf))
      return
    }
    case 'aggTrades':
      recording.aggTrades.push(...rows.map(aggTradeOf))
      return
    case 'trades':
    case 'blockTrades':
      recording[dataset].push(...rows.map(tradeOf))
      return
    default:
      throw new RangeError(`not a dataset: ${dataset}`)
  }
}

function symbolsOf(recordings: ReadonlyMap<string, Recording>, info: RawRow): SymbolOptions[] {
  const listed = new Map(
    ((info['symbols'] ?? []) as readonly RawRow[]).map((entry) => [String(entry['symbol']), entry]),
  )
  const names = new Set([...listed.keys(), ...recordings.keys()])
  return [...names].map((symbol) => {
    const entry = listed.get(symbol)
    const recording = recordings.get(symbol)
    return {
      symbol,
      // Without exchangeInfo, all recorded symbols count as listed.
      listed: entry !== undefined || listed.size === 0,
      ...(entry === undefined ? {} : { info: entry }),
      rows: recording === undefined ? {} : inOrder(recording),
    }
  })
}

function limitsOf(info: RawRow): Pick<ExchangeOptions, 'limits'> {
  const rules = info['rateLimits']
  return Array.isArray(rules) ? { limits: { rules: rules as LimitRule[] } } : {}
}

/** Sorts the rows, and keeps one of those that two pages share. */
function inOrder(recording: Recording): NonNullable<SymbolOptions['rows']> {
  const byOpen = (rows: readonly Kline[]): Kline[] => unique(rows, ({ openTime }) => openTime)
  const klines = (all: Recording['klines']): Recording['klines'] =>
    Object.fromEntries(Object.entries(all).map(([interval, rows]) => [interval, byOpen(rows)]))
  const uiKlines = Object.keys(recording.uiKlines).length === 0 ? {} : klines(recording.uiKlines)
  return {
    klines: klines(recording.klines),
    ...(Object.keys(uiKlines).length === 0 ? {} : { uiKlines }),
    aggTrades: unique(recording.aggTrades, ({ id }) => id),
    trades: unique(recording.trades, ({ id }) => id),
    blockTrades: unique(recording.blockTrades, ({ id }) => id),
  }
}

function unique<Row>(rows: readonly Row[], key: (row: Row) => bigint): Row[] {
  const byKey = new Map(rows.map((row) => [key(row), row]))
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

function klineOf(row: RawRow): Kline {
  return {
    openTime: time(row[0]),
    open: text(row[1]),
    high: text(row[2]),
    low: text(row[3]),
    close: text(row[4]),
    volume: text(row[5]),
    closeTime: micros(time(row[6]) + 999n),
    quoteVolume: text(row[7]),
    tradeCount: Number(row[8]),
    takerVolume: text(row[9]),
    takerQuoteVolume: text(row[10]),
  }
}

function aggTradeOf(row: RawRow): AggTrade {
  return {
    id: id(row['a']),
    price: text(row['p']),
    quantity: text(row['q']),
    firstTradeId: id(row['f']),
    lastTradeId: id(row['l']),
    time: time(row['T']),
    isBuyerMaker: row['m'] === true,
    isBestMatch: row['M'] === true,
  }
}

function tradeOf(row: RawRow): Trade {
  return {
    id: id(row['id']),
    price: text(row['price']),
    quantity: text(row['qty']),
    quoteQuantity: text(row['quoteQty']),
    time: time(row['time']),
    isBuyerMaker: row['isBuyerMaker'] === true,
    ...(row['isBestMatch'] === undefined ? {} : { isBestMatch: row['isBestMatch'] === true }),
  }
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError('a number is not a text')
}

function id(value: unknown): bigint {
  return BigInt(value as number)
}

function time(value: unknown): Micros {
  return fromMillis(value as number)
}
