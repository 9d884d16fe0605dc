/** The recipe for Node in READING.md compiles as strict TypeScript against the declarations of the package. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { tempDir } from '../support/lake.ts'

const ROOT = join(import.meta.dirname, '..', '..')

test('the recipe for Node is strict TypeScript', async () => {
  const reading = await readFile(join(ROOT, 'docs', 'READING.md'), 'utf8')
  const blocks = [...reading.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code)
  expect(blocks.length).toBeGreaterThan(1)
  const file = join(await tempDir(), 'recipe.mts')
  await writeFile(file, blocks.join('\n'))
  const program = ts.createProgram([file], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules', '@types')],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    paths: { 'binance-backfill': [join(ROOT, 'dist', 'index.d.ts')] },
  })
  const found = ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText)
  expect(found).toEqual([])
})
