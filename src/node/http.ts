/**
 * HTTP of this machine as the {@link Http} port, on undici. A body counts only when it was read to its declared end;
 * nothing is followed, nothing is retried, save once where an idle connection turned out to be closed.
 */

import type { Dispatcher } from 'undici'
import { TransportError } from '../base/errors.ts'
import type { Http, HttpAnswer, HttpRequest, HttpStream } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { startDeadline, type Deadline } from './deadline.ts'
import { openAgents, type Agents, type HttpOptions } from './http-agents.ts'
import { bodyHead, countChunks, decodeBody, readBody, type BodyHead } from './http-body.ts'
import { isConnectionEnd, toTransportError } from './http-error.ts'

export type { HttpOptions } from './http-agents.ts'

/**
 * HTTP/1.1 over kept-alive connections.
 *
 * @throws UsageError when a proxy variable of the environment is not a URL.
 */
export function nodeHttp(options: HttpOptions = {}): Http {
  const agents = openAgents(options)
  const { silenceMs = 30_000, userAgent } = options
  const named = (request: HttpRequest): HttpRequest =>
    userAgent === undefined
      ? request
      : { ...request, headers: { 'user-agent': userAgent, ...request.headers } }
  return {
    get: (request) => get(agents, named(request)),
    stream: (request) => stream(agents, named(request), silenceMs),
    close: () => agents.close(),
  }
}

async function get(agents: Agents, request: HttpRequest): Promise<HttpAnswer> {
  const target = parseTarget(request.url)
  request.signal?.throwIfAborted()
  const deadline = startDeadline(target.where, request.timeoutMs, request.signal)
  try {
    const answer = await send(agents, target, { 'accept-encoding': 'gzip' }, request, deadline)
    try {
      const raw = await readBody(answer.body, answer.head)
      const body = await decodeBody(raw, contentCoding(answer, raw), answer.head)
      deadline.signal.throwIfAborted()
      return { status: answer.status, header: answer.header, body }
    } finally {
      answer.end()
    }
  } catch (error) {
    throw explain(error, target, deadline)
  } finally {
    deadline.clear()
  }
}

// A status without a body may still tell how its body would be coded.
function contentCoding({ status, header }: Answer, body: Uint8Array): string | undefined {
  const hasNoBody = body.byteLength === 0 && (status === 204 || status === 304)
  return hasNoBody ? undefined : header('content-encoding')
}

async function stream(
  agents: Agents,
  request: HttpRequest,
  silenceMs: number,
): Promise<HttpStream> {
  const target = parseTarget(request.url)
  request.signal?.throwIfAborted()
  const deadline = startDeadline(target.where, request.timeoutMs, request.signal, silenceMs)
  try {
    const answer = await send(agents, target, { 'accept-encoding': 'identity' }, request, deadline)
    deadline.pause()
    const { status, header } = answer
    return { status, header, chunks: streamChunks(answer, target, deadline) }
  } catch (error) {
    deadline.clear()
    throw explain(error, target, deadline)
  }
}

async function* streamChunks(
  answer: Answer,
  target: Target,
  deadline: Deadline,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    deadline.listen()
    for await (const chunk of countChunks(answer.body, answer.head)) {
      // The reader's own time is not the server's silence.
      deadline.pause()
      yield chunk
      deadline.listen()
    }
  } catch (error) {
    throw explain(error, target, deadline)
  } finally {
    deadline.clear()
    answer.end()
  }
}

type Target = { readonly url: URL; readonly where: string }

// The URL itself is in no message and in no cause: its query may hold a signature.
function parseTarget(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new TransportError('not a URL that can be asked', { isTransient: false })
  return { url, where: quoteText(`${url.origin}${url.pathname}`) }
}

type Answer = {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: AsyncIterable<Uint8Array>
  readonly head: BodyHead
  /** Gives the connection back, or closes it when the body was not read to its end. */
  end(): void
}

// eslint-disable-next-line max-params -- the parts of one request
async function send(
  agents: Agents,
  { url, where }: Target,
  coding: Readonly<Record<string, string>>,
  request: HttpRequest,
  { signal }: Deadline,
): Promise<Answer> {
  const { data, fresh } = await dispatch(agents, url, {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: 'GET',
    headers: { ...coding, ...request.headers },
    signal,
  })
  const { body, headers } = data
  // An abort after the reader left must not become an unhandled event.
  body.on('error', () => undefined)
  const header = (name: string): string | undefined => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  const end = (): void => {
    if (!body.readableEnded) body.destroy()
    void fresh?.destroy()
  }
  try {
    const head = bodyHead(where, header('content-length'), request.sizeBytesMax)
    return { status: data.statusCode, header, body, head, end }
  } catch (error) {
    end()
    throw error
  }
}

type Sent = {
  readonly data: Dispatcher.ResponseData
  /** The connection opened for this request alone. */
  readonly fresh?: Dispatcher
}

/**
 * A server may close an idle connection at the very moment that it is used again. No byte of an answer came and a GET
 * changes nothing, so it is sent once more, at once, over a connection of its own.
 */
async function dispatch(
  agents: Agents,
  url: URL,
  options: Dispatcher.RequestOptions,
): Promise<Sent> {
  try {
    return { data: await (await agents.shared(url)).request(options) }
  } catch (error) {
    if (!isConnectionEnd(error) || isFirstUse(error)) throw error
    const fresh = await agents.fresh(url)
    if (fresh === undefined) return { data: await (await agents.shared(url)).request(options) }
    try {
      return { data: await fresh.request(options), fresh }
    } catch (second) {
      void fresh.destroy()
      throw second
    }
  }
}

// Nothing was ever read from this connection, so it was not idle: the server does not answer.
function isFirstUse(error: unknown): boolean {
  const { socket } = error as { socket?: { bytesRead?: number } | null }
  return socket?.bytesRead === 0
}

/** The reason of an abort before its echo; everything else as a TransportError. */
function explain(error: unknown, { where }: Target, { signal }: Deadline): unknown {
  return signal.aborted ? signal.reason : toTransportError(error, where)
}
