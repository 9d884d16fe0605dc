/** One answer in both formats, and pages compared value by value. */

import { expect } from 'vitest'
import type { Micros } from '../../src/base/time.ts'
import { type SpotKind, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { SBE_HEADERS } from '../../src/binance/sbe.ts'
import type { Sign } from '../../src/pull/gateway.ts'
import { columnData } from '../../src/rows/batch.ts'
import type { Page } from '../../src/rows/page.ts'
import { decodeSbe } from '../../src/rows/sbe.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { valueText } from '../../src/rows/value-text.ts'
import type { Exchange } from '../../src/simulator/index.ts'

/** The bodies of the same page. */
type Bodies = { readonly json: Uint8Array; readonly sbe: Uint8Array }

/** Asks `exchange` for one page in both formats. */
export function bothBodies(
  exchange: Exchange,
  kind: SpotKind,
  query: string,
  { now, sign }: { readonly now: Micros; readonly sign?: Sign },
): Bodies {
  const ask = (wire: Readonly<Record<string, string>>): Uint8Array => {
    const signed = sign?.(query, now) ?? { query, headers: {} }
    const headers = { 'x-mbx-time-unit': 'MICROSECOND', ...wire, ...signed.headers }
    const { path } = DATASETS[kind]
    const answer = exchange.handle({ path, query: signed.query, headers, ip: '::1' }, now)
    if (answer.status !== 200) throw new Error(new TextDecoder().decode(answer.body))
    return answer.body
  }
  return { json: ask({}), sbe: ask(SBE_HEADERS) }
}

/** Every value of a page as text, by columns. */
export function valuesOf(kind: SpotKind, page: Page): Readonly<Record<string, readonly string[]>> {
  const columns = DATASETS[kind].columns.map((column, index) => {
    const data = columnData(page.batch, index)
    const texts = Array.from({ length: page.rowCount }, (_, row) => valueText(column, data, row))
    return [column.name, texts] as const
  })
  return Object.fromEntries(columns)
}

/** Both bodies decode to the same schema, rows, keys and times. */
export function expectEqualPages(kind: SpotKind, numbers: Numbers, bodies: Bodies): Page {
  const dataset = DATASETS[kind]
  const json = decodePage(dataset, numbers, bodies.json, 'us')
  const sbe = decodeSbe(dataset, numbers, bodies.sbe)
  expect(sbe.rowCount).toBe(json.rowCount)
  expect(String(sbe.batch.schema)).toBe(String(json.batch.schema))
  expect(valuesOf(kind, sbe)).toEqual(valuesOf(kind, json))
  expect(sbe.keys).toEqual(json.keys)
  expect(sbe.times).toEqual(json.times)
  return sbe
}
