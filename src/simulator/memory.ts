/** The exchange as an `Http` port, without sockets: the same model and the same faults, on any clock. */

import { TransportError } from '../base/errors.ts'
import type { Clock, Http, HttpAnswer, HttpRequest } from '../base/ports.ts'
import { cutAt, type TransportFault } from './fault.ts'
import type { Exchange, SimResponse } from './model.ts'

/** The clock functions that a client without sockets needs. */
type MemoryClock = Pick<Clock, 'now' | 'sleep'>

/** Options of the simulated connection. */
type MemoryOptions = {
  /** Time from the call to the answer; the request arrives after half of it. Default 0. */
  readonly latencyMs?: number
  /** The address whose limits apply. Default 127.0.0.1. */
  readonly ip?: string
}

/**
 * Passes requests to `exchange` directly. All hosts are the same, but fault rules can distinguish them. `stream`
 * returns the whole body as one chunk.
 */
export function inMemoryHttp(
  exchange: Exchange,
  clock: MemoryClock,
  options: MemoryOptions = {},
): Http {
  const get = async (request: HttpRequest): Promise<HttpAnswer> => {
    const { latencyMs = 0 } = options
    request.signal?.throwIfAborted()
    const wait = waiter(clock, request)
    await wait(latencyMs / 2)
    const response = exchange.handle(requestOf(request, options), clock.now())
    await wait(latencyMs / 2)
    const body = await carry(response, wait)
    if (body.length > request.sizeBytesMax) throw new TransportError('the body is too large')
    const { status, headers } = response
    return { status, header: (name) => headers[name], body }
  }
  return {
    get,
    stream: async (request) => {
      const { status, header, body } = await get(request)
      return { status, header, chunks: once(body) }
    },
    close: async () => undefined,
  }
}

function requestOf(
  { url, headers }: HttpRequest,
  { ip = '127.0.0.1' }: MemoryOptions,
): Parameters<Exchange['handle']>[0] {
  const { pathname, search, host } = new URL(url)
  // The port returns inflated bodies, so compressing them would be useless.
  const plain = { ...headers, 'accept-encoding': 'identity', host }
  return { path: pathname, query: search.slice(1), headers: plain, ip }
}

type Wait = (ms: number) => Promise<void>

/** Waits on the clock, never beyond the deadline of the request: then it throws. */
function waiter(clock: MemoryClock, { timeoutMs, signal }: HttpRequest): Wait {
  let leftMs = timeoutMs
  return async (ms) => {
    const isTooLong = ms > leftMs
    const waitMs = Math.min(ms, leftMs)
    leftMs -= waitMs
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    if (isTooLong) throw new TransportError('deadline exceeded')
  }
}

/** The body as a socket client would have received it, or the error that it would have thrown. */
async function carry({ body, transport }: SimResponse, wait: Wait): Promise<Uint8Array> {
  switch (transport?.kind) {
    case undefined:
    case 'closeAfter':
      return body
    case 'closeDelimitedCut':
      // Nothing on the wire shows that there should have been more.
      return body.slice(0, cutAt(body, transport.fraction))
    case 'reset':
      throw new TransportError('connection reset')
    case 'truncatedGzip':
      throw new TransportError('the compressed body ends too early')
    case 'wrongLength':
      return shortened(body, transport)
    case 'hang':
      await wait(Infinity)
      throw new TransportError('deadline exceeded')
    case 'drip':
      await wait(Math.ceil(body.length / transport.bytes) * transport.everyMs)
      return body
    case 'hugeBody':
      throw new TransportError('the body is too large')
  }
}

function shortened(
  body: Uint8Array,
  { by }: Extract<TransportFault, { kind: 'wrongLength' }>,
): Uint8Array {
  if (by > 0) throw new TransportError('the body ends before its declared length')
  return body.slice(0, Math.max(0, body.length + by))
}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}
