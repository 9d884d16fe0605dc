/** Job files that should take all memory, through the built command with a small heap; and names that lead elsewhere. */

import { spawn } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { finished, MAIN, type CliResult } from '../e2e/support.ts'
import { command } from '../support/command.ts'
import { expectSafe } from '../support/hostile.ts'
import { tempDir } from '../support/lake.ts'

const JOB = `version: 1
from: 2026-04-28
to: 2026-04-29
symbols: [BTCUSDT]
datasets: [{kind: klines, intervals: [1h]}]
`
const HEAP_MB = 64

/** The command in a process that is killed when it takes too long; it then ends with 137. */
async function small(args: readonly string[], cwd: string): Promise<CliResult> {
  const { PATH = '', HOME = '' } = process.env
  const argv = [`--max-old-space-size=${HEAP_MB}`, MAIN, ...args]
  const child = spawn(process.execPath, argv, {
    cwd,
    env: { PATH, HOME },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return finished(child)
}

const nines = (item: string): string => `[${Array.from({ length: 9 }, () => item).join()}]`
const LAUGHS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
  .map((name, at, all) => `${name}: &${name} ${nines(at === 0 ? 'lol' : `*${all[at - 1]}`)}\n`)
  .join('')

const BOMBS: readonly (readonly [name: string, rest: string, place: RegExp])[] = [
  ['a billion laughs', LAUGHS, /job\.yaml:7:\d+: .*more than 16 aliases/],
  [
    'a hundred thousand levels',
    `x: ${'['.repeat(100_000)}\n`,
    /job\.yaml:6:\d+: nested too deeply/,
  ],
  ['a quarter of a million commas', `x: [${','.repeat(240_000)}]\n`, /job\.yaml:6:\d+: more than/],
  ['as many bad escapes', `x: "${'\\q'.repeat(120_000)}"\n`, /job\.yaml:6:\d+: not YAML/],
  ['fifteen thousand anchors', '- &a x\n'.repeat(15_000), /job\.yaml:6:\d+: not YAML/],
]

describe(`a heap of ${HEAP_MB} MiB`, () => {
  it.each(BOMBS)('%s: exit 2, and where it is', async (name, rest, place) => {
    const cwd = await tempDir()
    await writeFile(join(cwd, 'job.yaml'), JOB + rest)
    const isEven = BOMBS.findIndex(([other]) => other === name) % 2 === 0
    const { exit, stdout, stderr } = await small([isEven ? 'run' : 'validate', 'job.yaml'], cwd)
    expect([exit, stdout], stderr.slice(0, 500)).toEqual([2, ''])
    expect(stderr).toMatch(place)
    expect(stderr.length).toBeLessThan(10_000)
    expect(await readdir(cwd)).toEqual(['job.yaml'])
  })
})

describe('the name of a job', () => {
  it.each([
    '../../x',
    '/etc/passwd',
    'a/b',
    'a\\b',
    '..',
    'a\u0000b',
    'a\u001b[2Jb',
    'a\nerror: forged',
    '\u202ex',
    '__proto__',
    'x'.repeat(10_240),
  ])('%j is refused with its place, and shown safely', async (name) => {
    const directory = await tempDir()
    const file = join(directory, 'job.yaml')
    await writeFile(file, `${JOB}name: ${JSON.stringify(name)}\n`)
    for (const word of ['validate', 'run']) {
      const { exit, stdout, stderr } = await command([word, file])
      expect([exit, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(/job\.yaml:6:7: name: ".*" is not a name/)
      expectSafe(stderr)
      expect(stderr.length).toBeLessThan(1_000)
    }
    expect(await readdir(directory)).toEqual(['job.yaml'])
  })
})
