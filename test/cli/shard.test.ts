/** Which shard a process is: by its flags, or by Kubernetes or AWS Batch, and words for all that is half. */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { shardIn, shardLine } from '../../src/cli/shard.ts'
import { summaryText } from '../../src/cli/summary.ts'
import { createColors } from 'picocolors'
import type { Summary } from '../../src/index.ts'
import { command } from '../support/command.ts'
import { tempDir } from '../support/lake.ts'

const BATCH = { AWS_BATCH_JOB_ARRAY_INDEX: '2', AWS_BATCH_JOB_ARRAY_SIZE: '4' }
const KUBERNETES = { JOB_COMPLETION_INDEX: '0' }

describe('the shard', () => {
  test.each([
    ['nothing', {}, {}, undefined],
    ['empty variables', {}, { JOB_COMPLETION_INDEX: '', AWS_BATCH_JOB_ARRAY_SIZE: '' }, undefined],
    ['the flag', { shard: { index: 2, count: 4 } }, {}, { index: 2, count: 4 }],
    [
      'the flag before all else',
      { shard: { index: 1, count: 1 } },
      { ...BATCH, ...KUBERNETES },
      { index: 1, count: 1 },
    ],
    ['Kubernetes, whose index 0 is shard 1', { shards: 4 }, KUBERNETES, { index: 1, count: 4 }],
    ['AWS Batch, whose index 2 is shard 3', {}, BATCH, { index: 3, count: 4 }],
    ['AWS Batch on Kubernetes', {}, { ...BATCH, ...KUBERNETES }, { index: 3, count: 4 }],
  ] as const)('of %s', (_, values, env, shard) => {
    expect(shardIn(values, env)).toEqual(shard)
  })

  test.each([
    ['--shards without an index', { shards: 4 }, {}, /nothing says which this is/, /--shard I\/4/],
    ['an index without --shards', {}, KUBERNETES, /nothing says of how many/, /--shards N/],
    ['half of AWS Batch', {}, { AWS_BATCH_JOB_ARRAY_INDEX: '2' }, /_SIZE is not/, /--shard I\/N/],
    ['the other half', {}, { AWS_BATCH_JOB_ARRAY_SIZE: '4' }, /_INDEX is not/, /--shard I\/N/],
    [
      'an index beyond --shards',
      { shards: 4 },
      { JOB_COMPLETION_INDEX: '4' },
      /from 0 to 3, got "4"/,
      /^$/,
    ],
    ['an index that is none', { shards: 4 }, { JOB_COMPLETION_INDEX: 'x' }, /from 0 to 3/, /^$/],
    [
      'a size that is none',
      {},
      { ...BATCH, AWS_BATCH_JOB_ARRAY_SIZE: '0' },
      /of? ?.*from 1 to/,
      /^$/,
    ],
  ] as const)('of %s is refused with what to write', (_, values, env, message, hint) => {
    const refused = (() => {
      try {
        return shardIn(values, env)
      } catch (error) {
        return error
      }
    })()
    expect(refused).toMatchObject({ exit: 2, message: expect.stringMatching(message) as string })
    expect((refused as { hint?: string }).hint ?? '').toMatch(hint)
  })
})

describe('the command', () => {
  const call = async (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    command([...argv, '--data-dir', await tempDir()], { env })

  test.each(['0/4', '5/4', 'a/b', '1', '1/0', '-1/4'])('--shard %s is refused', async (text) => {
    const { exit, stderr } = await call(['status', `--shard=${text}`])
    expect([exit, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: --shard: expected I\/N with 1 <= I <= N, such as 1\/4/),
    ])
  })

  test('--shard and --shards exclude each other', async () => {
    const { exit, stderr } = await call(['status', '--shard', '1/4', '--shards', '4'])
    expect([exit, stderr]).toEqual([2, expect.stringMatching(/exclude each other/)])
  })

  test('says which shard it tells of', async () => {
    const dataDir = await tempDir()
    await mkdir(join(dataDir, 'spot'))
    const status = ['status', '--data-dir', dataDir]
    const { exit, stdout } = await command([...status, '--json'], { env: BATCH })
    expect([exit, JSON.parse(stdout)]).toEqual([0, { series: [], shard: '3/4' }])
    expect((await command([...status, '--shard', '3/4'])).stdout).toMatch(
      /\nShard 3 of 4: the other/,
    )
    expect((await command(status)).stdout).not.toContain('hard')
  })

  test('of what is not about series takes no heed of where it runs', async () => {
    const { exit, stderr } = await call(['history'], KUBERNETES)
    expect([exit, stderr]).toEqual([2, expect.not.stringContaining('JOB_COMPLETION_INDEX')])
    expect((await call(['status'], KUBERNETES)).exit).toBe(2)
  })
})

test('the summary names its shard, also when nothing fell to it', () => {
  const summary: Summary = {
    ...{
      kind: 'summary',
      complete: true,
      rows: 0,
      requests: 1,
      weight: 1,
      partitions: 0,
      bytes: 0,
    },
    ...{ rewritten: { partitions: 0, rows: 0, bytes: 0 }, seconds: 1, series: [], exit: 0 },
    shard: { index: 7, count: 8 },
  }
  expect(summaryText(summary, createColors(false))).toBe(
    'Complete: no series is asked for.\nNothing had to be fetched.\nShard 7 of 8: the other series fall to the others.\n',
  )
  expect(shardLine({ index: 1, count: 1 })).toBe('Shard 1 of 1: all series.\n')
})
