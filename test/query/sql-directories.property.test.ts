/** `sql` reads the lake that was named, whatever its directory is called, and no other that a pattern would find. */

import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { recipes } from '../../src/cli/command/quickstart.ts'
import { sql } from '../../src/index.ts'
import { query as duck } from '../support/duck.ts'
import { tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'
import '../support/cli-library.ts'

const job = (symbol: string): string => `
version: 1
datasets:
  - { kind: klines, symbols: [${symbol}], intervals: [1h], from: 2026-11-02, to: 2026-11-03 }
`
const lake = sharedLake(job('BTCUSDT'))
const decoy = sharedLake(job('ETHUSDT'))

afterEach(() => {
  vi.unstubAllEnvs()
})

const COLUMNS = ['BTCUSDT', '1h', '2026', 24]

async function look(dataDir: string): Promise<unknown[]> {
  const answer = await sql(
    'SELECT symbol, "interval", period, count(*) FROM klines GROUP BY ALL ORDER BY ALL',
    { dataDir },
  )
  const rows: unknown[] = []
  try {
    for await (const some of answer.rows()) rows.push(...some)
  } finally {
    answer.close()
  }
  return rows
}

async function columns(dataDir: string): Promise<readonly string[]> {
  const answer = await sql('FROM klines', { dataDir })
  answer.close()
  return answer.columns.map(({ name }) => name)
}

const piece = fc.oneof(
  fc.constantFrom(...'\\*?[]{}!^-=\'"`$;,:~#%&|<>() \t\n\u0001.'.split('')),
  fc.constantFrom('**', '[a-z]', '[!x]', '\\*', '\\[', "''", '%2F', '${x}', '..', ' ', '--', '/*'),
  fc.constantFrom('symbol=X', 'interval=1m', 'period=1', 'a=b', 'account=y', '_x', 'spot', 'C:'),
  fc.constantFrom('a', 'x', 'lake', 'ä', 'a\u0301', '币安', '😀', '\u202e', '\ufeff'),
)
const segment = fc
  .array(piece, { minLength: 1, maxLength: 6 })
  .map((pieces) => pieces.join('').replaceAll('/', ''))
  .filter((name) => name !== '' && name !== '.' && name !== '..')
const directory = fc.array(segment, { minLength: 1, maxLength: 3 })

/** What a reader that takes characters for more than that could read instead. */
function mistakes(names: readonly string[]): string[] {
  const path = names.join('/')
  return [
    path.replaceAll('\\', '/'),
    path.replaceAll('\\', ''),
    path.replace(/[*?]+/g, 'x'),
    path.replace(/\[[^\]]*\]/g, 'a'),
  ].filter((other) => other !== path && !other.split('/').includes('..'))
}

describe('the directory of a lake', () => {
  it('may have any name', async () => {
    const base = await tempDir()
    const links = await tempDir()
    vi.stubEnv('TMPDIR', links)
    const plain = await columns(lake.dataDir)
    await fc.assert(
      fc.asyncProperty(directory, async (names) => {
        const root = join(base, 'lakes')
        await rm(root, { recursive: true, force: true })
        const dataDir = join(root, ...names)
        for (const [from, to] of [
          ...mistakes(names).map((other) => [decoy.dataDir, join(root, other)] as const),
          [lake.dataDir, dataDir] as const,
        ]) {
          await rm(join(to, 'spot'), { recursive: true, force: true })
          await mkdir(to, { recursive: true })
          await cp(from, to, { recursive: true })
        }
        expect(await look(dataDir)).toEqual([COLUMNS])
        expect(await columns(dataDir)).toEqual(plain)
        // A query that fails lets go of what it made too.
        await expect(sql('FROM trades', { dataDir })).rejects.toThrow('trades does not exist')
        expect(await readdir(links)).toEqual([])
      }),
      { numRuns: 40 },
    )
  }, 120_000)

  it('is told by its own name when something is wrong with a file', async () => {
    const dataDir = join(await tempDir(), 'a=b\\c')
    await cp(lake.dataDir, dataDir, { recursive: true })
    const answer = await sql('SELECT close FROM klines', { dataDir })
    answer.close()
    answer.close()
    await rm(join(dataDir, 'spot/klines/interval=1h/symbol=BTCUSDT/period=2026/data.parquet'))
    await expect(sql('FROM klines', { dataDir })).rejects.toThrow('a=b\\c/spot/klines')
  })

  it('needs a place for a link to it, and says so', async () => {
    const dataDir = join(await tempDir(), 'a=b')
    await cp(lake.dataDir, dataDir, { recursive: true })
    for (const place of [join(await tempDir(), 'x=y'), join(await tempDir(), 'none')]) {
      vi.stubEnv('TMPDIR', place)
      await expect(sql('FROM klines', { dataDir })).rejects.toMatchObject({
        exit: 2,
        hint: expect.stringContaining('TMPDIR') as string,
      })
    }
  })
})

describe('the recipes of the quickstart', () => {
  it.each(['plain', "it's [a] lake*?", 'say "hi"', '币安'])('read a lake in %j', async (name) => {
    const dataDir = join(await tempDir(), name)
    await cp(lake.dataDir, dataDir, { recursive: true })
    const [, text = ''] = /duckdb\.sql\((".*")\)/.exec(recipes(dataDir)) ?? []
    const rows = await duck(`SELECT count(*) AS n FROM (${JSON.parse(text) as string})`)
    expect(rows).toEqual([{ n: '24' }])
  })
})
