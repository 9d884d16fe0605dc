/** A web server of this machine that only answers: GET and HEAD, one function from a request to an answer. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIP, type AddressInfo } from 'node:net'
import { UsageError } from '../base/errors.ts'

/** One request, as far as an answer may depend on it. */
export type WebRequest = {
  /** The `Host` header; empty when there is none. */
  readonly host: string
  readonly path: string
  readonly query: URLSearchParams
  /** The version that the client has already. */
  readonly knownVersion: string | undefined
  /** Aborted when the client leaves before it has the answer, and when the server closes. */
  readonly signal: AbortSignal
}

/** One answer. */
export type WebAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A server that listens. */
export type WebServer = {
  /** Where a browser on this machine finds it. */
  readonly url: string
  readonly port: number
  /** Stops listening, and ends what is still open. */
  close(): Promise<void>
}

/** How long a client may take to send its request. */
const REQUEST_MS = 10_000

/**
 * Listens on `host` and `port`; port 0 takes a free one.
 *
 * @param answer - Never rejects.
 * @throws UsageError when the address cannot be listened on.
 */
export async function startWebServer(
  { host, port }: { readonly host: string; readonly port: number },
  answer: (request: WebRequest) => Promise<WebAnswer>,
): Promise<WebServer> {
  const closing = new AbortController()
  const server = createServer((request, response) => {
    void respond(request, response, answer, closing.signal)
  })
  server.requestTimeout = REQUEST_MS
  server.headersTimeout = REQUEST_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(refusal(error, host, port))
    })
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://${nameOf(host)}:${bound}/`,
    port: bound,
    close: async () => {
      closing.abort()
      const closed = new Promise<void>((resolve) =>
        server.close(() => {
          resolve()
        }),
      )
      server.closeAllConnections()
      await closed
    },
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: WebRequest) => Promise<WebAnswer>,
  closing: AbortSignal,
): Promise<void> {
  const left = new AbortController()
  response.on('close', () => {
    left.abort()
  })
  // A client that goes away is no failure of ours.
  response.on('error', () => {
    left.abort()
  })
  // A body is not read; what sends one is cut off after the answer.
  const hasBody = (request.headers['content-length'] ?? '0') !== '0'
  const { method = '' } = request
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD', connection: 'close' }).end()
    return
  }
  const { pathname, searchParams } = targetOf(request.url ?? '/')
  const { status, headers, body } = await answer({
    host: request.headers.host ?? '',
    path: pathname,
    query: searchParams,
    knownVersion: request.headers['if-none-match'],
    signal: AbortSignal.any([left.signal, closing]),
  })
  if (response.destroyed) return
  response.writeHead(status, {
    ...headers,
    ...(status === 304 ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...(hasBody ? { connection: 'close' } : {}),
  })
  response.end(method === 'HEAD' ? undefined : body)
}

/** Whatever a client writes as its target is a path here, never another place. */
function targetOf(target: string): URL {
  try {
    return new URL(target.startsWith('/') ? `http://lake${target.replace(/^\/+/, '/')}` : target)
  } catch {
    return new URL('http://lake/%00')
  }
}

/** How a URL names the host; a wildcard is reached through the loopback. */
function nameOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return isIP(host) === 6 ? `[${host}]` : host
}

const REFUSALS: Readonly<
  Record<string, (host: string, port: number) => readonly [string, string]>
> = {
  EADDRINUSE: (_, port) => [`port ${port} is taken`, 'Take another, or 0 for any free one.'],
  EACCES: (_, port) => [
    `port ${port} is not allowed`,
    'Take one above 1023, or 0 for any free one.',
  ],
  EADDRNOTAVAIL: (host) => [
    `${host} is not an address of this machine`,
    'Leave --host out for 127.0.0.1.',
  ],
  ENOTFOUND: (host) => [`there is no host ${host}`, 'Leave --host out for 127.0.0.1.'],
  EAI_AGAIN: (host) => [`there is no host ${host}`, 'Leave --host out for 127.0.0.1.'],
}

function refusal(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const words = REFUSALS[error.code ?? '']?.(host, port)
  if (words === undefined) return error
  const [message, hint] = words
  return new UsageError(message, { hint, cause: error })
}
