/** Every dataset, every place, every kind of value: a field that nobody knows changes no row, and is named. */

import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/errors.ts'
import { parseMicros, periodWindow } from '../../src/base/time.ts'
import { type Dataset, type SpotKind, archiveColumns } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { SBE_LAYOUTS } from '../../src/binance/sbe.ts'
import { UnknownFields } from '../../src/rows/unknown-fields.ts'
import { decodeCsv } from '../../src/rows/csv.ts'
import type { DecodedPage } from '../../src/rows/page.ts'
import { decodePageByParse } from '../../src/rows/reference.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { all, inPieces, problemOf, textsOf } from '../support/archive.ts'
import { rowFields, rowTexts, utf8, type JsonFields } from '../support/rows-pages.ts'

const VALUES = ['"RPI"', '"0"', '-1.5e3', '0', 'true', 'null', '{"a":[1,{"b":"}"}]}', '[[],"]"]']
const NAMES = ['tt', 'isRPITrade', 'z "quoted" \\ ü', '12x', '__proto__', 'toString', '']
const datasets = Object.values(DATASETS)
const objects = datasets.filter(({ shape }) => shape === 'object')
const arrays = datasets.filter(({ shape }) => shape === 'array')
const hasExtra = ({ columns }: Dataset): boolean => columns.some(({ type }) => type === 'extra')

/** Both decoders, which agree. */
function decoded(dataset: Dataset, body: string): DecodedPage {
  const bytes = utf8(body)
  const page = decodePage(dataset, 'string', bytes, 'ms')
  const reference = decodePageByParse(dataset, 'string', bytes, 'ms')
  expect(page.unknownFields).toEqual(reference.unknownFields)
  expect(knownTexts(dataset, page)).toEqual(knownTexts(dataset, reference))
  return page
}

/** Each row without `extra`. */
function knownTexts(dataset: Dataset, { batch }: DecodedPage): Record<string, string>[] {
  return rowTexts(dataset, batch).map((texts) => {
    const known = Object.entries(texts).filter(([name]) => name !== 'extra')
    return Object.fromEntries(known)
  })
}

const objectOf = (fields: readonly (readonly [string, string])[]): string =>
  `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`
const plain = ({ kind }: Dataset): (readonly [string, string])[] =>
  Object.entries(rowFields(kind as SpotKind))

describe.each(objects.map((dataset) => [dataset.kind, dataset] as const))('%s', (_, dataset) => {
  const fields = plain(dataset)
  const usual = decoded(dataset, `[${objectOf(fields)},${objectOf(fields)}]`)

  it('is the same with an unknown field at any place, of any value', () => {
    expect(usual.unknownFields).toEqual([])
    for (const [index, value] of VALUES.entries())
      for (let place = 0; place <= fields.length; place++) {
        const name = NAMES[(place + index) % NAMES.length]!
        const row = objectOf(fields.toSpliced(place, 0, [name, value]))
        const page = decoded(dataset, `[${row}, ${objectOf(fields)}]`)
        expect(knownTexts(dataset, page)).toEqual(knownTexts(dataset, usual))
        expect(page.unknownFields).toEqual([{ name, isKept: hasExtra(dataset) }])
        if (!hasExtra(dataset)) continue
        const [first, second] = rowTexts(dataset, page.batch)
        expect(first?.['extra']).toBe(`{${JSON.stringify(name)}:${value}}`)
        expect(second?.['extra']).toBe('null')
      }
  })

  it('is refused without any one of its fields, by its name', () => {
    for (const { json, name, nullable, type } of dataset.columns) {
      if (type === 'extra') continue
      const body = `[${objectOf(fields.filter(([key]) => key !== json))}]`
      const decode = () => decodePage(dataset, 'string', utf8(body), 'ms')
      if (nullable === true) expect(rowTexts(dataset, decode().batch)[0]?.[name]).toBe('null')
      else {
        expect(decode).toThrow(DataError)
        expect(decode).toThrow(`${dataset.kind} row 0: ${json} (${name}): missing`)
      }
    }
  })

  it('is refused without a field also where an unknown one stands in its place', () => {
    for (const { json, name, nullable, type } of dataset.columns) {
      if (type === 'extra' || nullable === true) continue
      const renamed = fields.map(([key, value]) => [key === json ? `${key}_` : key, value] as const)
      const decode = () => decodePage(dataset, 'string', utf8(`[${objectOf(renamed)}]`), 'ms')
      expect(decode).toThrow(`${json} (${name}): missing`)
    }
  })

  it('is refused when a field is of another type', () => {
    for (const { json, name, type } of dataset.columns) {
      if (type === 'extra') continue
      const wrong = fields.map(([key, value]) => [key, key === json ? '{}' : value] as const)
      const decode = () => decodePage(dataset, 'string', utf8(`[${objectOf(wrong)}]`), 'ms')
      expect(decode).toThrow(`${json} (${name}): `)
    }
  })
})

