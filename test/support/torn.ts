/** A few days of trades whose files of the archive are written out row by row, and an exchange that may keep silent. */

import type { Threads } from '../../src/base/ports.ts'
import { micros, parseMicros, type Micros } from '../../src/base/time.ts'
import { Exchange, type ArchiveRule, type FaultOptions } from '../../src/simulator/index.ts'
import { readManifest } from '../../src/store/series.ts'
import { rowsOf } from './chaos.ts'
import { FILES_FIRST } from './speeds.ts'
import { statusOfOne } from './checked.ts'
import { aggTradeAt } from './histories.ts'
import { memFiles } from './mem-files.ts'
import { attempt, virtualWorld, type Ended } from './virtual.ts'

export const KEY = { market: 'spot', dataset: 'aggTrades', symbol: 'BTCUSDT' } as const
export const DAYS = ['2025-03-04', '2025-03-05', '2025-03-06', '2025-03-07'] as const
const URL = 'https://exchange.test'
const NOW = parseMicros('2025-05-20')
const DAY = 86_400_000_000n
const FIRST_ID = 5_000n

/** A row by its id and time. */
export type Row = { readonly id: bigint; readonly time: Micros }
/** The rows of each file by its period; what is not named is not published. */
export type Files = Readonly<Record<string, readonly Row[]>>
/**
 * What REST does: all it is asked for, nothing, only rows from an id on, or an error. `none`: it may not be asked.
 */
export type Rest = 'whole' | 'silent' | 'refused' | 'none' | { readonly from: bigint }

/** Rows at these moments, in this order. */
export function rowsAt(times: readonly Micros[]): readonly Row[] {
  return times.map((time, index) => ({ id: FIRST_ID + BigInt(index), time }))
}

/** Some rows for each day, the last ones right before midnight. */
export const CALM: readonly Row[] = rowsAt(
  DAYS.flatMap((day) => {
    const from = parseMicros(day)
    const hours = [1n, 9n, 18n, 23n].map((hour) => from + hour * 3_600_000_000n)
    return [from + 2_000_001n, ...hours, from + DAY - 900_001n].map(micros)
  }),
)

/** The rows of a day or month by their time. */
export function fileOf(rows: readonly Row[], period: string): readonly Row[] {
  return rows.filter(({ time }) => new Date(Number(time / 1000n)).toISOString().startsWith(period))
}

/** The whole files of these periods. */
export function filesOf(rows: readonly Row[], periods: readonly string[]): Files {
  return Object.fromEntries(periods.map((period) => [period, fileOf(rows, period)]))
}

function line({ id, time }: Row): string {
  const row = aggTradeAt(id, time)
  return [
    id,
    row.price,
    row.quantity,
    row.firstTradeId,
    row.lastTradeId,
    time,
    id % 2n === 0n ? 'True' : 'False',
    'True',
  ].join(',')
}

function exchangeOf(truth: readonly Row[], files: Files, rest: Rest): Exchange {
  const periods = ['2025-03', ...DAYS]
  const rules = periods.map((period): ArchiveRule => {
    const rows = files[period]
    const path = `-aggTrades-${period}.zip`
    if (rows === undefined) return { path, fault: { kind: 'missing' } }
    return { path, fault: { kind: 'lines', change: () => rows.map(line) } }
  })
  const refused = {
    path: '/api/v3/aggTrades',
    times: Infinity,
    fault: { kind: 'error', code: -1100 },
  } as const
  const faults: FaultOptions = rest === 'refused' ? { rules: [refused] } : {}
  const from = typeof rest === 'object' ? rest.from : rest === 'silent' ? 10n ** 12n : undefined
  const risen = [...truth].sort((a, b) => Number(a.time - b.time))
  return new Exchange({
    symbols: [
      {
        symbol: 'BTCUSDT',
        listedAt: parseMicros('2025-03-01'),
        rows: {
          aggTrades: (rest === 'whole' ? truth : risen).map(({ id, time }) => aggTradeAt(id, time)),
        },
        ...(from === undefined ? {} : { restHistoryFrom: from }),
      },
    ],
    faults,
    archive: { rules },
  })
}

function jobOf([from, to]: readonly [string, string], source: string): string {
  return `{version: 1, datasets: [{kind: aggTrades, symbols: [BTCUSDT], from: ${from}, to: ${to}, source: ${source}, numbers: string, compression: none}]}`
}

/** A lake that lives through runs against worlds that change. */
export class TornLake {
  readonly #files = memFiles()
  readonly #truth: readonly Row[]
  readonly #threads: Threads | undefined
  #last = exchangeOf([], {}, 'none')

  constructor(truth: readonly Row[], threads?: Threads) {
    this.#truth = truth
    this.#threads = threads
  }

  /** Everything that is data, or says what data there is. */
  get contents(): Readonly<Record<string, Uint8Array>> {
    const all = [...this.#files.contents].filter(([path]) => path.startsWith('spot/'))
    return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** One run over some days, of which `to` is not wanted. */
  async run(span: readonly [string, string], files: Files, rest: Rest): Promise<Ended> {
    const source = rest === 'none' ? 'archive' : 'auto'
    const exchange = exchangeOf(this.#truth, files, rest)
    this.#last = exchange
    const own = virtualWorld(exchange, { start: NOW, files: this.#files })
    const world = this.#threads === undefined ? own : { ...own, threads: this.#threads }
    return attempt(jobOf(span, source), {
      world,
      baseUrls: [URL],
      archiveUrl: URL,
      speed: FILES_FIRST,
    })
  }

  /** What the last run asked for, of rows and files. */
  get asked(): readonly string[] {
    return this.#last.log.entries.map(({ path }) => path).filter((path) => /Trades/.test(path))
  }

  /** The stored rows by id. */
  async rows(): Promise<readonly Row[]> {
    const stored = await rowsOf(this.#files, KEY)
    return [...stored].map(([id, { time }]) => ({ id: BigInt(id), time: micros(time) }))
  }

  /** Is this moment covered? */
  async covers(time: Micros): Promise<boolean> {
    const { coverage = [] } = (await readManifest(this.#files, KEY)) ?? {}
    return coverage.some(({ from, to }) => from <= time && time < to)
  }

  /** What `status` says, of all of the lake or of some days. */
  async verdict(span?: readonly [string, string]): Promise<string> {
    const world = virtualWorld(this.#last, { start: NOW, files: this.#files })
    const yaml = span === undefined ? undefined : jobOf(span, 'auto')
    return (await statusOfOne({ world }, yaml)).verdict
  }
}
