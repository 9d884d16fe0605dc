/** docs/DATASETS.md and docs/COVERAGE-OF-API.md say what the program does, and name tests that exist. */

import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SPOT_KINDS } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { SBE_LAYOUTS } from '../../src/binance/sbe.ts'

const datasets = readFileSync('docs/DATASETS.md', 'utf8')
const coverage = readFileSync('docs/COVERAGE-OF-API.md', 'utf8')

test.each(SPOT_KINDS)('%s: its row has the facts of the program', (kind) => {
  const row = datasets.split('\n').find((line) => line.startsWith(`| \`${kind}\``)) ?? ''
  const [, , path, weight, rows, , archive] = row
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''))
  const { path: endpoint, ...facts } = DATASETS[kind]
  expect({ path, weight: Number(weight), rows: Number(rows), archive }).toEqual({
    path: endpoint,
    weight: facts.weight,
    rows: facts.pageRows,
    archive: facts.archive !== undefined ? 'yes' : 'no',
  })
})

test.each(SPOT_KINDS)('%s: its section has its message', (kind) => {
  const section = datasets
    .split(/^## /m)
    .find((one) => one.split('\n')[0]?.split(', ').includes(kind))
  expect(section).toContain(`message ${SBE_LAYOUTS[kind].templateId}`)
})

test('every test that the coverage names exists, and every file that the checklist names', () => {
  const named = [...`${coverage}${datasets}`.matchAll(/`((?:test|src)\/[\w./-]+?)\/?`/g)].map(
    ([, path]) => path ?? '',
  )
  expect(named.length).toBeGreaterThan(40)
  expect(named.filter((path) => !existsSync(path))).toEqual([])
})
