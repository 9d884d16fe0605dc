import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { ASSETS_DIR, SCRIPTS } from '../../src/report/page-assets.ts'

const ROOT = join(import.meta.dirname, '..', '..')

test("the page's scripts are sound under the strictest checks", () => {
  const files = SCRIPTS.map((name) => join(ROOT, ASSETS_DIR, name))
  const program = ts.createProgram(files, {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noPropertyAccessFromIndexSignature: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Legacy,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
    ignoreDeprecations: '6.0',
  })
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1
    const text = ts.flattenDiagnosticMessageText(messageText, '\n')
    return `${file?.fileName.slice(ROOT.length + 1) ?? ''}:${line}: ${text}`
  })
  expect(problems).toEqual([])
  expect(program.getSourceFiles().filter(({ fileName }) => files.includes(fileName))).toHaveLength(
    SCRIPTS.length,
  )
})
