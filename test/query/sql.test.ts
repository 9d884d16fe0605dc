/** SQL over a lake, through the library and through the command. */

import { copyFile, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { csvLine, jsonPieces } from '../../src/cli/command/sql.ts'
import { tableCell } from '../../src/cli/sql-table.ts'
import { run as runCommand } from '../../src/cli/dispatch.ts'
import { sql, type SqlValue } from '../../src/index.ts'
import { contents, tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'
import { fakeIo } from '../support/terminal.ts'
import '../support/cli-library.ts'

const LAKE = `
version: 1
datasets:
  - { kind: klines, symbols: [BTCUSDT, 币安人生USDT], intervals: [1h], from: 2026-11-02, to: 2026-11-09 }
  - { kind: klines, symbols: [ETHUSDT], intervals: [1h], from: 2026-11-02, to: 2026-11-09, numbers: decimal }
  - { kind: aggTrades, symbols: [BTCUSDT], from: 2026-11-03, to: 2026-11-04 }
`
const lake = sharedLake(LAKE)

async function ask(query: string): Promise<{ names: string[]; rows: (readonly SqlValue[])[] }> {
  const answer = await sql(query, { dataDir: lake.dataDir })
  const rows: (readonly SqlValue[])[] = []
  try {
    for await (const some of answer.rows()) rows.push(...some)
  } finally {
    answer.close()
  }
  return { names: answer.columns.map(({ name }) => name), rows }
}

async function command(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const io = fakeIo()
  const exit = await runCommand(['sql', ...args, '--data-dir', lake.dataDir], io)
  return { exit, out: io.out(), err: io.err() }
}

describe('views', () => {
  test('are the datasets that the lake holds', async () => {
    expect((await ask('SHOW TABLES')).rows).toEqual([['aggTrades'], ['klines'], ['symbols']])
  })

  test('have the columns of the paths as text, symbols that are not ASCII too', async () => {
    const { rows } = await ask(
      `SELECT symbol, "interval", period, count(*) FROM klines GROUP BY ALL ORDER BY symbol`,
    )
    expect(rows).toEqual([
      ['BTCUSDT', '1h', '2026', 168],
      ['ETHUSDT', '1h', '2026', 164],
      ['币安人生USDT', '1h', '2026', 168],
    ])
  })

  test.each(['-- a word\nSELECT 1', '/* a word */ (SELECT 1)', '\n\twith x AS (SELECT 1) FROM x'])(
    'are asked with comments and brackets before the question: %j',
    async (query) => {
      expect((await ask(query)).rows).toEqual([[1]])
    },
  )

  test('find a type for numbers that are stored in two ways', async () => {
    const { rows } = await ask('SELECT DISTINCT typeof(close), typeof(volume) FROM klines')
    expect(rows).toEqual([['DOUBLE', 'DOUBLE']])
  })
})

describe('values', () => {
  test.each<[string, SqlValue]>([
    ["TIMESTAMPTZ '2026-11-04 14:30:00.123456+00'", '2026-11-04T14:30:00.123456Z'],
    ["TIMESTAMP '1969-12-31 23:59:59.999999'", '1969-12-31T23:59:59.999999Z'],
    ["DATE '2026-11-04'", '2026-11-04'],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', '9007199254740993'],
    ['CAST(1.10000000 AS DECIMAL(18,8))', '1.10000000'],
    ['CAST(1.5 AS DOUBLE)', 1.5],
    ["CAST('nan' AS DOUBLE)", 'NaN'],
    ['NULL', null],
    ['true', true],
    ['[1, 2, NULL]', [1, 2, null]],
    ["{'a': 1, 'b': 'x'}", { a: 1, b: 'x' }],
  ])('%s is %j', async (expression, value) => {
    expect((await ask(`SELECT ${expression} AS v`)).rows).toEqual([[value]])
  })
})

describe('what is refused', () => {
  test.each([
    ["COPY (SELECT 1) TO '/tmp/never.csv'", /only SELECT|disabled by configuration/],
    ["COPY (SELECT 1) TO 'LAKE/never.csv'", /only SELECT/],
    ['CREATE TABLE t AS SELECT 1', /only SELECT/],
    ["ATTACH '/tmp/never.db'", /only SELECT/],
    ['SET enable_external_access = true', /only SELECT/],
    ["EXPLAIN ANALYZE COPY (SELECT 1) TO 'LAKE/never.csv'", /only SELECT/],
    ['INSTALL httpfs', /only SELECT/],
    ['SELECT 1; SELECT 2', /one query, got 2/],
    ['  ', /empty/],
    ['LOAD httpfs', /only SELECT/],
    ["EXPORT DATABASE 'LAKE/never.csv'", /only SELECT/],
    ["/* /* */ SELECT */ EXPORT DATABASE 'LAKE/never.csv'", /only SELECT/],
    ["--x\rEXPORT DATABASE 'LAKE/never.csv' --\nSELECT 1", /only SELECT|syntax error/],
    ["CREATE SECRET (TYPE s3, KEY_ID 'x')", /only SELECT|disabled by configuration/],
    ["SELECT getenv('HOME')", /getenv does not exist/],
    ["SELECT * FROM read_text('/etc/passwd')", /disabled by configuration/],
    ["SELECT * FROM read_text('LAKE/../../../etc/passwd')", /disabled by configuration/],
    ["SELECT * FROM read_blob('~/.npmrc')", /disabled by configuration/],
    ["SELECT * FROM glob('/etc/*')", /disabled by configuration/],
    ["SELECT * FROM query('SELECT content FROM read_text(''/etc/passwd'')')", /disabled/],
    ["SELECT * FROM read_csv('http://127.0.0.1:9/x')", /disabled by configuration|http/i],
    ['SELECT * FROM trades', /trades does not exist/],
    ['SELECT nope FROM klines', /"nope" not found/],
    ['SELEC 1', /syntax error/],
  ])('%s', async (query, message) => {
    const before = await contents(lake.dataDir)
    await expect(ask(query.replace('LAKE', lake.dataDir))).rejects.toMatchObject({
      name: 'UsageError',
      exit: 2,
      message: expect.stringMatching(message) as string,
    })
    expect(await contents(lake.dataDir)).toEqual(before)
    expect(await readdir(lake.dataDir)).not.toContain('never.csv')
  })

  test('what a link inside the lake leads to', async () => {
    const outside = await tempDir()
    await writeFile(join(outside, 'secret.txt'), 'CANARY')
    const links = [
      ['_linked.txt', join(outside, 'secret.txt')],
      ['_linked', outside],
    ] as const
    for (const [name, target] of links) await symlink(target, join(lake.dataDir, name))
    try {
      for (const path of ['_linked.txt', '_linked/secret.txt', '*.txt'])
        await expect(
          ask(`SELECT content FROM read_text('${lake.dataDir}/${path}')`),
        ).rejects.toThrow('disabled by configuration')
    } finally {
      for (const [name] of links) await rm(join(lake.dataDir, name))
    }
  })

  test('a partition that is a link to a file elsewhere', async () => {
    const series = join(lake.dataDir, 'spot/klines/interval=1h')
    const outside = join(await tempDir(), 'data.parquet')
    await copyFile(join(series, 'symbol=BTCUSDT/period=2026/data.parquet'), outside)
    const period = join(series, 'symbol=LINKEDUSDT/period=2026')
    await mkdir(period, { recursive: true })
    await symlink(outside, join(period, 'data.parquet'))
    try {
      await expect(ask('SELECT count(*) FROM klines')).rejects.toThrow('disabled by configuration')
    } finally {
      await rm(join(series, 'symbol=LINKEDUSDT'), { recursive: true })
    }
  })

  test('a lake without rows', async () => {
    await expect(sql('SELECT 1', { dataDir: join(await tempDir(), 'none') })).rejects.toThrow(
      'the lake holds no rows',
    )
  })
})

describe('the command', () => {
  const FIRST =
    'SELECT symbol, open_time, trade_count FROM klines ORDER BY symbol, open_time LIMIT 2'

  test('prints a table', async () => {
    const { exit, out, err } = await command(FIRST)
    expect([exit, err]).toEqual([0, '2 rows\n'])
    expect(out.split('\n')[0]).toMatch(/^symbol {3}open_time {12}trade_count$/)
    expect(out.split('\n')[2]).toMatch(/^BTCUSDT {2}2026-11-02 01:00:00 +\d+$/)
  })

  test('says when a table is not all', async () => {
    const { out, err } = await command('SELECT agg_trade_id FROM aggTrades')
    expect(out.trimEnd().split('\n')).toHaveLength(101)
    expect(err).toBe('the first 100 rows; --csv or --json prints all\n')
  })

  test('prints CSV', async () => {
    const { out } = await command(`SELECT 'a,"b"' AS x, NULL AS y, '' AS z, 1 AS n`, '--csv')
    expect(out).toBe('x,y,z,n\n"a,""b""",,"",1\n')
    const all = await command('SELECT agg_trade_id FROM aggTrades', '--csv', '--quiet')
    expect(all.out.trimEnd().split('\n')).toHaveLength(4_001)
  })

  test('prints one JSON document, with no rows too', async () => {
    const { out } = await command(FIRST, '--json')
    const document = JSON.parse(out) as { columns: unknown[]; rows: unknown[][] }
    expect(document.columns).toContainEqual({ name: 'trade_count', type: 'BIGINT' })
    expect(document.rows.map(([symbol, time]) => [symbol, time])).toEqual([
      ['BTCUSDT', '2026-11-02T00:00:00.000000Z'],
      ['BTCUSDT', '2026-11-02T01:00:00.000000Z'],
    ])
    const none = await command('FROM klines WHERE false', '--json')
    expect(JSON.parse(none.out)).toMatchObject({ rows: [] })
  })

  test.each([
    [[], /the query is empty/],
    [['SELECT', '1'], /takes one query in quotes, got 2 words/],
    [['SELECT 1', '--csv', '--json'], /exclude each other/],
    [['SELECT * FROM trades'], /The views are aggTrades, klines/],
  ])('refuses %j', async (args, message) => {
    const { exit, out, err } = await command(...args)
    expect([exit, out]).toEqual([2, ''])
    expect(
      args.includes('--json') ? (JSON.parse(err) as { message: string }).message : err,
    ).toMatch(message)
  })
})

describe('text of an answer', () => {
  test('cannot reach the terminal as a command', () => {
    expect(tableCell('a\u001b[2Jb\nc')).toBe('a\\u{1b}[2Jb\\u{a}c')
    expect(tableCell('x'.repeat(60))).toHaveLength(40)
  })

  test('survives CSV', () => {
    expect(csvLine(['a\nb', null, true, [1]])).toBe('"a\nb",,true,[1]\n')
  })

  test('comes in batches without losing a comma', async () => {
    async function* rows(): AsyncGenerator<SqlValue[][]> {
      yield [[1], [2]]
      yield []
      yield [[3]]
    }
    let text = ''
    for await (const piece of jsonPieces({ columns: [], rows, close: () => undefined }))
      text += piece
    expect(JSON.parse(text)).toEqual({ columns: [], rows: [[1], [2], [3]] })
  })
})
