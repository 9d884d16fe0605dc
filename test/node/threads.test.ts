/** Real threads: what they send comes in order and whole, they wait for their reader, and none goes on unseen. */

import { join } from 'node:path'
import { build } from 'rolldown'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { ArchiveError, ThreadError } from '../../src/base/errors.ts'
import { AHEAD_BYTES } from '../../src/node/thread-work.ts'
import { ThreadPool } from '../../src/node/threads.ts'
import type { PiecesJob } from '../support/thread-works.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'binance-backfill-'))
  await build({
    input: join(import.meta.dirname, '../support/thread-works.ts'),
    platform: 'node',
    external: /^node:/,
    output: { dir: directory, format: 'esm', entryFileNames: 'works.mjs' },
  })
  return () => rm(directory, { recursive: true, force: true })
})

function openPool(count: number): ThreadPool {
  const pool = new ThreadPool(join(directory, 'works.mjs'), count)
  onTestFinished(() => pool.close())
  return pool
}

function jobOf(pieces: number, bytes: number): PiecesJob {
  return { pieces, bytes, sent: new SharedArrayBuffer(4) }
}

function sentBy({ sent }: PiecesJob): number {
  return Atomics.load(new Int32Array(sent), 0)
}

async function all(sent: AsyncIterable<object>): Promise<object[]> {
  const found: object[] = []
  for await (const one of sent) found.push(one)
  return found
}

test('pieces come in order, with their arrays', async () => {
  const pool = openPool(2)
  const jobs = Array.from({ length: 5 }, () => jobOf(20, 3))
  const found = await Promise.all(jobs.map((job) => all(pool.run('pieces', job))))
  const wanted = Array.from({ length: 20 }, (_, piece) => ({
    piece,
    nested: [{ bytes: Buffer.alloc(3, piece) }],
    ids: new BigInt64Array([BigInt(piece)]),
  }))
  for (const one of found) expect(one).toEqual(wanted)
})

test('a thread waits for its reader, and goes on when there is room', async () => {
  const pool = openPool(1)
  const bytes = 1 << 20
  const job = jobOf(100, bytes)
  const ahead = AHEAD_BYTES / bytes + 1
  let read = 0
  for await (const piece of pool.run('pieces', job)) {
    expect(piece).toMatchObject({ piece: read })
    read += 1
    expect((sentBy(job) % 1_000) - read).toBeLessThanOrEqual(ahead)
  }
  expect(read).toBe(100)
  expect(sentBy(job)).toBe(1_100)
})

test('a reader that stops is told that nobody works on it any more', async () => {
  const pool = openPool(1)
  const job = jobOf(1_000, 1 << 20)
  for await (const piece of pool.run('pieces', job)) {
    expect(piece).toMatchObject({ piece: 0 })
    break
  }
  // The work has ended, long before its last piece.
  expect(sentBy(job)).toBeGreaterThan(1_000)
  expect(sentBy(job)).toBeLessThan(1_100)
  expect(await all(pool.run('pieces', jobOf(2, 1)))).toHaveLength(2)
})

test('an error comes as what it was', async () => {
  const pool = openPool(1)
  const thrown = await all(pool.run('refuses', {})).catch((error: unknown) => error)
  expect(thrown).toBeInstanceOf(ArchiveError)
  expect(thrown).toMatchObject({ problem: 'csv', path: 'a/b.zip', message: 'a/b.zip: not a row' })
  await expect(all(pool.run('juggles', {}))).rejects.toThrow('no thread does juggles')
})

test('a thread that dies is an error, not a wait without end; the others and the next go on', async () => {
  const pool = openPool(2)
  const [died, done] = await Promise.allSettled([
    all(pool.run('dies', {})),
    all(pool.run('pieces', jobOf(50, 10))),
  ])
  expect(died.status === 'rejected' && died.reason).toBeInstanceOf(ThreadError)
  expect(done.status).toBe('fulfilled')
  expect(await all(pool.run('pieces', jobOf(2, 1)))).toHaveLength(2)
})
