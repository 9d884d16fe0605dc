/** K13: no regular expression of the program goes back and forth over a long hostile text. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'
import ts from 'typescript'
import { expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '..', '..', 'src')
const LENGTH = 1 << 17
/** Patterns that take the square of a text's length, and why the text is short. */
const SHORT: ReadonlySet<string> = new Set([
  // a URL of the user's own
  String.raw`watch/heartbeat.ts /\/+$/`,
  String.raw`binance/host.ts /\/+$/`,
  String.raw`pull/archive/client.ts /\/+$/`,
  String.raw`cli/read.ts /\/+$/`,
  // the value of a flag
  String.raw`cli/read.ts /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i`,
  // the digits of one number
  String.raw`report/text.ts /\B(?=(\d{3})+$)/g`,
  String.raw`cli/human.ts /\B(?=(\d{3})+$)/g`,
  // 127 digits at most
  'rows/sbe-decimal.ts /0+$/',
  // cut to 64 characters before
  String.raw`job/parse.ts /\.+$/`,
  // our own numbers
  'simulator/sbe.ts /0+$/',
  'simulator/archive-rows.ts /0+$/',
])
const PUMPS = 'a A 0 1 - / . : _ " % [ { < é 币 \u001b 0, ab 1. -1 /a "a \\u 00: 2024- {" e1'.split(
  ' ',
)

function patternsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

it('every pattern in src', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  const patterns = new Set(
    files
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => patternsOf(join(SRC, name)).map((text) => `${name} ${text}`))
      .filter((place) => !SHORT.has(place))
      .map((place) => place.slice(place.indexOf(' ') + 1)),
  )
  expect(patterns.size).toBeGreaterThan(50)
  const slow: string[] = []
  for (const pattern of patterns) {
    const end = pattern.lastIndexOf('/')
    const head = /^[\w "/:=<-]*/.exec(pattern.slice(1, end).replace(/^\^/, ''))?.[0] ?? ''
    for (const pump of [...PUMPS, ' ', '\n', 'a ', ...(head === '' ? [] : [head])])
      for (const text of [`${pump.repeat(LENGTH / pump.length)}!`, head + pump.repeat(LENGTH)])
        if (!ends(pattern.slice(1, end), pattern.slice(end + 1), text)) slow.push(pattern)
  }
  expect([...new Set(slow)]).toEqual([])
})

/** Does the search end? The limit only keeps a hopeless one from hanging the test. */
function ends(source: string, flags: string, text: string): boolean {
  try {
    vm.runInNewContext(
      'new RegExp(source, flags).exec(text)',
      { source, flags, text },
      { timeout: 5_000 },
    )
    return true
  } catch {
    return false
  }
}
