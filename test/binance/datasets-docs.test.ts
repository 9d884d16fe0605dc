/** docs/DATASETS.md and docs/COVERAGE-OF-API.md say what the program does, and name tests that exist. */

import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SPOT_KINDS, type DatasetKind } from '../../src/binance/dataset.ts'
import { DATASETS, datasetOf, kindsOf, marketsWith } from '../../src/binance/market.ts'
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

const futures = datasets.slice(datasets.indexOf('## Futures'))

test.each(kindsOf('um').map((kind) => kind as DatasetKind))('futures: %s has its row', (kind) => {
  const row = futures.split('\n').find((line) => line.startsWith(`| \`${kind}\``)) ?? ''
  const cells = row.split('|').map((cell) => cell.trim().replaceAll('`', ''))
  const [, , markets, path, weight, rows, , archive] = cells
  const own = marketsWith(kind).filter((market) => market !== 'spot')
  expect(markets).toBe(own.join(', '))
  const facts = own.map((market) => datasetOf({ market, dataset: kind }))
  expect(archive).toMatch(facts.every((one) => one.archive !== undefined) ? /^yes/ : /^no/)
  if (facts.some((one) => one.walk === 'archive')) return
  expect(path).toContain(facts[0]!.path.split('/').at(-1))
  expect(weight).toBe([...new Set(facts.map((one) => one.weight))].join('/'))
  expect(rows).toBe([...new Set(facts.map((one) => one.pageRows))].join('/'))
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