describe.each(arrays.map((dataset) => [dataset.kind, dataset] as const))('%s', (_, dataset) => {
  const values = plain(dataset).map(([, value]) => value)
  const arrayOf = (elements: readonly string[]): string => `[${elements.join(',')}]`
  const usual = decoded(dataset, `[${arrayOf(values)},${arrayOf(values)}]`)

  it('is the same with one or two more elements at the end, of any value', () => {
    expect(usual.unknownFields).toEqual([])
    for (const value of VALUES)
      for (const more of [[value], [value, '"0"']]) {
        const page = decoded(dataset, `[${arrayOf([...values, ...more])},${arrayOf(values)}]`)
        expect(knownTexts(dataset, page)).toEqual(knownTexts(dataset, usual))
        expect(page.unknownFields).toEqual(
          more.map((_, index) => ({ name: String(values.length + index), isKept: false })),
        )
      }
  })

  it('is refused with one more element between the others, or the row is the same', () => {
    for (const value of VALUES)
      for (let place = 0; place < values.length; place++) {
        const row = arrayOf(values.toSpliced(place, 0, value))
        const refused = refusalOf(dataset, `[${row},${arrayOf(values)}]`)
        if (refused instanceof Error) expect(refused).toBeInstanceOf(DataError)
        else expect(knownTexts(dataset, refused)).toEqual(knownTexts(dataset, usual))
      }
  })

  it('is refused with fewer elements than there are columns, by their names', () => {
    const count = dataset.columns.length
    for (let length = 0; length < count; length++) {
      const decode = () =>
        decodePage(dataset, 'string', utf8(`[${arrayOf(values.slice(0, length))}]`), 'ms')
      expect(decode).toThrow(DataError)
      for (const { json, name } of dataset.columns.slice(length))
        expect(decode).toThrow(`${json} (${name})`)
    }
  })
})

