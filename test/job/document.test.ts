import { describe, expect, it } from 'vitest'
import { JobError } from '../../src/base/errors.ts'
import { parseJob } from '../../src/job/parse.ts'
import { readDocument } from '../../src/job/document.ts'

function refusals(text: string): string[] {
  const document = readDocument(text)
  return document.flaws.map(({ offset, message }) => {
    const { line, column } = document.lineAndColumn(offset)
    return `${line}:${column}: ${message}`
  })
}

const NINE = Array.from({ length: 9 }, (_, level) => level)
const BILLION_LAUGHS = [
  'l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]',
  ...NINE.map((level) => `l${level + 1}: &l${level + 1} [${NINE.map(() => `*l${level}`).join()}]`),
].join('\n')

/** Text and where and why it is refused, or how that begins. */
const REFUSED: readonly (readonly [string, string | RegExp])[] = [
  ['a: [1', '1:6: not YAML: Flow sequence in block collection must be sufficiently indented'],
  ['a:\n\t- b', '2:1: not YAML: Tabs are not allowed as indentation'],
  ['a: 1\na: 2', '2:1: a duplicate key; first on line 1'],
  ['a: 1\n---\nb: 2', '2:1: a second document; a job file has only one'],
  ['a: !!js/function x', '1:18: the tag "tag:yaml.org,2002:js/function" is not allowed'],
  ['a: !!str 1', '1:10: the tag "tag:yaml.org,2002:str" is not allowed'],
  ['a: !x {b: 1}', '1:7: the tag "!x" is not allowed'],
  ['a: *b', '1:4: the alias "*b" has no anchor before it'],
  ['__proto__: {polluted: 1}', '1:1: "__proto__" is not allowed as a key'],
  ['{a: {constructor: {prototype: 1}}}', '1:6: "constructor" is not allowed as a key'],
  ['? [a]\n: b', '1:3: this is not allowed as a key'],
  ['# \ufffd', '1:3: the file is not valid UTF-8'],
  ['a: 1\nb: \u0000', '2:4: "\\u{0}" is a character that YAML does not allow'],
  ['a: \ud800', '1:4: "\\u{d800}" is a character that YAML does not allow'],
  ['&a [*a]', '1:5: more than 16 aliases'],
  [BILLION_LAUGHS, '2:34: more than 16 aliases'],
  ['['.repeat(200_000), '1:21: nested too deeply for a job'],
  ['- '.repeat(100_000), /^1:\d\d: nested too deeply for a job$/],
  ['? '.repeat(100_000), /^1:\d\d: nested too deeply for a job$/],
  ['{a: '.repeat(50_000), /^1:\d\d: nested too deeply for a job$/],
  [`[${'a,'.repeat(30_001)}]`, '1:60000: more than 60000 tokens'],
  [`[&a [${'a,'.repeat(3_000)}]${', *a'.repeat(10)}]`, '1:5966: more than 30000 values'],
  [`a: ${'x'.repeat(262_144)}`, '1:1: the file is larger than 256 KiB'],
  [`a: ${'币'.repeat(87_381)}`, '1:1: the file is larger than 256 KiB'],
]

describe('readDocument', () => {
  it('knows where each key and value stands', () => {
    const text = 'a: 1\nb:\n  - x\n  - {c: d}\n'
    const { value, flaws, valueOffset, keyOffset, written } = readDocument(text)
    expect(JSON.stringify(value)).toBe('{"a":1,"b":["x",{"c":"d"}]}')
    expect(flaws).toEqual([])
    expect(text.slice(valueOffset(['b', 1, 'c']))).toBe('d}\n')
    expect(text.slice(keyOffset(['b', 1, 'c']))).toBe('c: d}\n')
    expect(text.slice(valueOffset(['b', 1, 'missing']))).toBe('{c: d}\n')
    expect(written(['a'])).toBe('1')
    expect(written(['b', 0])).toBeUndefined()
  })

  it('leaves dates, yes, off and numbers with underscores as text', () => {
    const { value } = readDocument('[2024-01-01, yes, off, 1_000, 2024-01-01T00:00:00Z]')
    expect(value).toEqual(['2024-01-01', 'yes', 'off', '1_000', '2024-01-01T00:00:00Z'])
  })

  it('keeps YAML 1.2 when a directive asks for 1.1', () => {
    expect(readDocument('%YAML 1.1\n---\n[yes, 2024-01-01]').value).toEqual(['yes', '2024-01-01'])
  })

  it.each(REFUSED.map(([text, message]) => [text.slice(0, 30), text, message] as const))(
    'refuses %j',
    (_start, text, message) => {
      const [first = '', ...others] = refusals(text)
      if (typeof message === 'string') expect(first.slice(0, message.length)).toBe(message)
      else expect(first).toMatch(message)
      expect(others).toEqual([])
    },
  )

  it('accepts 16 aliases and 256 KiB exactly', () => {
    expect(refusals(`[&a 1${', *a'.repeat(16)}]`)).toEqual([])
    expect(refusals(`a: ${'x'.repeat(262_141)}`)).toEqual([])
  })

  it('stops early in text that is one error after the other', () => {
    expect(refusals(']'.repeat(200_000)).length).toBeLessThan(100)
  })

  it('does not let a document reach a prototype', () => {
    const { value } = readDocument('{__proto__: {polluted: 1}, a: {__proto__: {polluted: 1}}}')
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect((value as { a: Record<string, unknown> }).a['polluted']).toBeUndefined()
  })
})

describe('a file that holds no job', () => {
  it.each([
    ['', 'x:1:1: the file is empty; a job begins with version: 1'],
    ['# only a comment\n', 'the file is empty; a job begins with version: 1'],
    ['- a', 'x:1:1: expected a map with version and datasets, found a list'],
    ['a job', 'x:1:1: expected a map with version and datasets, found plain text'],
    ['42', 'x:1:1: expected a map with version and datasets, found plain text'],
  ])('%j', (text, message) => {
    expect(() => parseJob(text, 'x')).toThrow(JobError)
    expect(() => parseJob(text, 'x')).toThrow(message)
  })

  it('is told of its flaws in writing without what only follows from them', () => {
    const text = 'version: 1\nsymbols: [*none]\nfrom: !date x\ndatasets: [{kind: trades}]'
    expect(() => parseJob(text, 'x')).toThrow(
      expect.objectContaining({
        problems: [
          expect.objectContaining({ path: 'symbols[0]', line: 2, column: 11 }),
          expect.objectContaining({ path: 'from', line: 3, column: 13 }),
        ],
      }),
    )
  })
})
