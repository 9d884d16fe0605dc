/**
 * Reads YAML text into plain data, with the position of each key and value. Accepts only the plain part of YAML 1.2: no
 * tags, no merge keys, one document, few aliases. Knows nothing about jobs.
 */

import {
  type Alias,
  type CST,
  Composer,
  type Document,
  Lexer,
  LineCounter,
  type Pair,
  type ParsedNode,
  Parser,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
  isAlias,
  isMap,
  isScalar,
  isSeq,
} from 'yaml'
import { quoteText } from '../base/text.ts'
import { quoted } from '../base/suggest.ts'

/** Keys and indexes from the document to a value. */
export type Path = readonly (string | number)[]

/** Something wrong at an offset of the text, counted in UTF-16 units from 0. */
export type Flaw = { readonly offset: number; readonly path: Path; readonly message: string }

/** A document as plain data: objects without a prototype, arrays, texts, numbers, booleans and null. */
export type PlainDocument = {
  /** `undefined` when the text cannot be read as YAML; `flaws` then says why. */
  readonly value: unknown
  readonly flaws: readonly Flaw[]
  /** Where the value of `path` begins, or the nearest value around it when there is none. */
  readonly valueOffset: (path: Path) => number
  /** Where the key of `path` begins; the same as `valueOffset` when it has none. */
  readonly keyOffset: (path: Path) => number
  /** A value that is not text, as written in the file. */
  readonly written: (path: Path) => string | undefined
  /** Line and column of an offset, both from 1. */
  readonly lineAndColumn: (offset: number) => { readonly line: number; readonly column: number }
}

/** Largest text that is read, in bytes of UTF-8. */
const TEXT_BYTES_MAX = 256 * 1024
/** Most uses of aliases, including those inside what an alias stands for. */
const ALIASES_MAX = 16
// Some ten times the symbols of the exchange. Otherwise aliases could turn a small file into a large document.
const VALUES_MAX = 30_000
// A job is 5 deep. The parser recurses: thousands of levels were seen to end the process without an exception.
const DEPTH_MAX = 20
// After this many syntax errors the rest is not informative.
const ERRORS_MAX = 20
// Each costs some hundred bytes of heap before values can be counted. An item of a list takes two: itself and its
// comma.
const LEXEMES_MAX = 2 * VALUES_MAX

type Walk = {
  readonly lines: LineCounter
  readonly document: Document.Parsed
  readonly flaws: Flaw[]
  readonly values: Map<string, number>
  readonly keys: Map<string, number>
  readonly written: Map<string, string>
  aliases: number
  count: number
}

/** Reads `text`; never throws, whatever it contains. */
export function readDocument(text: string): PlainDocument {
  const lines = countLines(text)
  const composed = refuseText(text) ?? compose(text)
  if (Array.isArray(composed)) return plainDocument(text, { lines, flaws: composed })
  const walk: Walk = {
    lines,
    document: composed,
    flaws: [],
    values: new Map(),
    keys: new Map(),
    written: new Map(),
    aliases: 0,
    count: 0,
  }
  const root = walk.document.contents
  const value = root === null ? null : toPlain(root, [], walk)
  // A document that was not read to its end is not the one that was written.
  const isCut = walk.aliases > ALIASES_MAX || walk.count > VALUES_MAX
  return plainDocument(text, walk, isCut ? undefined : value)
}

function plainDocument(
  text: string,
  found: Pick<Walk, 'lines' | 'flaws'> & Partial<Walk>,
  value?: unknown,
): PlainDocument {
  const { lines, flaws, values, keys, written } = found
  const valueOffset = (path: Path): number => {
    for (let length = path.length; length >= 0; length--) {
      const offset = values?.get(idOf(path.slice(0, length)))
      if (offset !== undefined) return offset
    }
    return 0
  }
  return {
    value,
    flaws,
    valueOffset,
    keyOffset: (path) => keys?.get(idOf(path)) ?? valueOffset(path),
    written: (path) => written?.get(idOf(path)),
    lineAndColumn(offset) {
      const { line, col } = lines.linePos(Math.min(offset, text.length))
      // Editors do not count the byte-order mark.
      const isMarked = line === 1 && col > 1 && text.startsWith('\ufeff')
      return { line, column: isMarked ? col - 1 : col }
    },
  }
}

function idOf(path: Path): string {
  return JSON.stringify(path)
}

function countLines(text: string): LineCounter {
  const lines = new LineCounter()
  lines.addNewLine(0)
  if (text.length > TEXT_BYTES_MAX) return lines
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1))
    lines.addNewLine(at + 1)
  return lines
}

// Not allowed in YAML, or the replacement character that a decoder leaves for bytes that are not UTF-8.
const UNREADABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd\ufffe\uffff]|\p{Cs}/u

function refuseText(text: string): Flaw[] | undefined {
  const isLarge = text.length > TEXT_BYTES_MAX || Buffer.byteLength(text) > TEXT_BYTES_MAX
  if (isLarge) return [{ offset: 0, path: [], message: 'the file is larger than 256 KiB' }]
  const { index: offset, 0: character = '' } = UNREADABLE.exec(text) ?? {}
  if (offset === undefined) return undefined
  const message =
    character === '\ufffd'
      ? 'the file is not valid UTF-8'
      : `${quoted(character)} is a character that YAML does not allow`
  return [{ offset, path: [], message }]
}

