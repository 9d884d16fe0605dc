/** Random rows as JSON, written as freely as JSON allows. */

import fc from 'fast-check'
import type { Column, Dataset } from '../../src/binance/dataset.ts'

/** What a row is written from: field by field, and the white space between its tokens. */
type Field = { readonly key: string | number; readonly value: string }

const TIME_MIN = 1_230_768_000_000
const TIME_MAX = 4_102_444_799_999

/** Decimal texts that every form of numbers holds: at most 10 digits before the point and 8 behind it. */
export const plainNumber: fc.Arbitrary<string> = fc
  .tuple(fc.boolean(), fc.bigInt(0n, 10n ** 10n - 1n), fc.option(fc.stringMatching(/^\d{1,8}$/)))
  .map(([isNegative, whole, decimals]) => {
    const text = decimals === null ? String(whole) : `${whole}.${decimals}`
    return isNegative && /[1-9]/.test(text) ? `-${text}` : text
  })

/** A string as JSON; every so many of its characters escaped, whether or not they need be. */
function jsonString(text: string, escapeEvery: number): string {
  const chars = Array.from(text, (char, index) => {
    const mayStay = escapeEvery === 0 || (index + 1) % escapeEvery !== 0
    return mayStay ? JSON.stringify(char).slice(1, -1) : escaped(char)
  })
  return `"${chars.join('')}"`
}

function escaped(char: string): string {
  const units = char.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
  return units.map((unit) => `\\u${unit}`).join('')
}

const escapeEvery = fc.constantFrom(0, 0, 0, 0, 1, 3)

function valueOf({ type, nullable }: Column): fc.Arbitrary<string> {
  const value = requiredValue(type)
  return nullable === true ? fc.oneof({ weight: 4, arbitrary: value }, fc.constant('null')) : value
}

function requiredValue(type: Column['type']): fc.Arbitrary<string> {
  switch (type) {
    case 'time':
    case 'end':
      return fc.integer({ min: TIME_MIN, max: TIME_MAX }).map(String)
    case 'id':
    case 'count':
      return fc.oneof(fc.integer(), fc.integer({ min: -1e14, max: 1e14 })).map(String)
    case 'price':
    case 'quantity':
      return fc.tuple(plainNumber, escapeEvery).map(([text, every]) => jsonString(text, every))
    case 'flag':
      return fc.constantFrom('true', 'false')
    case 'text':
    case 'extra':
      return fc
        .tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), escapeEvery)
        .map(([text, every]) => jsonString(text, every))
  }
}

/** Fields that no column has. Not like an index: JavaScript would put those first. */
function extraFields(dataset: Dataset): fc.Arbitrary<readonly Field[]> {
  if (dataset.shape === 'array') return surplusOf(dataset)
  const known = [...dataset.columns.map(({ json }) => json), ...dataset.ignored].map(String)
  const key = fc
    .string({ maxLength: 6 })
    .filter((name) => !known.includes(name) && !/^\d/.test(name))
  const value = fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.stringify(json))
  return fc.uniqueArray(fc.record({ key, value }), { selector: (field) => field.key, maxLength: 2 })
}

/** Elements behind the known ones. */
function surplusOf({ columns, ignored }: Dataset): fc.Arbitrary<readonly Field[]> {
  const known = columns.length + ignored.length
  const value = fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.stringify(json))
  return fc
    .oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(value, { maxLength: 2 }))
    .map((values) => values.map((one, index) => ({ key: known + index, value: one })))
}

/** The ignored elements of a longer row say what they always say. */
function filled({ ignored, filler, shape }: Dataset, fields: readonly Field[]): readonly Field[] {
  const isLonger = fields.some(({ key }) => Number(key) > Math.max(...ignored.map(Number)))
  if (shape !== 'array' || filler === undefined || !isLonger) return fields
  return fields.map((field) =>
    ignored.includes(field.key) ? { ...field, value: JSON.stringify(filler) } : field,
  )
}

function fieldsOf(dataset: Dataset): fc.Arbitrary<readonly Field[]> {
  const stored = dataset.columns
    .filter(({ type }) => type !== 'extra')
    .map((column) => valueOf(column).map((value) => ({ key: column.json, value })))
  const ignored = dataset.ignored.map((key) =>
    fc.jsonValue({ maxDepth: 2 }).map((json) => ({ key, value: JSON.stringify(json) })),
  )
  const fields = fc
    .tuple(fc.tuple(...stored, ...ignored), extraFields(dataset))
    .map(([named, extra]) => filled(dataset, [...named, ...extra]))
  if (dataset.shape === 'array')
    return fields.map((list) => [...list].sort((a, b) => Number(a.key) - Number(b.key)))
  return fields.chain((list) => fc.shuffledSubarray([...list], { minLength: list.length }))
}

function tokensOf({ shape }: Dataset, fields: readonly Field[]): readonly string[] {
  const isArray = shape === 'array'
  const inner = fields.flatMap(({ key, value }, index) => [
    ...(index === 0 ? [] : [',']),
    ...(isArray ? [] : [JSON.stringify(key), ':']),
    value,
  ])
  return [isArray ? '[' : '{', ...inner, isArray ? ']' : '}']
}

const spaces = fc.oneof(
  { weight: 2, arbitrary: fc.constant(['']) },
  fc.array(fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n  '), { minLength: 1, maxLength: 7 }),
)

/** The text of a page of at most `rowsMax` rows of `dataset`, times in ms. */
export function pageText(dataset: Dataset, rowsMax: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(fieldsOf(dataset), { maxLength: rowsMax }), spaces)
    .map(([rows, space]) => {
      const tokens = rows.flatMap((fields, index) => [
        ...(index === 0 ? [] : [',']),
        ...tokensOf(dataset, fields),
      ])
      return (
        ['[', ...tokens, ']']
          .map((token, index) => `${space[index % space.length]!}${token}`)
          .join('') + space[0]
      )
    })
}
