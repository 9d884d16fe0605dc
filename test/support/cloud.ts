/** Lakes on the stand-in of an object store. */

import { s3Files, type CloudOptions } from '../../src/cloud/files.ts'
import { connect } from '../../src/cloud/sdk.ts'
import type { Files } from '../../src/base/ports.ts'
import type { S3Server } from './s3-server.ts'

// The chain of credentials looks at the process: any are good here.
process.env['AWS_ACCESS_KEY_ID'] ??= 'test'
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test'

/** Tries as often as in earnest, and waits for nothing. */
export const AT_ONCE: NonNullable<CloudOptions['patience']> = {
  tries: 8,
  pause: async () => undefined,
}

const clients = new Map<string, ReturnType<typeof connect>>()

function clientOf(url: string): ReturnType<typeof connect> {
  const env = { AWS_ENDPOINT_URL_S3: url, AWS_DEFAULT_REGION: 'eu-central-1' }
  const client = clients.get(url) ?? connect('lake', env)
  clients.set(url, client)
  return client
}

/** A lake in a store, by the same way as in earnest. */
export function lakeIn(
  { url }: Pick<S3Server, 'url'>,
  {
    bucket = 'lake',
    prefix = 'a/b/',
    ...options
  }: { bucket?: string; prefix?: string } & CloudOptions = {},
): Files {
  return s3Files(
    { bucket, prefix },
    {
      connect: () => clientOf(url),
      patience: AT_ONCE,
      ...options,
    },
  )
}
