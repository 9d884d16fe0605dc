/** Jobs and stand-ins for runs that take from the archive. */

import type { ArchiveRule, ExchangeOptions, Simulator } from '../../src/simulator/index.ts'
import type { Measured } from '../../src/plan/speed.ts'
import { parquet, query } from './duck.ts'
import { FILES_FIRST } from './speeds.ts'

/** A stand-in whose archive has these faults. */
export function archiveExchange(
  rules: readonly ArchiveRule[] = [],
  more: Partial<ExchangeOptions> = {},
): ExchangeOptions {
  return {
    symbols: [{ symbol: 'BTCUSDT', aggTradesPerDay: 3_000 }],
    archive: { rules },
    ...more,
  }
}

/** Both doors of a stand-in, for runs that prefer files. */
export function doors({ url }: Simulator): {
  baseUrls: string[]
  archiveUrl: string
  speed: Measured
} {
  return { baseUrls: [url], archiveUrl: url, speed: FILES_FIRST }
}

/** A job of one series of BTCUSDT; `interval` where it has one. */
export function archiveJob(
  series: { readonly kind: string; readonly interval?: string },
  [from, to]: readonly [string, string],
  source: string,
  more: readonly string[] = [],
): string {
  const lines = [
    ...(series.interval === undefined ? [] : [`intervals: [${series.interval}]`]),
    'symbols: [BTCUSDT]',
    `from: ${from}`,
    `to: ${to}`,
    `source: ${source}`,
    'numbers: string',
    ...more,
  ]
  return `
version: 1
datasets:
  - kind: ${series.kind}
${lines.map((line) => `    ${line}`).join('\n')}
`
}

/** Rows of a series, without regard to which file they are in. */
export async function storedRows(
  dataDir: string,
  path: string,
  key: string,
): Promise<Record<string, string | null>[]> {
  return query(`SELECT * FROM ${parquet(dataDir, path)} ORDER BY ${key}`)
}
