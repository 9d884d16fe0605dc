/** The notebooks run on the lake that the quickstart writes, and print what they say they print. */

import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { query, parquet } from '../support/duck.ts'
import {
  readNotebook,
  runNotebook,
  savedOutputs,
  saveOutputs,
  type Notebook,
} from '../support/notebook.ts'
import { sharedLake } from '../support/shared-lake.ts'
import { runCli } from './support.ts'
import { tempDir } from '../support/lake.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const NOTEBOOKS = join(ROOT, 'docs', 'notebooks')
const isWriting = process.env['NOTEBOOKS'] === 'write'

const QUICKSTART = await readFile(join(ROOT, 'jobs', 'quickstart.yaml'), 'utf8')
const lake = sharedLake(QUICKSTART)

async function check(
  name: string,
  run: (notebook: Notebook) => readonly string[],
): Promise<readonly string[]> {
  const path = join(NOTEBOOKS, name)
  const notebook = await readNotebook(path)
  const outputs = run(notebook)
  if (isWriting) await saveOutputs(path, notebook, outputs)
  // NOTEBOOKS=write npx vitest run ... test/e2e/notebook.test.ts writes them anew.
  expect(outputs).toEqual(savedOutputs(await readNotebook(path)))
  return outputs
}

test('JavaScript', async () => {
  const outputs = await check('javascript.ipynb', (notebook) =>
    runNotebook(notebook, 'javascript', { lake: lake.dataDir, cwd: ROOT }),
  )
  const text = outputs.join('')
  expect(text).toContain("168 hours; that differ from the exchange's own: open 0, close 0")
  const [first] = await query(
    `SELECT count(*) AS n FROM ${parquet(lake.dataDir, 'spot/klines/interval=1m/symbol=BTCUSDT')}`,
  )
  expect(text).toContain(`${first?.['n']} rows`)
  const returns = [
    ...text.matchAll(/: (\d+) symbols, 10 months, mean momentum return (-?[\d.]+) %/g),
  ]
  expect(returns.map(([, symbols]) => symbols)).toEqual(['9', '5'])
  expect(returns[0]?.[2]).not.toBe(returns[1]?.[2])
  const profile = await query(
    `SELECT floor(price / 1000)::INT * 1000 AS level, sum(quantity) FILTER (NOT is_buyer_maker)::DECIMAL(18,2) AS bought
     FROM ${parquet(lake.dataDir, 'spot/aggTrades/symbol=BTCUSDT')} GROUP BY level`,
  )
  expect(profile.length).toBeGreaterThan(1)
  for (const { level, bought } of profile) expect(text).toContain(`${level} bought ${bought}`)
})

test('Python, where DuckDB, polars and pandas are installed', async () => {
  const python = process.env['PYTHON'] ?? 'python3'
  const has = spawnSync(python, ['-c', 'import duckdb, polars, pandas, pyarrow'], {
    stdio: 'ignore',
  })
  if (has.error !== undefined || has.status !== 0) {
    console.warn(
      '\n*** NO POLARS, PANDAS OR DUCKDB: the Python notebook did NOT run. PYTHON names an interpreter that has them. ***\n',
    )
    return
  }
  await check('python.ipynb', (one) =>
    runNotebook(one, 'python', { lake: lake.dataDir, cwd: ROOT, interpreter: python }),
  )
})

describe('both notebooks', () => {
  test('print the same returns, correlation and volume profile', async () => {
    const [js, py] = await Promise.all(
      ['javascript.ipynb', 'python.ipynb'].map(async (name) =>
        savedOutputs(await readNotebook(join(NOTEBOOKS, name))).join(''),
      ),
    )
    const facts = (text = ''): readonly string[] =>
      text.split('\n').filter((line) => /deviation|correlation|bought|outage/.test(line))
    expect(facts(py)).toEqual(facts(js))
    expect(facts(py).length).toBeGreaterThan(4)
  })
})

test('the example of READING.md prints what the lake holds', async () => {
  const reading = await readFile(join(ROOT, 'docs', 'READING.md'), 'utf8')
  const [, code = ''] = /^```js\n(.*?)^```$/ms.exec(reading) ?? []
  const source = code.replace("dataDir: 'data'", `dataDir: ${JSON.stringify(lake.dataDir)}`)
  const notebook = { cells: [{ cell_type: 'code', source: [source] }] }
  const [printed = ''] = runNotebook(notebook, 'javascript', { lake: lake.dataDir, cwd: ROOT })
  expect(printed.split('\n').slice(0, 2)).toEqual(['9840', '1200 11'])
  expect(printed).toContain("from: '2026-11-02T00:00:00.000000Z'")
  expect(printed).toContain("reason: 'outage'")
})

test('the quickstart writes this lake', async () => {
  const dataDir = join(await tempDir(), 'lake')
  expect((await runCli(['quickstart', '--data-dir', dataDir])).exit).toBe(0)
  const sum = (directory: string): Promise<unknown> =>
    query(
      `SELECT symbol, sum(close) AS total, count(*) AS n FROM read_parquet('${directory}/spot/klines/**/*.parquet', hive_partitioning = true) GROUP BY symbol ORDER BY symbol`,
    )
  expect(await sum(dataDir)).toEqual(await sum(lake.dataDir))
})
