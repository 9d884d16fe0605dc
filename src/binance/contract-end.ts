/** Where contracts end. Klines without trades, and settlements of funding, go on after it and are no history. */

import { parseMicros, type Micros } from '../base/time.ts'
import type { ContractInfo } from './exchange-info.ts'

/** Contracts are delivered at 08:00 UTC of the day in their name (recorded: exchangeInfo of COIN-M, 2021-07-22). */
const DATED = /_(\d{2})(\d{2})(\d{2})$/

/**
 * Where a contract ends, or ended: by exchangeInfo, and by its name once that does not list it any more.
 *
 * @returns `undefined` for one without an end, and where the end is not known.
 */
export function contractEnd(symbol: string, info: ContractInfo | undefined): Micros | undefined {
  if (info !== undefined) return info.end
  const [, year, month, day] = DATED.exec(symbol) ?? []
  if (year === undefined || month === undefined || day === undefined) return undefined
  try {
    return parseMicros(`20${year}-${month}-${day}T08:00`)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
