/**
 * Authenticates a signed request as Binance does: API key, time and signature.
 *
 * @see binance-spot-api-docs, rest-api.md, "Request Security" and "Timing security"; errors.md.
 */

import { createHmac, timingSafeEqual, verify } from 'node:crypto'
import type { AccountOptions } from './account-rows.ts'
import { readTime, Refusal, type Parameters } from './query.ts'

/** A signed request. */
type SignedRequest = {
  readonly parameters: Parameters
  /** Raw, as signed. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  /** The server's time in µs. */
  readonly now: number
}

const RECV_WINDOW_MS = 5_000
const RECV_WINDOW_MS_MAX = 60_000
const AHEAD_MAX = 1_000_000
const UNAUTHORIZED = 401

/** The account that signed `request`. @throws Refusal -1021, -1022, -1131, -2014 or -2015. */
export function authenticate(
  request: SignedRequest,
  accounts: readonly AccountOptions[],
): AccountOptions {
  const apiKey = request.headers['x-mbx-apikey']
  if (apiKey === undefined || !/^[A-Za-z0-9]{1,128}$/.test(apiKey))
    throw new Refusal(-2014, 'API-key format invalid.', UNAUTHORIZED)
  const account = accounts.find((one) => one.apiKey === apiKey)
  if (account === undefined || account.mayRead === false) {
    const text = 'Invalid API-key, IP, or permissions for action.'
    throw new Refusal(-2015, text, UNAUTHORIZED)
  }
  checkTime(request)
  if (isSigned(request, account)) return account
  throw new Refusal(-1022, 'Signature for this request is not valid.')
}

function checkTime({ parameters, now }: SignedRequest): void {
  const time = readTime(parameters, 'timestamp')?.time ?? 0
  const text = parameters.get('recvWindow') ?? String(RECV_WINDOW_MS)
  if (!/^\d+(\.\d{1,3})?$/.test(text))
    throw new Refusal(-1100, 'Illegal characters found in a parameter.')
  const recvWindow = Number(text)
  if (recvWindow > RECV_WINDOW_MS_MAX)
    throw new Refusal(-1131, "'recvWindow' must be less than '60000'.")
  if (time >= now + AHEAD_MAX)
    throw new Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
  if (now - time > recvWindow * 1_000)
    throw new Refusal(-1021, 'Timestamp for this request is outside of the recvWindow.')
}

function isSigned({ query, parameters }: SignedRequest, { key }: AccountOptions): boolean {
  const payload = query
    .split('&')
    .filter((part) => !part.startsWith('signature='))
    .join('&')
  const signature = parameters.get('signature') ?? ''
  if (key.kind === 'hmac') {
    const expected = createHmac('sha256', key.secret).update(payload).digest()
    // Case does not matter: it is hex.
    const given = Buffer.from(signature, 'hex')
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
  const digest = key.kind === 'rsa' ? 'sha256' : null
  // A + that was not percent-encoded arrives as a space and invalidates the signature, as it should.
  return verify(digest, Buffer.from(payload), key.publicKey, Buffer.from(signature, 'base64'))
}
