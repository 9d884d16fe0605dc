import { expect, onTestFinished, test, vi } from 'vitest'
import { sql, type Fetch } from '../../src/query/sql.ts'
import { listSeries } from '../../src/store/lake.ts'
import { calmRun } from '../support/chaos.ts'
import { runAt, WHOLE } from '../support/cloud-faults.ts'
import { lakeIn } from '../support/cloud.ts'
import { tempDir } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { put } from '../support/put.ts'
import { startS3 } from '../support/s3-server.ts'

test('SQL fetches the files of what a query names, once for each version', async () => {
  const store = await startS3()
  onTestFinished(() => store.close())
  vi.stubEnv('AWS_ENDPOINT_URL_S3', store.url)
  vi.stubEnv('XDG_CACHE_HOME', await tempDir())
  onTestFinished(() => void vi.unstubAllEnvs())
  const fetched: Fetch[] = []
  const count = async (): Promise<unknown> => {
    const options = { dataDir: 's3://lake/z', onFetch: (fetch: Fetch) => void fetched.push(fetch) }
    const answer = await sql('SELECT count(*) FROM klines', options)
    try {
      for await (const rows of answer.rows()) return Number(rows[0]?.[0])
    } finally {
      answer.close()
    }
    return undefined
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
