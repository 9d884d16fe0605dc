/** Values of an SQL answer, as JSON has them: exact where JSON can be, text where it cannot. */

import type {
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBValue,
} from '@duckdb/node-api'
import { formatMicros, micros } from '../base/time.ts'

/** One value of an answer. Moments are ISO 8601 UTC with microseconds, decimals and integers above 2^53 text. */
export type SqlValue =
  null | boolean | number | string | readonly SqlValue[] | { readonly [name: string]: SqlValue }

/** Turns DuckDB's value into JSON's. */
export function sqlValue(value: DuckDBValue): SqlValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  // NaN and the infinities are no JSON.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (isMoment(value)) return formatMicros(micros(value.micros))
  if (isList(value)) return value.items.map(sqlValue)
  if (isStruct(value))
    return Object.fromEntries(
      Object.entries(value.entries).map(([name, entry]) => [name, sqlValue(entry)]),
    )
  return (value as DuckDBDecimalValue).toString()
}

// By shape: DuckDB's classes are there only when it is installed.

function isMoment(value: object): value is DuckDBTimestampTZValue {
  return /^DuckDBTimestamp(TZ)?Value$/.test(value.constructor.name)
}

function isList(value: object): value is DuckDBListValue {
  return 'items' in value && Array.isArray(value.items)
}

function isStruct(value: object): value is DuckDBStructValue {
  return value.constructor.name === 'DuckDBStructValue'
}
