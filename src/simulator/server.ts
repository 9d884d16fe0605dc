/**
 * The exchange on a real socket: HTTP/1.1 with keep-alive on this machine only, with every fault that a connection can
 * have.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { micros, type Micros } from '../base/time.ts'
import type { RequestLog } from './log.ts'
import { Exchange, type SimRequest } from './model.ts'
import type { ExchangeOptions } from './options.ts'
import { quickstartExchange } from './quickstart.ts'
import { replayOptions } from './replay.ts'
import { send, type WireClock } from './wire.ts'

/** Options of the server. */
export type SimulatorOptions = {
  /** What to serve. Default: {@link quickstartExchange}. */
  readonly exchange?: Exchange | ExchangeOptions
  /** Serves the raw REST pages under this directory instead, if no `exchange` is given. */
  readonly replay?: string
  /** Default 0: any free port. */
  readonly port?: number
  /** Default: the machine's. */
  readonly clock?: WireClock
  /** Delay before each request is processed. Default 0. */
  readonly latencyMs?: number
}

/** A running simulator. */
export type Simulator = {
  /** For `--base-url`. */
  readonly url: string
  readonly port: number
  readonly exchange: Exchange
  readonly log: RequestLog
  /** Cuts every connection, releases every hanging answer, and resolves when nothing is left. */
  close(): Promise<void>
}

/**
 * Serves an exchange on 127.0.0.1.
 *
 * @throws UsageError when the options are contradictory or there is nothing to replay.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const exchange = await exchangeOf(options)
  const { clock = machineClock(), latencyMs = 0 } = options
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (latencyMs > 0) await clock.sleep(latencyMs, closing.signal)
    if (request.method !== 'GET') {
      response.writeHead(405, { allow: 'GET' }).end()
      return
    }
    await send(exchange.handle(requestOf(request), clock.now()), response, {
      clock,
      closing: closing.signal,
    })
  }
  const server = createServer((request, response) => {
    const work = answer(request, response)
      // The client or the shutdown cut this short; nobody is waiting for it.
      .catch(() => {
        response.destroy()
      })
      .finally(() => running.delete(work))
    running.add(work)
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket: Socket) => socket.setNoDelay(true))
  const port = await listen(server, options.port ?? 0)
  const close = async (): Promise<void> => {
    closing.abort()
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await Promise.all([closed, ...running])
  }
  return { url: `http://127.0.0.1:${port}`, port, exchange, log: exchange.log, close }
}

async function exchangeOf({ exchange, replay }: SimulatorOptions): Promise<Exchange> {
  if (exchange instanceof Exchange) return exchange
  if (exchange !== undefined) return new Exchange(exchange)
  return new Exchange(replay === undefined ? quickstartExchange() : await replayOptions(replay))
}

function requestOf(request: IncomingMessage): SimRequest {
  const [path = '', ...query] = (request.url ?? '').split('?')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = String(value)
  }
  return { path, query: query.join('?'), headers, ip: request.socket.remoteAddress ?? '' }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

function machineClock(): WireClock {
  return { now: (): Micros => micros(BigInt(Date.now()) * 1000n), sleep }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const stop = (): void => {
      clearTimeout(timer)
      reject(new Error('the simulator is closing'))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
