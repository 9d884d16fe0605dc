/** The documents say what is so: links lead somewhere, command lines parse, tables are those of the program, recipes run. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { EXIT_CODES } from '../../src/cli/exit-codes.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { FLAG_NAMES } from '../../src/cli/flags.ts'
import { parseCommandLine } from '../../src/cli/parse.ts'
import { watchedBackfill } from '../../src/index.ts'
import { parseJob } from '../../src/job/parse.ts'
import { quickstartExchange } from '../../src/simulator/index.ts'
import { query } from '../support/duck.ts'
import { serve, tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const EXAMPLES = join(ROOT, 'docs', 'examples')

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

/** Words of a shell line; `$(...)` and what `||`, `|` and `>` bring belong to the shell. */
function words(line: string): readonly string[] {
  const [command = ''] = line.split(/ (?:\|\||\||>>?|#) ?/)
  const expanded = command.replace(/"?\$\([^)]*\)(\/7)?"?/g, '1/7').replace('[FLAGS]', '')
  return expanded.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? []
}

/** Every `binance-backfill ...` line of a text, wherever it stands; `\` joins lines. */
function commandLines(source: string): readonly string[] {
  const joined = source.replace(/\\\n\s*/g, ' ')
  return [
    ...joined.matchAll(
      /(?:^|[\s"'=/])binance-backfill ((?:run|plan|status|verify|validate|schema|symbols|report|sql|simulate|doctor|quickstart|completion)\b[^\n"`]*(?:"[^"\n]*"[^\n"`]*)*)/gm,
    ),
  ].map(([, line = '']) => line.trim())
}

describe('command lines', () => {
  test.each([
    'docs/OPERATING.md',
    'docs/READING.md',
    'docs/TROUBLESHOOTING.md',
    'docs/examples/crontab',
    'docs/examples/airflow_dag.py',
    'docs/examples/systemd/binance-backfill.service',
  ])('of %s are understood by the program', async (path) => {
    const lines = commandLines(await text(path)).filter((line) => !/JOB\.\.\./.test(line))
    for (const line of lines)
      expect([line, await parseCommandLine(words(line), {})]).toMatchObject([
        line,
        { kind: 'call' },
      ])
    expect(lines.length).toBeGreaterThan(
      path.includes('OPERATING') || path.includes('TROUBLE') ? -1 : 0,
    )
  })

  test('flags that documents name are flags of the program', async () => {
    const known = new Set<string>([...FLAG_NAMES, 'rebuild'])
    const strangers: string[] = []
    for (const path of [
      'docs/OPERATING.md',
      'docs/READING.md',
      'docs/TROUBLESHOOTING.md',
      'docs/JOBS.md',
    ])
      for (const [, flag = ''] of (await text(path)).matchAll(/`--([a-z-]+)/g))
        if (!known.has(flag)) strangers.push(`${path}: --${flag}`)
    expect(strangers).toEqual([])
  })

  test('every command is in the reference', async () => {
    const reference = await text('docs/CLI.md')
    for (const { name } of COMMANDS) expect(reference).toContain(`\n## ${name}\n`)
  })
})

test('exit codes mean the same to operators and to the program', async () => {
  const rows = (await text('docs/OPERATING.md')).match(/^\| \d.*$/gm) ?? []
  const told = rows.map((row) =>
    row
      .split('|')
      .slice(1, 3)
      .map((cell) => cell.trim()),
  )
  expect(told).toEqual(EXIT_CODES.map((pair) => [...pair]))
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

describe('examples for schedulers', () => {
  test.each(['cronjob.yaml', 'prometheus-rules.yaml', 'publish.yaml'])(
    '%s is YAML',
    async (name) => {
      const source = await readFile(join(EXAMPLES, name), 'utf8')
      for (const document of parseAllDocuments(source)) {
        expect('errors' in document ? document.errors : []).toEqual([])
        expect('warnings' in document ? document.warnings : []).toEqual([])
      }
    },
  )

  test("the pod's command line is understood by the program", async () => {
    const [document] = parseAllDocuments(await readFile(join(EXAMPLES, 'cronjob.yaml'), 'utf8'))
    const { spec } = (document as { toJS(): unknown }).toJS() as {
      spec: { jobTemplate: { spec: { template: { spec: { containers: { args: string[] }[] } } } } }
    }
    const args = spec.jobTemplate.spec.template.spec.containers[0]?.args ?? []
    expect(await parseCommandLine(args, {})).toMatchObject({
      kind: 'call',
      command: { name: 'run' },
    })
  })

  test('systemd accepts the units', async () => {
    const directory = await tempDir()
    await cp(join(EXAMPLES, 'systemd'), directory, { recursive: true })
    const service = join(directory, 'binance-backfill.service')
    // The program is not installed here; anything that can be run stands in for it.
    await writeFile(
      service,
      (await readFile(service, 'utf8')).replace('/usr/bin/binance-backfill', process.execPath),
    )
    const units = [service, join(directory, 'binance-backfill.timer')]
    const { status, stderr, error } = spawnSync('systemd-analyze', ['verify', ...units], {
      encoding: 'utf8',
    })
    if (error === undefined) expect([status, stderr]).toEqual([0, ''])
    else console.warn('\n*** NO SYSTEMD: the units were NOT verified. ***\n')
    expect(await readFile(service, 'utf8')).toContain('SuccessExitStatus=6')
  })

  test('the DAG compiles', async () => {
    const source = join(EXAMPLES, 'airflow_dag.py')
    const program = `import ast; ast.parse(open(${JSON.stringify(source)}).read())`
    const { status, stderr, error } = spawnSync('python3', ['-c', program], { encoding: 'utf8' })
    if (error === undefined) expect([status, stderr]).toEqual([0, ''])
    else console.warn('\n*** NO PYTHON: the DAG was NOT compiled. ***\n')
    expect(await readFile(source, 'utf8')).toContain('skip_on_exit_code=6')
  })

  test('promtool accepts the rules, which use metrics that exist', async () => {
    const path = join(EXAMPLES, 'prometheus-rules.yaml')
    const { status, error } = spawnSync('promtool', ['check', 'rules', path], { encoding: 'utf8' })
    if (error === undefined) expect(status).toBe(0)
    else console.warn('\n*** NO PROMTOOL: the rules were NOT checked. ***\n')
    const operating = await text('docs/OPERATING.md')
    for (const [, name = ''] of (await readFile(path, 'utf8')).matchAll(
      /binance_backfill_([a-z_]+)/g,
    ))
      expect(operating).toContain(`\`${name}`)
  })

  test('the image runs as a user without rights, from pinned majors', async () => {
    const source = await readFile(join(EXAMPLES, 'Dockerfile'), 'utf8')
    expect(source).toMatch(/^USER node$/m)
    expect(source).toMatch(/^ENTRYPOINT \["binance-backfill"\]$/m)
    expect(source.match(/^FROM \S+/gm)).toEqual([
      'FROM node:22-bookworm-slim',
      'FROM node:22-bookworm-slim',
    ])
    expect(source.indexOf('USER node')).toBeGreaterThan(source.lastIndexOf('RUN '))
  })
})

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
    const python = process.env['PYTHON'] ?? 'python3'
    const has = spawnSync(python, ['-c', 'import polars, pandas, pyarrow'], { stdio: 'ignore' })
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
      const { stdout, stderr } = spawnSync(python, ['-c', program], { encoding: 'utf8' })
      expect([stdout, stderr]).toEqual(['168\n', ''])
    }
  })
})
