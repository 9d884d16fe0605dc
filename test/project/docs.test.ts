/** The documents say what is so: links lead somewhere, command lines parse, tables are those of the program, recipes run. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../src/cli/failure.ts'
import { COMMANDS, FLAGS } from '../../src/cli/commands.ts'
import { parseCommandLine } from '../../src/cli/parse.ts'
import { watchedBackfill } from '../../src/index.ts'
import { parseJob } from '../../src/job/parse.ts'
import { quickstartExchange } from '../../src/simulator/index.ts'
import { commandLines, words } from '../support/command-lines.ts'
import { command, query } from '../support/duck.ts'
import { serve, tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'

const ROOT = join(import.meta.dirname, '..', '..')

async function markdown(): Promise<readonly string[]> {
  const inside = await readdir(join(ROOT, 'docs'), { recursive: true })
  const top = ['README.md', 'CHANGELOG.md'].filter((name) => existsSync(join(ROOT, name)))
  return [
    ...top,
    ...inside.filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
  ]
}

async function text(path: string): Promise<string> {
  return readFile(join(ROOT, path), 'utf8')
}

/** Code fences of a language. */
async function fences(path: string, language: string): Promise<readonly string[]> {
  const found = (await text(path)).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))
  return [...found].map(([, code = '']) => code)
}

/** A heading as its anchor. */
function anchor(heading: string): string {
  return heading
    .replace(/[`*]/g, '')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

async function brokenLinks(path: string): Promise<readonly string[]> {
  const prose = (await text(path)).replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '')
  const broken: string[] = []
  for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue
    const [file = '', fragment] = target.split('#')
    const found = file === '' ? resolve(ROOT, path) : resolve(ROOT, dirname(path), file)
    if (!existsSync(found)) broken.push(`${path}: ${target}`)
    else if (fragment !== undefined && found.endsWith('.md')) {
      const headings = (await text(relative(ROOT, found))).match(/^#+ .*$/gm) ?? []
      const anchors = headings.map((heading) => anchor(heading.replace(/^#+ /, '')))
      if (!anchors.includes(fragment)) broken.push(`${path}: ${target}`)
    }
  }
  return broken
}

describe('links', () => {
  test('lead to files and headings that are there', async () => {
    const broken = await Promise.all((await markdown()).map(brokenLinks))
    expect(broken.flat()).toEqual([])
  })

  test('a broken one is noticed', async () => {
    const directory = await tempDir()
    const path = join(directory, 'x.md')
    await writeFile(path, '# Here\n[a](none.md) [b](#there) [c](#here) [d](https://example.com)\n')
    const broken = await brokenLinks(relative(ROOT, path))
    expect(broken.map((line) => line.split(': ')[1])).toEqual(['none.md', '#there'])
  })

  test('every page of docs is linked from the README or another page', async () => {
    const pages = await markdown()
    const all = (await Promise.all(pages.map(text))).join('\n')
    const lost = pages.filter((page) => {
      const [name = ''] = page.split('/').slice(-1)
      return page.startsWith('docs/') && !page.startsWith('docs/decisions/') && !all.includes(name)
    })
    expect(lost).toEqual([])
  })
})

/** Longer ones cannot be read in a browser. */
const CELL_WORDS_MAX = 25

test('no cell of a table is too long to be read', async () => {
  const long: string[] = []
  for (const path of await markdown()) {
    const rows = (await text(path)).replace(/^```.*?^```$/gms, '').match(/^\|.*\|$/gm) ?? []
    for (const cell of rows.flatMap((row) => row.split(/(?<!\\)\|/)))
      if (cell.trim().split(/\s+/).length > CELL_WORDS_MAX) long.push(`${path}: ${cell.trim()}`)
  }
  expect(long).toEqual([])
})

describe('tests', () => {
  async function namedTests(path: string): Promise<readonly string[]> {
    return [...(await text(path)).matchAll(/`(test\/[^`\s]+\.\w+)`/g)].map(([, name = '']) => name)
  }

  test('that pages name are there', async () => {
    const named = await Promise.all((await markdown()).map(namedTests))
    expect(named.flat().length).toBeGreaterThan(100)
    expect(named.flat().filter((name) => !existsSync(join(ROOT, name)))).toEqual([])
  })

  test('show every failure of FAILURES.md, or it says that nothing does', async () => {
    const rows = (await text('docs/FAILURES.md')).match(/^\| (?!failure |-+ ).*$/gm) ?? []
    expect(rows.length).toBeGreaterThan(100)
    expect(rows.filter((row) => !/`test\/[^`]+`[^|]*\|$|_not shown_ *\|$/.test(row))).toEqual([])
  })
})

describe('command lines', () => {
  test('of every page are understood by the program', async () => {
    let count = 0
    for (const path of await markdown())
      for (const line of commandLines(await text(path))) {
        if (/\b(?:JOB|QUERY|FROM|DIR|FILE)\b|\.\.\./.test(line.replace(/"[^"]*"/g, ''))) continue
        count += 1
        expect([path, line, await parseCommandLine(words(line), {})]).toMatchObject([
          path,
          line,
          { kind: 'call' },
        ])
      }
    expect(count).toBeGreaterThan(20)
  })

  test('flags that pages name are flags of the program', async () => {
    const unknown: string[] = []
    for (const path of await markdown())
      for (const [, flag = ''] of (await text(path)).matchAll(/`--([a-z-]+)/g))
        if (!Object.hasOwn(FLAGS, flag)) unknown.push(`${path}: --${flag}`)
    expect(unknown).toEqual([])
  })

  test('every command is in the reference', async () => {
    const reference = await text('docs/CLI.md')
    for (const { name } of COMMANDS) expect(reference).toContain(`\n## ${name}\n`)
  })
})

