/** Where this user's programs keep what they can get again. */

import { homedir } from 'node:os'
import { join } from 'node:path'
import { hashOfBytes } from '../base/hash.ts'
import { environment } from './environment.ts'

const NAME_LENGTH = 16

/** A directory for copies of what lies at `place`, in the user's cache. */
export function cacheDirectory(place: string): string {
  const local = process.platform === 'win32' ? environment('LOCALAPPDATA') : undefined
  const root = environment('XDG_CACHE_HOME') ?? local ?? join(homedir(), '.cache')
  const endpoint = environment('AWS_ENDPOINT_URL_S3') ?? environment('AWS_ENDPOINT_URL') ?? ''
  const name = hashOfBytes(new TextEncoder().encode(`${endpoint} ${place}`)).slice(0, NAME_LENGTH)
  return join(root, 'binance-backfill', name)
}
