/** Sends answers over a socket, and breaks them on the way if a fault says so. */

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Clock } from '../base/ports.ts'
import { cutAt, type TransportFault } from './fault.ts'
import type { SimResponse } from './model.ts'

/** The clock functions that a server needs. */
export type WireClock = Pick<Clock, 'now' | 'sleep'>

/** Options for sending. */
type WireOptions = {
  readonly clock: WireClock
  /** Aborted when the server closes. */
  readonly closing: AbortSignal
}

const CHUNK = 65_536
const FULL = 1

/** Sends an answer; resolves when it is sent, whole or broken. */
export async function send(
  answer: SimResponse,
  response: ServerResponse,
  options: WireOptions,
): Promise<void> {
  const { status, headers, body, transport } = answer
  response.sendDate = false
  if (transport === undefined) {
    response.writeHead(status, { ...headers, 'content-length': body.length }).end(body)
    return
  }
  await sendBroken(answer, transport, { ...options, response, socket: socketOf(response) })
}

type Wire = WireOptions & { readonly response: ServerResponse; readonly socket: Socket }

async function sendBroken(answer: SimResponse, fault: TransportFault, wire: Wire): Promise<void> {
  const { status, headers, body } = answer
  const { response, socket } = wire
  switch (fault.kind) {
    case 'reset':
      if (fault.fraction !== undefined) await begin(answer, fault.fraction, wire)
      socket.resetAndDestroy()
      return
    case 'hang':
      if (fault.fraction !== undefined) await begin(answer, fault.fraction, wire)
      await ended(wire)
      return
    case 'truncatedGzip':
      // Without a length, Node frames it in chunks and ends them properly.
      response.writeHead(status, headers)
      response.end(body.subarray(0, cutAt(body, fault.fraction)))
      return
    case 'closeDelimitedCut':
      socket.write(headText(status, { ...headers, connection: 'close' }))
      socket.end(body.subarray(0, cutAt(body, fault.fraction)))
      return
    case 'wrongLength':
      socket.write(headText(status, { ...headers, 'content-length': body.length + fault.by }))
      socket.end(body)
      return
    case 'drip':
      await drip(answer, fault, wire)
      return
    case 'hugeBody':
      await flood(answer, fault, wire)
      return
    case 'closeAfter':
      response.writeHead(status, { ...headers, 'content-length': body.length })
      // The client notices the end only when it writes again.
      response.end(body, () => socket.end())
      return
  }
}

/** Sends the head and a part of the body, and waits until they have left. */
async function begin(answer: SimResponse, fraction: number, { response }: Wire): Promise<void> {
  const { status, headers, body } = answer
  response.writeHead(status, { ...headers, 'content-length': body.length })
  await new Promise((resolve) => {
    response.write(body.subarray(0, cutAt(body, Math.min(FULL, fraction))), resolve)
  })
}

/** Waits until the client or the server gives up. */
async function ended({ response, closing }: Wire): Promise<void> {
  if (!response.closed) await once(response, 'close', { signal: closing })
}

async function drip(
  { status, headers, body }: SimResponse,
  { bytes, everyMs }: Extract<TransportFault, { kind: 'drip' }>,
  { response, clock, closing }: Wire,
): Promise<void> {
  response.writeHead(status, { ...headers, 'content-length': body.length })
  for (let from = 0; from < body.length && !response.closed; from += bytes) {
    response.write(body.subarray(from, from + bytes))
    await clock.sleep(everyMs, closing)
  }
  response.end()
}

async function flood(
  { status, headers }: SimResponse,
  { bytes, gzip = false }: Extract<TransportFault, { kind: 'hugeBody' }>,
  wire: Wire,
): Promise<void> {
  const { response, closing } = wire
  const space = new Uint8Array(CHUNK).fill(0x20)
  // Gzip members may follow one another; the same one repeated is a bomb.
  const chunk = gzip ? gzipSync(space) : space
  response.writeHead(status, { ...headers, 'content-encoding': gzip ? 'gzip' : 'identity' })
  const isOver = AbortSignal.any([closing, closedSignal(response)])
  for (let sent = 0; sent < bytes && !response.closed; sent += CHUNK) {
    if (!response.write(chunk)) await once(response, 'drain', { signal: isOver })
  }
  response.end()
}

function closedSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => {
    controller.abort()
  })
  return controller.signal
}

function socketOf(response: ServerResponse): Socket {
  if (response.socket !== null) return response.socket
  throw new Error('the connection is gone')
}

function headText(status: number, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} OK\r\n${lines.join('')}\r\n`
}
