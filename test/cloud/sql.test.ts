import { expect, onTestFinished, test, vi } from 'vitest'
import type { Files } from '../../src/base/ports.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { sql, type Fetch, type SqlOptions } from '../../src/query/sql.ts'
import { listSeries } from '../../src/store/lake.ts'
import { calmRun } from '../support/chaos.ts'
import { runAt, WHOLE } from '../support/cloud-faults.ts'
import { lakeIn } from '../support/cloud.ts'
import { tempDir } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { put } from '../support/put.ts'
import { startS3, type S3Server } from '../support/s3-server.ts'
import { lakeOf } from '../support/virtual.ts'

/** A store that the environment names, and a cache of its own. */
async function newStore(): Promise<S3Server> {
  const store = await startS3()
  vi.stubEnv('AWS_ENDPOINT_URL_S3', store.url)
  vi.stubEnv('XDG_CACHE_HOME', await tempDir())
  onTestFinished(async () => {
    vi.unstubAllEnvs()
    await store.close()
  })
  return store
}

async function answerOf(query: string, options: SqlOptions): Promise<readonly unknown[][]> {
  const answer = await sql(query, options)
  const all: unknown[][] = [answer.columns.map(({ name, type }) => `${name} ${type}`)]
  try {
    for await (const rows of answer.rows()) all.push(...rows.map((row) => [...row]))
  } finally {
    answer.close()
  }
  return all
}

test('SQL fetches the files of what a query names, once for each version', async () => {
  const store = await newStore()
  const fetched: Fetch[] = []
  const count = async (): Promise<unknown> => {
    const options = { dataDir: 's3://lake/z', onFetch: (fetch: Fetch) => void fetched.push(fetch) }
    return Number((await answerOf('SELECT count(*) FROM klines', options))[1]?.[0])
  }
  const lake = lakeIn(store, { prefix: 'z/' })
  expect(await runAt(WHOLE, lake)).toMatchObject({ exit: 0 })
  expect([await count(), await count()]).toEqual([36, 36])
  expect(fetched.map(({ files }) => files)).toEqual([2])
  await lake.remove('spot/klines/interval=1h/symbol=BTCUSDT/period=2026-03-02/data.parquet')
  expect([await count(), fetched.length]).toEqual([24, 1])
  await expect(
    sql('FROM klines', { dataDir: 's3://lake/z', cacheMaxBytes: 10 }),
  ).rejects.toMatchObject({ exit: 2 })
  // Where none is left, no copy may speak for one.
  await lake.remove('spot/klines/interval=1h/symbol=BTCUSDT/period=2026-03-01/data.parquet')
  await expect(count()).rejects.toMatchObject({ code: 'E_STORE_IO' })
})

test('a file that is replaced while it is fetched is fetched again', async () => {
  const store = await newStore()
  // Minutes, so that a file is longer than what is read of its end.
  const minutes = WHOLE.replace('[1h]', '[1m]').replace('partition: day', 'partition: month')
  const lake = (door: S3Server): Files => lakeIn(door, { prefix: 'z/' })
  expect(await runAt(minutes, lake(store))).toMatchObject({ exit: 0 })
  const writer = await startS3(['lake'], {}, store.objects)
  onTestFinished(() => writer.close())
  let reads = 0
  store.behaviour = {
    fault: async ({ kind, key }) => {
      if (kind !== 'get' || !key.endsWith('.parquet') || ++reads !== 2) return undefined
      const more = minutes.replace('2026-03-02T12', '2026-03-02T13')
      expect(await runAt(more, lake(writer))).toMatchObject({ exit: 0 })
      return undefined
    },
  }
  const [, [count] = []] = await answerOf('SELECT count(*) FROM klines', {
    dataDir: 's3://lake/z',
  })
  expect(reads).toBeGreaterThan(2)
  expect(Number(count)).toBe(37 * 60)
})

test('DuckDB reads a bucket value for value as it reads a disk: by the cache, and downloaded', async () => {
  const store = await newStore()
  const lake = lakeIn(store, { prefix: 'z/' })
  const [disk, downloaded] = [await tempDir(), await tempDir()]
  for (const files of [lake, nodeFiles(disk)])
    expect(await runAt(WHOLE, files)).toMatchObject({ exit: 0 })
  for (const [path, bytes] of Object.entries(await lakeOf(lake)))
    await put(nodeFiles(downloaded), path, bytes)
  const query = 'SELECT * FROM klines ORDER BY ALL'
  const told = await answerOf(query, { dataDir: disk })
  expect(told).toHaveLength(1 + 36)
  for (const dataDir of ['s3://lake/z', downloaded])
    expect(await answerOf(query, { dataDir })).toEqual(told)
})

test('a flat listing tells the same series in the same order as directories do', async () => {
  const { lake } = await calmRun()
  const store = await startS3()
  onTestFinished(() => store.close())
  const [flat, deep] = [lakeIn(store, { probe: async () => undefined }), memFiles()]
  for (const [path, bytes] of Object.entries(lake))
    for (const files of [flat, deep]) await put(files, path, bytes)
  expect(await listSeries(flat)).toEqual(await listSeries(deep))
})
