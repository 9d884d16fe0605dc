import { readFileSync, readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { DATASET_KINDS, type DatasetKind } from '../../src/binance/dataset.ts'
import { datasetOf, marketsWith } from '../../src/binance/market.ts'
import { readFrom, readSettle, readTo } from '../../src/job/moment.ts'
import { jobSchema, parseJob } from '../../src/job/parse.ts'

const FOLDER = new URL('../../jobs/', import.meta.url)

type Schema = {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly pattern?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

// As a document, as editors get it.
const SCHEMA = JSON.parse(JSON.stringify(jobSchema())) as Schema
const TOP = SCHEMA.properties ?? {}
const DATASET = TOP['datasets']?.items ?? {}

/** Does `value` fit `schema`? Knows the few keywords that the schema of jobs uses for its shape. */
function fits(value: unknown, schema: Schema): boolean {
  if (schema.anyOf !== undefined && schema.type === undefined)
    return schema.anyOf.some((branch) => fits(value, branch))
  if (schema.const !== undefined) return value === schema.const
  if (schema.type === 'string') return typeof value === 'string' && fitsText(value, schema)
  if (schema.type === 'array')
    return Array.isArray(value) && value.every((item) => fits(item, schema.items ?? {}))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { properties = {}, required = [] } = schema
  return (
    required.every((key) => Object.hasOwn(value, key)) &&
    Object.entries(value).every(([key, held]) => fits(held, properties[key] ?? { type: 'none' }))
  )
}

function fitsText(value: string, schema: Schema): boolean {
  const { enum: words, pattern } = schema
  return words?.includes(value) ?? (pattern === undefined || new RegExp(pattern, 'u').test(value))
}

/** A job that holds `value` under `key`, at the top level or in its dataset. */
function jobWith(key: string, value: unknown, level: 'top' | 'dataset'): string {
  const top: Record<string, unknown> = { version: 1, symbols: ['A'], from: '2020-01-01' }
  const other = key === 'contracts' && level === 'dataset' ? 'continuousKlines' : 'klines'
  const kind = key === 'kind' ? (value as DatasetKind) : other
  const [market = 'spot'] = marketsWith(kind)
  const facts = datasetOf({ market, dataset: kind })
  const intervals = facts.hasInterval ? { intervals: ['1d'] } : {}
  const contracts = facts.contracts === undefined ? {} : { contracts: ['PERPETUAL'] }
  const symbols = facts.subject === 'incomeType' ? { symbols: ['TRANSFER'] } : {}
  const dataset: Record<string, unknown> = { kind, market, ...symbols, ...intervals, ...contracts }
  const holder = level === 'top' ? top : dataset
  const job = { datasets: [dataset], ...top }
  if (holder === top) return JSON.stringify({ ...job, [key]: value })
  return JSON.stringify({ ...job, datasets: [{ ...dataset, [key]: value }] })
}

describe('jobs/job.schema.json', () => {
  it('is the schema of the program', () => {
    const file = readFileSync(new URL('job.schema.json', FOLDER), 'utf8')
    expect(
      JSON.parse(file),
      'Make it anew: npm run build && node dist/cli/main.js schema > jobs/job.schema.json && npx prettier --write jobs/job.schema.json',
    ).toEqual(SCHEMA)
  })

  it('is draft-07, closed, and says what each key is', () => {
    expect(SCHEMA).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: 'binance-backfill job',
      required: ['version', 'datasets'],
      additionalProperties: false,
    })
    expect(DATASET).toMatchObject({ required: ['kind'], additionalProperties: false })
    for (const schema of Object.values({ ...TOP, ...DATASET.properties })) {
      expect(schema.title).toMatch(/^[A-Z]/)
      expect(schema.description).toMatch(/\.$/)
      expect(schema.examples?.length).toBeGreaterThan(0)
    }
  })

  it('asks for intervals where there are some, and only there', () => {
    const kinds = DATASET_KINDS.filter((kind) =>
      marketsWith(kind).some((market) => datasetOf({ market, dataset: kind }).hasInterval),
    )
    expect(DATASET).toMatchObject({
      if: { properties: { kind: { enum: kinds } } },
      then: { required: ['intervals'] },
      else: { properties: { intervals: false } },
    })
  })

  it.each(Object.keys(TOP))('gives examples of %s that the program accepts', (key) => {
    const { examples = [], enum: words = [], default: byDefault } = TOP[key] ?? {}
    for (const value of [...examples, ...words, ...(byDefault === undefined ? [] : [byDefault])]) {
      expect(fits(value, TOP[key] ?? {})).toBe(true)
      expect(parseJob(jobWith(key, value, 'top'), 'x').datasets.length).toBeGreaterThan(0)
    }
  })

  it.each(Object.keys(DATASET.properties ?? {}))('gives examples of datasets[].%s too', (key) => {
    const schema = DATASET.properties?.[key] ?? {}
    const items = (schema.items?.enum ?? []).map((item) => [item])
    for (const value of [...(schema.examples ?? []), ...(schema.enum ?? []), ...items]) {
      expect(fits(value, schema)).toBe(true)
      expect(parseJob(jobWith(key, value, 'dataset'), 'x').datasets).toHaveLength(1)
    }
  })

  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')))('accepts %s', (name) => {
    expect(fits(parse(readFileSync(new URL(name, FOLDER), 'utf8')), SCHEMA)).toBe(true)
  })

  it.each([
    ['version', 2],
    ['name', '../x'],
    ['symbols', ['btcusdt']],
    ['symbols', ['A/B']],
    ['symbols', { quot: 'A' }],
    ['symbols', { match: 'btc*' }],
    ['from', '2024-01-01 2:30'],
    ['from', 'now'],
    ['to', 'listing'],
    ['to', 20240101],
    ['settle', '1 min'],
    ['numbers', 'double'],
    ['market', 'futures'],
    ['datasets', [{ kind: 'kline' }]],
    ['datasets', [{ kind: 'klines', intervals: ['1Min'] }]],
    ['unknown', 1],
  ])('refuses %s: %j, as the program does', (key, value) => {
    expect(fits(JSON.parse(jobWith(key, value, 'top')), SCHEMA)).toBe(false)
    expect(() => parseJob(jobWith(key, value, 'top'), 'x')).toThrow()
  })
})

