/** Why no whole answer came, as {@link TransportError}: words without secrets, and whether another try may help. */

import { TransportError } from '../base/errors.ts'
import { quoteText } from '../base/text.ts'

// A wrong certificate, an impossible URL or a proxy's refusal stays what it is.
const PERMANENT =
  /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|ERR_INVALID_URL|UND_ERR_INVALID_ARG|UND_ERR_PRX_TLS)/

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection ended before the whole answer came',
}

/** Codes of a connection that ended; before any byte of an answer this may be an idle connection's natural end. */
const ENDED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'ECONNABORTED'])

/** Did the connection end, as opposed to never having begun, or timing out? */
export function isConnectionEnd(error: unknown): boolean {
  return ENDED.has(codeOf(error))
}

/**
 * The error for a request that failed.
 *
 * @param where - origin and path; never the query, which may hold a signature.
 */
export function toTransportError(error: unknown, where: string): TransportError {
  if (error instanceof TransportError) return error
  const code = codeOf(error)
  const isTransient = !PERMANENT.test(code) && !isProxyRefusal(error)
  const why = WORDS[code] ?? messageOf(error)
  return new TransportError(`GET ${where}: ${why}${code === '' ? '' : ` (${code})`}`, {
    cause: error,
    isTransient,
  })
}

/** Several addresses were tried and each failed: the first tells. */
function codeOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
  const code: unknown = error instanceof Error ? (error as { code?: unknown }).code : undefined
  if (typeof code === 'string') return code
  return first === undefined ? '' : codeOf(first)
}

function isProxyRefusal(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Proxy response (407)')
}

function messageOf(error: unknown): string {
  return quoteText(error instanceof Error ? error.message : String(error))
}
