/** The fence around the rooms has no hole: a planted import against the direction is reported, whatever it looks like. */

import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser'
import { expect, test } from 'vitest'
import { tempDir } from '../support/lake.ts'

const FENCE = createRequire(import.meta.url)('../imports.cjs') as {
  readonly forbidden: readonly IForbiddenRuleType[]
}

/** A file of each room, in their order; hyphens and single words both. */
const FILES = [
  'base/a-word.ts',
  'binance/fact.ts',
  'node/the-edge.ts',
  'cloud/a-store.ts',
  'simulator/stand-in.ts',
  'job/document.ts',
  'plan/some-plan.ts',
  'progress.ts',
  'pull/a-request.ts',
  'rows/page.ts',
  'resample/some-bars.ts',
  'store/series-file.ts',
  'walk/archive/one-file.ts',
  'session/lake-call.ts',
  'backfill/one-run.ts',
  'query/read-query.ts',
  'remove/one-series.ts',
  'verify/row-check.ts',
  'report/a-page.ts',
  'watch/clock.ts',
  'index.ts',
  'cli/command/run.ts',
]

/** Cruises a house of these files, each with the imports given; what is broken, as `from -> to`. */
async function broken(
  files: Readonly<Record<string, readonly string[]>>,
): Promise<readonly string[]> {
  const root = await tempDir()
  for (const [name, lines] of Object.entries(files)) {
    await mkdir(dirname(join(root, 'src', name)), { recursive: true })
    await writeFile(join(root, 'src', name), `${lines.join('\n')}\nexport type T = number\n`)
  }
  const { output } = await cruise(['src'], {
    baseDir: root,
    ruleSet: { forbidden: [...FENCE.forbidden] },
    validate: true,
    tsPreCompilationDeps: true,
  })
  return (output as ICruiseResult).summary.violations.map(({ from, to }) => `${from} -> ${to}`)
}

const depth = (name: string): string => '../'.repeat(name.split('/').length - 1) || './'
const typeOf = (from: string, to: string): string =>
  `import type { T as _ } from '${depth(from)}${to}'`

test('every room against every later one: each import of a type is reported', async () => {
  const files: Record<string, string[]> = Object.fromEntries(FILES.map((name) => [name, []]))
  const planted: string[] = []
  for (const [index, to] of FILES.entries())
    for (const early of FILES.slice(0, index)) {
      const name = early.replace('.ts', `-to-${index}.ts`)
      // A loose file of another name would be in another room.
      const from = early.includes('/') ? name : early
      files[from] = [...(files[from] ?? []), typeOf(from, to)]
      planted.push(`src/${from} -> src/${to}`)
    }
  const seen = await broken(files)
  expect(planted.filter((one) => !seen.includes(one))).toEqual([])
})

test('a room may take types of the rooms before it, but what is only the edge, the facts or the page', async () => {
  const files: Record<string, string[]> = {}
  for (const [index, from] of FILES.entries()) {
    if (/^(binance|node|cloud|simulator|cli)/.test(from)) continue
    files[from] = FILES.slice(0, index).map((to) => typeOf(from, to).replace('_', `_${to.length}`))
  }
  for (const name of FILES) files[name] ??= []
  expect(await broken(files)).toEqual([])
})

test('two files that take each other’s types are a circle', async () => {
  const seen = await broken({
    'store/one.ts': [typeOf('store/one.ts', 'store/two-more.ts')],
    'store/two-more.ts': [typeOf('store/two-more.ts', 'store/one.ts')],
  })
  expect(seen.length).toBeGreaterThan(0)
})

test('a room that nobody placed is refused', async () => {
  const seen = await broken({
    'misc/helpers.ts': [],
    'cli/a.ts': [typeOf('cli/a.ts', 'misc/helpers.ts')],
  })
  expect(seen).toContain('src/cli/a.ts -> src/misc/helpers.ts')
})
