/** How `sql` is asked, and how its answer fits a terminal. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fittingWidths } from '../../src/cli/sql-table.ts'
import '../support/cli-library.ts'
import { command } from '../support/command.ts'
import { tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'

const lake = sharedLake(`
version: 1
datasets:
  - { kind: klines, symbols: [BTCUSDT], intervals: [1h], from: 2026-06-01, to: 2026-06-02 }
`)

async function sql(
  argv: readonly string[],
  options?: Parameters<typeof command>[1],
): ReturnType<typeof command> {
  return command(['sql', ...argv, '--data-dir', lake.dataDir], options)
}

const COUNT = '-- all of them\nSELECT count(*) AS n\nFROM klines;\n'

describe('a query comes', () => {
  test('from a file', async () => {
    const file = join(await tempDir(), 'q.sql')
    await writeFile(file, COUNT)
    expect(await sql(['--file', file, '--csv'])).toEqual({ exit: 0, stdout: 'n\n24\n', stderr: '' })
    expect(await sql(['--file', file, 'SELECT 1'])).toMatchObject({ exit: 2 })
    const { exit, stderr } = await sql(['--file', `${file}.not`])
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringMatching(/q\.sql\.not cannot be read \(ENOENT\)/) as string,
    })
  })

  test.each([[[]], [['-']]])('from stdin, with %j', async (argv) => {
    const { exit, stdout } = await sql([...argv, '--csv'], { input: COUNT })
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'n\n24\n' })
  })

  test('from nowhere: said so', async () => {
    expect(await sql([])).toMatchObject({ exit: 2, stdout: '' })
  })
})

describe('at a terminal', () => {
  test('there is a prompt: queries of several lines, commands, and errors that end nothing', async () => {
    const input = [
      'SELECT count(*) AS n',
      '  FROM klines;',
      'SELEC;',
      '.tables',
      '.schema klines',
      '.help',
      "SELECT ';' AS semicolon;",
      '.quit',
      'SELECT 99 AS after;',
    ].join('\n')
    const { exit, stdout, stderr } = await sql([], { isTerminal: true, input })
    expect(exit).toBe(0)
    expect(stdout).toMatch(/ n\n24\n/)
    expect(stdout).toMatch(/table\nklines\n/)
    expect(stdout).toMatch(/klines +open_time +TIMESTAMP WITH TIME ZONE/)
    expect(stdout).toMatch(/\.quit +leave/)
    expect(stdout).toMatch(/semicolon\n;/)
    expect(stdout).not.toMatch(/after/)
    expect(stderr.match(/error:/g)).toHaveLength(1)
  })

  test('the end of the input ends it', async () => {
    const { exit } = await sql([], { isTerminal: true, input: 'SELECT 1 AS half' })
    expect(exit).toBe(0)
  })

  test('a lake without rows is told at once', async () => {
    const dataDir = await tempDir()
    const ended = await command(['sql', '--data-dir', dataDir], { isTerminal: true, input: '' })
    expect(ended).toMatchObject({ exit: 2, stdout: '' })
  })

  test('a wide answer fits: no line is longer than the terminal', async () => {
    const { stdout, stderr } = await sql(['SELECT * FROM klines'], { isTerminal: true })
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(stdout).toMatch(/^open_time/)
    expect(stderr).toMatch(/24 rows, \d of 14 columns; --csv or --json prints all/)
    const piped = await sql(['SELECT * FROM klines'])
    expect(piped.stdout.split('\n')[0]!.length).toBeGreaterThan(80)
  })
})

test.each([
  [[10, 10], 'tt', 30, [10, 10]],
  [[30, 10], 'tt', 30, [18, 10]],
  [[30, 10], 'nt', 42, [30, 10]],
  [[30, 30, 30], 'nnn', 62, [30, undefined, 30]],
  [[90], 'n', 80, [90]],
])('columns of %j, %s, in %d', (widths, kinds, width, expected) => {
  const row = widths.map((length) => 'x'.repeat(length))
  expect(
    fittingWidths(
      [row],
      Array.from(kinds, (kind) => kind === 't'),
      width,
    ),
  ).toEqual(expected)
})
