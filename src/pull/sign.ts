/**
 * Signs requests: the percent-encoded query with the server's time, by HMAC-SHA256, RSA (PKCS#1 v1.5, SHA-256) or
 * Ed25519.
 *
 * @see binance-spot-api-docs, rest-api.md, "SIGNED Endpoint security": the payload is percent-encoded before signing
 * (since 2026-01-15 anything else is -1022), base64 signatures are percent-encoded afterwards.
 */

import { createHmac, createPrivateKey, sign as signBytes } from 'node:crypto'
import { UsageError } from '../base/errors.ts'
import type { Credentials } from '../base/secret.ts'
import type { Sign } from './gateway.ts'

/** How long after its timestamp a request is valid; Binance recommends no more. */
const RECV_WINDOW_MS = 5_000
/** The maximum that Binance accepts. */
const RECV_WINDOW_MS_MAX = 60_000

/** The signature of a payload, as it goes into a query: hex, or percent-encoded base64. */
type Signature = (payload: string) => string

/** Returns the signing function for `credentials`; reads the key once. */
export function signatureOf({ kind, key }: Pick<Credentials, 'kind' | 'key'>): Signature {
  if (kind === 'hmac')
    return (payload) => createHmac('sha256', key.reveal()).update(payload).digest('hex')
  const privateKey = createPrivateKey(key.reveal())
  // Ed25519 hashes by itself; naming a digest is an error.
  const digest = kind === 'rsa' ? 'sha256' : null
  return (payload) =>
    encodeURIComponent(signBytes(digest, Buffer.from(payload), privateKey).toString('base64'))
}

/**
 * Signs with `credentials`: adds `recvWindow`, `timestamp` and `signature` to a query, and the API key as a
 * header.
 *
 * @param recvWindowMs - Above 0 and at most 60,000; up to three decimals count.
 * @param unit - That of the timestamp; futures take milliseconds alone.
 * @throws UsageError when `recvWindowMs` is out of range.
 */
export function signer(
  credentials: Credentials,
  recvWindowMs: number = RECV_WINDOW_MS,
  unit: 'us' | 'ms' = 'us',
): Sign {
  if (!(recvWindowMs > 0 && recvWindowMs <= RECV_WINDOW_MS_MAX))
    throw new UsageError(`recvWindow must be above 0 and at most 60000 ms, not ${recvWindowMs}`)
  const signature = signatureOf(credentials)
  const recvWindow = String(Math.round(recvWindowMs * 1_000) / 1_000)
  return (query, now) => {
    const timing = `recvWindow=${recvWindow}&timestamp=${unit === 'us' ? now : now / 1_000n}`
    const payload = query === '' ? timing : `${query}&${timing}`
    return {
      query: `${payload}&signature=${signature(payload)}`,
      headers: { 'x-mbx-apikey': credentials.apiKey.reveal() },
    }
  }
}
