/** `init`: what it writes is valid, and nothing is overwritten. */

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { jobSchema, parseJob } from '../../src/index.ts'
import { command } from '../support/command.ts'
import { tempDir } from '../support/lake.ts'

test('writes a valid job and the schema that its first line names', async () => {
  const directory = await tempDir()
  const file = join(directory, 'majors.yaml')
  const { exit, stdout } = await command(['init', file])
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('plan') as string })
  const text = await readFile(file, 'utf8')
  const job = parseJob(text, file)
  expect(job.name).toBe('majors')
  expect(job.datasets.map(({ kind, intervals }) => [kind, intervals])).toEqual([
    ['klines', ['1m', '1h']],
  ])
  const [, schema = ''] = /^# yaml-language-server: \$schema=\.\/(\S+)\n/.exec(text) ?? []
  expect(JSON.parse(await readFile(join(directory, schema), 'utf8'))).toEqual(jobSchema())
  expect((await command(['validate', file])).exit).toBe(0)
})

test('what stands in it as a comment is valid too', async () => {
  const directory = await tempDir()
  const file = join(directory, 'job.yaml')
  await command(['init', file])
  const text = await readFile(file, 'utf8')
  const wider = text
    .replace(/^# {3}symbols: (.*)$/m, 'symbols: $1')
    .replace(/^symbols: \[BTCUSDT, ETHUSDT\]$/m, '')
    .replaceAll(/^ {2}# (- kind: aggTrades| {2}symbols: .*| {2}from: 7d)$/gm, '  $1')
  const [first, second] = parseJob(wider, file).datasets
  expect(first?.symbols).toMatchObject({ kind: 'filter', quote: 'USDT' })
  expect(second).toMatchObject({ kind: 'aggTrades', symbols: { symbols: ['BTCUSDT'] } })
})

test('overwrites no job file, and leaves another schema as it is', async () => {
  const directory = await tempDir()
  const file = join(directory, 'job.yaml')
  await writeFile(file, 'mine')
  const refused = await command(['init', file])
  expect(refused.exit).toBe(2)
  expect(refused.stderr).toMatch(/is there already and was left as it is/)
  expect(await readdir(directory)).toEqual(['job.yaml'])
  expect(await readFile(file, 'utf8')).toBe('mine')

  await writeFile(join(directory, 'job.schema.json'), '{}')
  const beside = await command(['init', join(directory, 'other.yaml'), '--json'])
  expect(JSON.parse(beside.stdout)).toEqual({
    file: join(directory, 'other.yaml'),
    schema: join(directory, 'job.schema.json'),
  })
  expect(await readFile(join(directory, 'job.schema.json'), 'utf8')).toBe('{}')
  const again = await command(['init', join(directory, 'third.yaml')])
  expect(again.stderr).toMatch(/job\.schema\.json is there already .* prints the current schema/)
})

test.each([
  [['no-such-directory', 'job.yaml'], /no such directory/],
  [['folder'], /is there already/],
])('a place that cannot be written is a usage error: %s', async (parts, words) => {
  const directory = await tempDir()
  await mkdir(join(directory, 'folder'))
  const { exit, stderr } = await command(['init', join(directory, ...parts)])
  expect(exit).toBe(2)
  expect(stderr).toMatch(words)
})

test('takes one file', async () => {
  const { exit, stderr } = await command(['init', 'a.yaml', 'b.yaml'])
  expect({ exit, stderr }).toEqual({
    exit: 2,
    stderr: expect.stringMatching(/takes one file/) as string,
  })
})
