import { afterAll, beforeAll } from 'vitest'
import { filesContract } from '../node/files.suite.ts'
import { lakeIn } from '../support/cloud.ts'
import { startS3, type S3Server } from '../support/s3-server.ts'

let store: S3Server
let lakes = 0
beforeAll(async () => {
  store = await startS3()
})
afterAll(() => store.close())

const FLAT = { hasDirectories: false }
filesContract(
  'in a bucket',
  async () => lakeIn(store, { prefix: `lake-${++lakes}/`, probe: async () => undefined }),
  FLAT,
)
