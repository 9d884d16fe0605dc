import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesContract } from '../node/files.suite.ts'
import { lakeIn } from '../support/cloud.ts'
import { put } from '../support/put.ts'
import { startS3, type S3Fault, type S3Server } from '../support/s3-server.ts'

let store: S3Server
let lakes = 0
beforeAll(async () => {
  store = await startS3()
})
afterAll(() => store.close())

const UNTRIED = { probe: async (): Promise<void> => undefined }
const FLAT = { hasDirectories: false }
filesContract(
  'in a bucket',
  async () => lakeIn(store, { prefix: `lake-${++lakes}/`, ...UNTRIED }),
  FLAT,
)

const page = (inner: string): S3Fault => ({
  page: `<?xml version="1.0"?><ListBucketResult>${inner}</ListBucketResult>`,
})

test.each<[string, S3Fault]>([
  ['a page that is not found', { status: 404, code: 'NoSuchKey' }],
  ['a page of something else', { page: '<html><body>Sign in</body></html>' }],
  ['a page that says not whether it is the last', page('')],
  ['a page that is not the last, and names no next', page('<IsTruncated>true</IsTruncated>')],
  [
    'a page that names itself the next, for ever',
    page('<IsTruncated>true</IsTruncated><NextContinuationToken>a</NextContinuationToken>'),
  ],
  [
    'a page of other names',
    page(
      '<IsTruncated>false</IsTruncated><Contents><Key>else</Key><Size>1</Size><ETag>"a"</ETag></Contents>',
    ),
  ],
])('%s is no list, and no sign that nothing is there', async (_, fault) => {
  const files = lakeIn(store, { prefix: `lake-${++lakes}/`, ...UNTRIED })
  await put(files, 'spot/a', new Uint8Array(1))
  store.behaviour = { fault: ({ kind }) => (kind === 'list' ? fault : undefined) }
  try {
    await expect(files.list('spot')).rejects.toThrow(/"lake"|does not list spot/)
    await expect(files.tree?.('spot')).rejects.toThrow(/"lake"|does not list spot/)
  } finally {
    store.behaviour = {}
  }
  expect(await files.tree?.('spot')).toMatchObject([{ path: 'spot/a', sizeBytes: 1 }])
})
