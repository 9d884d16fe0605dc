/** The AWS SDK, loaded when a bucket is first used: an optional package, and slow to load. */

import type { S3, S3ClientConfig } from '@aws-sdk/client-s3'
import { UsageError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'

/** What is done with the SDK. */
export type Client = Pick<
  S3,
  'getObject' | 'headObject' | 'putObject' | 'deleteObject' | 'listObjectsV2' | 'destroy'
>

const INSTALL = 'npm install @aws-sdk/client-s3'
/** Where neither the environment nor a profile names a region, and the store is not of AWS. */
const ANY_REGION = 'us-east-1'
/** A store that sends nothing for so long is taken for gone. */
const SILENCE_MS = 30_000
const CONNECTION_MS = 10_000
const SOCKETS = 64

const nothing = (): void => undefined
/** What it says of requests that fail is told by whoever asked, in words of this project. */
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing }

/** The SDK's client, by its own default chain of credentials and regions. @throws UsageError where it is not installed */
export async function connect(
  bucket: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Client> {
  // It warns on stderr that some day it will need a later Node.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  const sdk = await import('@aws-sdk/client-s3').catch((cause: unknown) => {
    throw new UsageError('a lake on object storage needs the AWS SDK, which is not installed', {
      cause,
      hint: `Install it with \`${INSTALL}\`.`,
    })
  })
  const endpoint = env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL']
  const config: S3ClientConfig = {
    // Its own tries would take the answer to a lost answer for a refusal.
    maxAttempts: 1,
    logger: SILENT,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECTION_MS,
      socketTimeout: SILENCE_MS,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
    },
    ...(endpoint === undefined ? {} : { endpoint: checkedUrl(endpoint), forcePathStyle: true }),
  }
  const client = new sdk.S3(config)
  if (await hasRegion(client)) return client
  const region = env['AWS_DEFAULT_REGION'] ?? (endpoint === undefined ? undefined : ANY_REGION)
  if (region === undefined)
    throw new UsageError(`no region is set for the bucket "${quoteText(bucket)}"`, {
      hint: 'Set AWS_REGION to the region of the bucket.',
    })
  client.destroy()
  return new sdk.S3({ ...config, region })
}

function checkedUrl(endpoint: string): string {
  if (URL.canParse(endpoint) && /^https?:/.test(endpoint)) return endpoint
  throw new UsageError('AWS_ENDPOINT_URL_S3 is not a URL of http or https')
}

async function hasRegion({ config }: S3): Promise<boolean> {
  try {
    await config.region()
    return true
  } catch {
    return false
  }
}