test('operators are advised on every exit code of the program, and no other', async () => {
  const rows = (await text('docs/OPERATING.md')).match(/^\| \d.*$/gm) ?? []
  const codes = rows.map((row) => row.split('|')[1]?.trim())
  expect(codes).toEqual(EXIT_CODES.map(([code]) => code))
})

test('metrics that are documented are those that are written', async () => {
  const simulator = await serve({ exchange: quickstartExchange() })
  const directory = await tempDir()
  const metricsFile = join(directory, 'x.prom')
  const job = parseJob(
    'version: 1\ndatasets:\n  - { kind: klines, symbols: [ETHUSDT], intervals: [1h], from: 2026-11-02, to: 2026-11-09 }\n',
    'x.yaml',
  )
  const options = {
    dataDir: join(directory, 'lake'),
    baseUrls: [simulator.url],
    metricsFile,
    source: 'rest' as const,
  }
  for await (const item of watchedBackfill([job], options)) expect(item.kind).not.toBe('warning')
  const written = [
    ...(await readFile(metricsFile, 'utf8')).matchAll(/^# TYPE binance_backfill_(\S+)/gm),
  ].map(([, name]) => name)
  const section = /## Metrics(.*?)## /s.exec(await text('docs/OPERATING.md'))?.[1] ?? ''
  const documented = [...section.matchAll(/`((?:last|series)_[a-z_]+)/g)].map(([, name]) => name)
  expect([...new Set(documented)].sort()).toEqual([...written].sort())
})

const PYTHON = process.env['PYTHON'] ?? 'python3'
const FASTPARQUET = `
import glob, sys
from fastparquet import ParquetFile
files = glob.glob(sys.argv[1] + '/**/*.parquet', recursive=True)
print(sum(int(ParquetFile(file).to_pandas()['agg_trade_id'].sum()) for file in files))
`

function idSum(rows: unknown): bigint {
  return (rows as { agg_trade_id: string }[]).reduce(
    (sum, { agg_trade_id: id }) => sum + BigInt(id),
    0n,
  )
}

describe('recipes of READING.md', () => {
  const lake = sharedLake(`
version: 1
datasets:
  - { kind: klines, symbols: [BTCUSDT, ETHUSDT], intervals: [1h], from: 2026-11-02, to: 2026-11-09 }
  - { kind: aggTrades, symbols: [BTCUSDT], from: 2026-11-03, to: 2026-11-04 }
`)

  test('DuckDB', async () => {
    const [recipe = ''] = await fences('docs/READING.md', 'sql')
    const rows = await query(recipe.replaceAll("'data/", `'${lake.dataDir}/`))
    expect(rows).toHaveLength(168)
    expect(rows[0]?.['open_time']).toBe('2026-11-02 00:00:00+00')
  })

  test('a copy for readers of plain Parquet alone', async () => {
    const recipe = (await fences('docs/READING.md', 'sql')).at(-1) ?? ''
    const plain = join(await tempDir(), 'plain')
    const copy = recipe
      .replace("'data/", `'${lake.dataDir}/`)
      .replace("'plain-aggTrades'", `'${plain}'`)
    await command(copy)
    const encodings = async (files: string): Promise<(string | null)[]> =>
      (await query(`SELECT DISTINCT encodings AS e FROM parquet_metadata('${files}')`)).map(
        ({ e }) => e ?? null,
      )
    const series = `${lake.dataDir}/spot/aggTrades/**/*.parquet`
    expect((await encodings(series)).join()).toContain('DELTA')
    expect((await encodings(`${plain}/**/*.parquet`)).join()).not.toContain('DELTA')
    const rows = async (files: string): Promise<unknown> =>
      query(
        `SELECT * FROM read_parquet('${files}', hive_types_autocast = false) ORDER BY agg_trade_id`,
      )
    const copied = await rows(`${plain}/**/*.parquet`)
    expect(copied).toHaveLength(4_000)
    expect(copied).toEqual(await rows(series))
    const read = spawnSync(PYTHON, ['-c', FASTPARQUET, plain], { encoding: 'utf8' })
    if (read.stderr.includes('ModuleNotFoundError'))
      console.warn('\n*** NO FASTPARQUET: the copy was NOT read by it. PYTHON names another. ***\n')
    else expect(read.stdout).toBe(`${idSum(copied)}\n`)
  })

  test('DuckDB guesses the types of paths as the table says', async () => {
    const types = async (glob: string, options = ''): Promise<(string | null)[]> =>
      (
        await query(
          `SELECT column_name AS name, column_type AS type FROM (DESCRIBE FROM read_parquet('${lake.dataDir}/spot/${glob}', hive_partitioning = true ${options}))`,
        )
      )
        .filter(({ name }) => ['symbol', 'interval', 'period', 'open_time'].includes(name ?? ''))
        .map(({ name, type }) => `${name} ${type}`)
    expect(await types('klines/**/*.parquet')).toEqual([
      'open_time TIMESTAMP WITH TIME ZONE',
      'interval VARCHAR',
      'period BIGINT',
      'symbol VARCHAR',
    ])
    expect(await types('klines/**/*.parquet', ', hive_types_autocast = false')).toContain(
      'period VARCHAR',
    )
  })

  test('polars and pandas, where they are installed', async () => {
    const has = spawnSync(PYTHON, ['-c', 'import polars, pandas, pyarrow'], { stdio: 'ignore' })
    if (has.error !== undefined || has.status !== 0) {
      console.warn(
        '\n*** NO POLARS OR PANDAS: their recipes were NOT run. PYTHON names an interpreter that has them. ***\n',
      )
      return
    }
    const [polars = '', pandas = ''] = await fences('docs/READING.md', 'python')
    for (const recipe of [polars, pandas]) {
      const lines = recipe.trimEnd().split('\n')
      const last = lines.pop() ?? ''
      const program = [...lines, `print(len(${last}))`]
        .join('\n')
        .replaceAll("'data/", `'${lake.dataDir}/`)
      const { stdout, stderr } = spawnSync(PYTHON, ['-c', program], { encoding: 'utf8' })
      expect([stdout, stderr]).toEqual(['168\n', ''])
    }
  })
})