function refusalOf(dataset: Dataset, body: string): DecodedPage | Error {
  try {
    return decodePage(dataset, 'string', utf8(body), 'ms')
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}

describe.each(['klines', 'aggTrades', 'trades'] as const)('a file of %s', (kind) => {
  const T = Number(parseMicros('2024-03-01')) / 1_000
  const CELLS: Readonly<Record<typeof kind, readonly string[]>> = {
    klines: `${T},1.5,2.5,1.25,2,10,${T + 59_999},20.125,7,6,12.0625,0`.split(','),
    aggTrades: `7,62000.1,0.0125,14,15,${T},True,True`.split(','),
    trades: `5,1.5,2,3,${T},False,True`.split(','),
  }
  const cells = CELLS[kind]
  const names = archiveColumns(DATASETS[kind]).map(({ name }) => name ?? 'ignore')
  const lineOf = (list: readonly string[]): string => `${list.join(',')}\n`
  const decode = (text: string): Promise<DecodedPage[]> => {
    const options = { period: periodWindow('2024-03-01'), file: 'x.csv', batchRows: 3 }
    return all(decodeCsv(DATASETS[kind], 'string', inPieces(utf8(text), 50), options))
  }
  const usual = decode(lineOf(cells)).then((pages) => textsOf(kind, pages))
  const STRANGERS = ['RPI', '0', '', '-1.5', 'null', '"a,""b"""', '"{}"', 'ü', '0.5']

  it('with a header row is the same with an unknown column at any place', async () => {
    for (const value of STRANGERS)
      for (let place = 0; place <= cells.length; place++) {
        const header = lineOf(names.toSpliced(place, 0, 'Trade Type'))
        const pages = await decode(header + lineOf(cells.toSpliced(place, 0, value)))
        expect(textsOf(kind, pages)).toEqual(await usual)
        expect(pages[0]?.unknownFields).toEqual([{ name: 'Trade Type', isKept: false }])
      }
  })

  it('with a header row is refused without any of its columns, and with rows of another length', async () => {
    for (const [place, name] of names.entries()) {
      const text = lineOf(names.toSpliced(place, 1)) + lineOf(cells.toSpliced(place, 1))
      expect((await problemOf(decode(text))).message).toContain(`no column ${name}`)
      const renamed = lineOf(names.with(place, `${name}_x`)) + lineOf(cells)
      expect((await problemOf(decode(renamed))).message).toContain(`no column ${name}, but`)
    }
    for (const other of [cells.slice(0, -1), [...cells, '0']])
      expect((await problemOf(decode(lineOf(names) + lineOf(other)))).message).toContain(
        `${other.length} columns instead of ${cells.length}`,
      )
  })

  it('without one is the same with more columns at the end, from whichever row on', async () => {
    const known = cells.length
    for (const value of STRANGERS)
      for (const [before, end] of [
        [0, '\n'],
        [5, '\r\n'],
      ] as const) {
        const text = lineOf(cells).repeat(before) + [...cells, value, '1'].join(',') + end
        const pages = await decode(text)
        expect(textsOf(kind, pages)).toEqual(Array(before + 1).fill((await usual)[0]))
        expect(pages.at(-1)?.unknownFields.map(({ name }) => name)).toEqual([
          `column ${known + 1}`,
          `column ${known + 2}`,
        ])
      }
  })

  it('without one is refused with fewer columns, and with two rows in one line', async () => {
    for (let length = 1; length < cells.length; length++)
      await problemOf(decode(lineOf(cells) + lineOf(cells.slice(0, length))))
    await problemOf(decode(lineOf([...cells, ...cells])))
    await problemOf(decode(`${cells.join(',')}${lineOf(cells)}`))
  })
})

it('a nested field is passed over in any row of a page, and where it is known', () => {
  for (const dataset of datasets) {
    const fields = plain(dataset).map(([key, value]) =>
      dataset.ignored.includes(key) && dataset.shape === 'object'
        ? ([key, '[[1]]'] as const)
        : ([key, value] as const),
    )
    const row =
      dataset.shape === 'object'
        ? objectOf([...fields, ['new', '[{"a":[]}]']])
        : `[${[...fields.map(([, value]) => value), '[{"a":[]}]'].join(',')}]`
    const page = decoded(dataset, `[${Array<string>(200).fill(row).join(',')}]`)
    expect([page.rowCount, page.unknownFields.length]).toEqual([200, 1])
  }
})

it('klines whose columns have moved are refused, in answers and in files', async () => {
  const moved = plain(DATASETS.klines).map(([, value]) => value)
  for (const place of [9, 10, 11]) {
    const row = moved.toSpliced(place, 0, '"0.5"')
    const page = refusalOf(DATASETS.klines, `[[${row.join(',')}]]`)
    expect(page).toBeInstanceOf(DataError)
  }
  const T = Number(parseMicros('2024-03-01')) / 1_000
  const line = `${T},1.5,2.5,1.25,2,10,${T + 59_999},20.125,7,0,6,12.0625,0\n`
  const options = { period: periodWindow('2024-03-01'), file: 'x.csv' }
  const read = all(decodeCsv(DATASETS.klines, 'string', inPieces(utf8(line), 50), options))
  expect((await problemOf(read)).message).toContain('13 columns instead of 12')
})

it('fields that only some orders have are known, and no matter of a warning', () => {
  const { columns, ignored, extras = [] } = DATASETS.allOrders
  const known = new Set<string | number>([
    ...columns.map(({ json }) => json),
    ...ignored,
    ...extras,
  ])
  const told = SBE_LAYOUTS.allOrders.row.fields.filter(
    ({ type, isIgnored }) => type !== 'exponent' && !isIgnored,
  )
  expect(told.map(({ json }) => json).filter((json) => !known.has(json))).toEqual([])
  const more: JsonFields = Object.fromEntries(extras.map((name) => [name, '1']))
  const row = objectOf(Object.entries(rowFields('allOrders', more)))
  expect(decoded(DATASETS.allOrders, `[${row}]`).unknownFields).toEqual([])
})

describe('what is said of them', () => {
  const said = (report: (fields: UnknownFields) => void): readonly string[] => {
    const warnings: string[] = []
    report(new UnknownFields((message) => warnings.push(message)))
    return warnings
  }

  it('is said once a run and field, with what became of it and what to do', () => {
    const field = { name: 'tt', isKept: false }
    const warnings = said((fields) => {
      fields.warn('aggTrades', [field])
      fields.warn('aggTrades', [field, { name: 'x\u001b[31m', isKept: false }])
      fields.warn('allOrders', [{ name: 'tt', isKept: true }])
      fields.warn('allOrders', [])
    })
    expect(
      warnings.map((text) => text.replace(/: upgrade binance-backfill; .* report .*$/, '')),
    ).toEqual([
      'aggTrades: unknown field "tt", which is not stored; all known columns are',
      'aggTrades: unknown field "x\\u{1b}[31m", which is not stored; all known columns are',
      'allOrders: unknown field "tt", which is kept in the column extra',
    ])
  })

  it('has an end, whatever an answer is full of', () => {
    const fields = Array.from({ length: 5_000 }, (_, index) => ({
      name: `f${index}`,
      isKept: false,
    }))
    const kinds: SpotKind[] = ['trades', 'trades', 'klines']
    const warnings = said((unknown) => {
      for (const kind of kinds) unknown.warn(kind, fields)
    })
    expect(warnings).toHaveLength(2 * 21)
    expect(warnings[20]).toBe('trades: more than 20 unknown fields; no more of them are named')
  })
})
