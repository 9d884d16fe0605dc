/** README.md shows what the commands print today. `CAPTURES=write` writes it anew. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { displayWidth } from '../../src/index.ts'
import { capturesIn, steady, takeCaptures, withCaptures } from '../support/captures.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const README = join(ROOT, 'README.md')

/** What the commands print now, taken once for all tests. */
const captures = takeCaptures(ROOT)

test('the captures of README.md are current, but for what time makes of them', async () => {
  const taken = await captures
  if (process.env['CAPTURES'] === 'write')
    await writeFile(README, withCaptures(await readFile(README, 'utf8'), taken))
  const shown = capturesIn(await readFile(README, 'utf8'))
  const steadied = (blocks: ReadonlyMap<string, string>): unknown =>
    Object.fromEntries([...blocks].map(([name, block]) => [name, steady(block)]))
  expect(steadied(shown), 'run: npm run captures').toEqual(steadied(taken))
})

test('captures fit a terminal of 80 columns', async () => {
  for (const [name, block] of await captures)
    expect([name, block.split('\n').filter((line) => displayWidth(line) > 80)]).toEqual([name, []])
})

test('only what stands between marks of a known name is replaced', () => {
  const text =
    'a\n<!-- capture:x -->\nold\n<!-- /capture -->\nb\n<!-- capture:y -->\nkept\n<!-- /capture -->\n'
  const written = withCaptures(text, new Map([['x', '```\nnew $1\n```']]))
  expect(written).toBe(
    'a\n<!-- capture:x -->\n\n```\nnew $1\n```\n\n<!-- /capture -->\nb\n<!-- capture:y -->\nkept\n<!-- /capture -->\n',
  )
  expect(capturesIn(written).get('x')).toBe('```\nnew $1\n```')
})

test('times and requests are what may differ; rows are not', () => {
  const line = 'Stored 90,500 rows in 7 files (1.7 MB); 104 requests, weight 353, 1.2 s.'
  expect(steady(line)).toBe('Stored 90,500 rows in 7 files (# MB); # requests, weight #, # s.')
})