describe('editors', () => {
  it('mark missing symbols and from, at the top level or in a dataset', () => {
    const rules = (SCHEMA as { allOf?: readonly { anyOf: readonly unknown[] }[] }).allOf ?? []
    expect(rules.map(({ anyOf }) => anyOf)).toEqual(
      ['symbols', 'from'].map((key) => [
        { required: [key] },
        { properties: { datasets: { items: { required: [key] } } } },
      ]),
    )
  })

  it('begin a job with a snippet that is valid once its places are filled in', () => {
    const [snippet] =
      (SCHEMA as { defaultSnippets?: readonly { body: object }[] }).defaultSnippets ?? []
    const filled = JSON.stringify(snippet?.body).replace(/\$\{\d:([^}]*)\}/g, '$1')
    expect(parseJob(filled, 'x').datasets).toHaveLength(1)
    expect(fits(JSON.parse(filled), SCHEMA)).toBe(true)
  })

  it('say in words what is wrong, wherever the schema has a pattern', () => {
    const patterns: unknown[] = []
    JSON.parse(JSON.stringify(SCHEMA), (_, value: unknown) => {
      const { pattern, errorMessage } = (value ?? {}) as Record<string, unknown>
      if (typeof pattern === 'string') patterns.push(errorMessage)
      return value
    })
    expect(patterns.length).toBeGreaterThan(10)
    for (const message of patterns) expect(message).toMatch(/^Not an? .*\.$/)
  })
})

describe('moments and durations', () => {
  const number = (max: number, digits: number): fc.Arbitrary<string> =>
    fc.integer({ min: 0, max }).map((value) => String(value).padStart(digits, '0'))
  const day = fc
    .tuple(number(3_000, 4), number(13, 2), number(32, 2))
    .map((parts) => parts.join('-'))
  const time = fc
    .tuple(number(25, 2), number(61, 2), fc.option(number(61, 2)), fc.option(number(1e8, 0)))
    .map(([hour, minute, second, rest]) => {
      const seconds = second === null ? '' : `:${second}`
      return `${hour}:${minute}${seconds}${rest === null ? '' : `.${rest}`}`
    })
  const zone = fc.constantFrom('', '', 'Z', 'z', '+00:00', '-0000', '+02:00', '-00', ' UTC')
  const dateTime = fc
    .tuple(day, fc.constantFrom('T', ' ', 't', '  ', '_'), time, zone)
    .map((parts) => parts.join(''))
  const duration = fc
    .tuple(number(1e6, 0), fc.constantFrom('s', 'm', 'h', 'd', 'w', 'M', 'y', 'D', 'mo', ' d', ''))
    .map((parts) => parts.join(''))
  const words = fc.constantFrom('now', 'listing', 'Now', '')
  const plain = fc.oneof(day, dateTime, duration, words, fc.string({ maxLength: 12 }))
  /** With one character taken out, put in or put in place of another. */
  const text = fc
    .tuple(
      plain,
      fc.nat(30),
      fc.nat(1),
      fc.constantFrom('', '', '0', '-', ':', 'T', ' ', '.', 'Z', '+', 'd', '\n'),
    )
    .map(([whole, at, cut, put]) =>
      at % 3 > 0 ? whole : whole.slice(0, at) + put + whole.slice(at + cut),
    )

  const OF_THE_VALUE =
    / is (not an existing day or time|before 1970|a duration of zero|more than \d+ days)$/

  it.each([
    ['from', readFrom],
    ['to', readTo],
    ['settle', readSettle],
  ] as const)('of %s: program and schema take the same forms', (key, read) => {
    let [taken, refused] = [0, 0]
    fc.assert(
      fc.property(text, (given) => {
        const reading = read(given)
        const isForm = !('problem' in reading) || OF_THE_VALUE.test(reading.problem)
        if (isForm) taken++
        else refused++
        // The pattern must not refuse what the program takes, nor take what has a form that the program does not know.
        const isFitting = fits(given, TOP[key] ?? {})
        if (isFitting) expect([given, reading, isForm]).toEqual([given, reading, true])
        if (!('problem' in reading)) expect([given, isFitting]).toEqual([given, true])
      }),
      { numRuns: 5_000 },
    )
    expect(Math.min(taken, refused)).toBeGreaterThan(100)
  })
})
