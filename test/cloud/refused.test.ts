/** What is wrong from the beginning: said in words, exit 2, and nothing written. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { connect } from '../../src/cloud/sdk.ts'
import { runAt, WHOLE } from '../support/cloud-faults.ts'
import { lakeIn } from '../support/cloud.ts'
import { startS3, type S3Server } from '../support/s3-server.ts'

let store: S3Server
beforeEach(async () => {
  store = await startS3()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await store.close()
})

function putAside(path: string, text: string): void {
  const bytes = Buffer.from(text)
  store.objects.set(`lake/a/b/${path}`, { bytes, etag: 'e', meta: {} })
}

test('no credentials', async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined)
  for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE'])
    vi.stubEnv(name, '/nowhere')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  const env = { AWS_ENDPOINT_URL_S3: store.url, AWS_DEFAULT_REGION: 'eu-central-1' }
  const { exit, error } = await runAt(WHOLE, lakeIn(store, { connect: () => connect('lake', env) }))
  expect([exit, String(error)]).toEqual([
    2,
    expect.stringContaining('no credentials for the bucket "lake"'),
  ])
  expect(store.log).toEqual([])
})

test.each<[string, RegExp, () => { readonly bucket?: string }]>([
  ['a bucket that is not there', /there is no bucket "elsewhere"/, () => ({ bucket: 'elsewhere' })],
  [
    'a bucket of another region',
    /the bucket "lake" is in another region/,
    () => {
      store.behaviour = { fault: () => ({ status: 301, code: 'PermanentRedirect' }) }
      return {}
    },
  ],
  [
    'no right to read',
    /refuses what is asked of the bucket "lake" \(AccessDenied\)/,
    () => {
      store.behaviour = { fault: () => ({ status: 403, code: 'AccessDenied' }) }
      return {}
    },
  ],
  [
    'no right to write',
    /refuses what is asked of the bucket "lake" \(AccessDenied\)/,
    () => {
      store.behaviour = {
        fault: ({ kind }) => (kind === 'put' ? { status: 403, code: 'AccessDenied' } : undefined),
      }
      return {}
    },
  ],
  [
    'a prefix that holds other things',
    /not a lake: it holds "photos"/,
    () => {
      putAside('photos/1.jpg', 'x')
      return {}
    },
  ],
  [
    'a lake of a later version',
    /format 99, newer than/,
    () => {
      putAside('_lake.json', '{"format":99}')
      return {}
    },
  ],
])('%s', async (_, words, prepared) => {
  const options = prepared()
  const before = new Map(store.objects)
  const { exit, error } = await runAt(WHOLE, lakeIn(store, options))
  expect([exit, String(error)]).toEqual([2, expect.stringMatching(words)])
  expect(store.objects).toEqual(before)
})