function compose(text: string): Document.Parsed | Flaw[] {
  const tokens = shallowTokens(text)
  if (!('tokens' in tokens)) return [tokens]
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    // The walk does this in linear time.
    uniqueKeys: false,
    strict: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const syntax = collectErrors(composer)
  const [first, second] = composedOf(composer, tokens.tokens, text.length)
  for (const { pos, message } of first?.errors ?? []) syntax.push(notYaml(pos[0], message))
  if (syntax.length > 0) return syntax
  if (first === undefined) return [{ offset: 0, path: [], message: 'the file is empty' }]
  if (second === undefined) return first
  const offset = second.range[0]
  return [{ offset, path: [], message: 'a second document; a job file has only one' }]
}

/** Stops the composer, which offers no other way. */
class EnoughErrors extends Error {}

/**
 * Collects the syntax errors of what is composed from now on, but only the first ones: the composer itself keeps an
 * error with its stack for each bad character, which fills the heap of a small machine. It reads this member at each
 * document.
 */
function collectErrors(composer: Composer): Flaw[] {
  const flaws: Flaw[] = []
  const onError: ComposeErrorHandler = (source, _, message, isWarning) => {
    if (isWarning === true) return
    const offset =
      typeof source === 'number' ? source : 'offset' in source ? source.offset : source[0]
    flaws.push(notYaml(offset, message))
    if (flaws.length > ERRORS_MAX) throw new EnoughErrors()
  }
  composer['onError'] = onError
  return flaws
}

type ComposeErrorHandler = (
  source: number | readonly [number, number, number?] | { readonly offset: number },
  code: string,
  message: string,
  isWarning?: boolean,
) => void

function notYaml(offset: number, message: string): Flaw {
  return { offset, path: [], message: `not YAML: ${quoteText(firstLine(message))}` }
}

function composedOf(
  composer: Composer,
  tokens: readonly CST.Token[],
  end: number,
): readonly Document.Parsed[] {
  try {
    return [...composer.compose(tokens, true, end)] as Document.Parsed[]
  } catch (error) {
    if (error instanceof EnoughErrors) return []
    throw error
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? ''
}

/** What the lexer puts before a text or number. */
const SCALAR_MARK = '\u001f'

/** The tokens of `text`, as far as they are useful, or the position where it is nested too deeply. */
function shallowTokens(text: string): { tokens: CST.Token[] } | Flaw {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let errors = 0
  let lexemes = 0
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme !== SCALAR_MARK && lexeme.trim() !== '') lexemes++
    if (lexemes > LEXEMES_MAX) {
      const message = `more than ${LEXEMES_MAX} tokens`
      return { offset: parser.offset, path: [], message }
    }
    for (const token of parser.next(lexeme)) {
      tokens.push(token)
      if (token.type === 'error') errors++
    }
    if (parser.stack.length > DEPTH_MAX)
      return { offset: parser.offset, path: [], message: 'nested too deeply for a job' }
    if (errors > ERRORS_MAX) return { tokens }
  }
  tokens.push(...parser.end())
  return { tokens }
}

/** The data of `node`; anything not allowed becomes a flaw and null. */
function toPlain(node: ParsedNode, path: Path, walk: Walk): unknown {
  const [offset] = node.range
  walk.count += 1
  if (walk.count > VALUES_MAX) {
    if (walk.count === VALUES_MAX + 1)
      walk.flaws.push({ offset, path, message: `more than ${VALUES_MAX} values` })
    return null
  }
  const id = idOf(path)
  if (!walk.values.has(id)) walk.values.set(id, offset)
  if (node.tag !== undefined) {
    const message = `the tag ${quoted(node.tag)} is not allowed; write plain values`
    walk.flaws.push({ offset, path, message })
  }
  if (isAlias(node)) return followAlias(node, path, walk)
  if (isMap(node)) return toObject(node, path, walk)
  if (isSeq(node))
    return (node as YAMLSeq<ParsedNode>).items.map((item, index) =>
      toPlain(item, [...path, index], walk),
    )
  if (typeof node.value !== 'string') walk.written.set(id, node.source)
  return node.value
}

function followAlias(alias: Alias, path: Path, walk: Walk): unknown {
  const offset = alias.range?.[0] ?? 0
  walk.aliases += 1
  if (walk.aliases > ALIASES_MAX) {
    if (walk.aliases === ALIASES_MAX + 1)
      walk.flaws.push({ offset, path, message: `more than ${ALIASES_MAX} aliases` })
    return null
  }
  const target = alias.resolve(walk.document)
  if (target !== undefined) return toPlain(target as ParsedNode, path, walk)
  const message = `the alias ${quoted(`*${alias.source}`)} has no anchor before it`
  walk.flaws.push({ offset, path, message })
  return null
}

const UNSAFE_KEYS = ['__proto__', 'constructor', 'prototype']

function toObject(map: YAMLMap, path: Path, walk: Walk): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>
  const first = new Map<string, number>()
  for (const { key, value } of map.items as Pair<ParsedNode | null, ParsedNode | null>[]) {
    const offset = key?.range[0] ?? map.range?.[0] ?? 0
    const name = isScalar(key) ? keyText(key) : undefined
    if (name === undefined || UNSAFE_KEYS.includes(name) || key?.tag !== undefined) {
      const message = `${name === undefined ? 'this' : quoted(name)} is not allowed as a key`
      walk.flaws.push({ offset, path, message })
      continue
    }
    const keyPath = [...path, name]
    const earlier = first.get(name)
    if (earlier !== undefined) {
      const { line } = walk.lines.linePos(earlier)
      walk.flaws.push({ offset, path: keyPath, message: `a duplicate key; first on line ${line}` })
      continue
    }
    first.set(name, offset)
    const id = idOf(keyPath)
    walk.keys.set(id, offset)
    object[name] = value === null ? null : toPlain(value, keyPath, walk)
  }
  return object
}

function keyText(key: Scalar): string | undefined {
  return typeof key.value === 'string' ? key.value : key.source
}
