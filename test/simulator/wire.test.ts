import { Agent, get, type IncomingMessage } from 'node:http'
import { createConnection, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { micros, type Micros } from '../../src/base/time.ts'
import {
  startSimulator,
  type Fault,
  type Simulator,
  type SimulatorOptions,
} from '../../src/simulator/index.ts'
import { simClock } from '../support/sim-clock.ts'
import { exchangeWith, NOW } from '../support/simulator.ts'

const PATH = `/api/v3/klines?symbol=BTCUSDT&interval=1h&limit=200&startTime=${Date.UTC(2024, 2, 5)}`

const running: Simulator[] = []
const agents: Agent[] = []
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy()
  await Promise.all(running.splice(0).map((simulator) => simulator.close()))
})

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const clock = simClock({ start: NOW })
  const simulator = await startSimulator({ exchange: exchangeWith(), clock, ...options })
  running.push(simulator)
  return simulator
}

async function startWith(fault: Fault): Promise<Simulator> {
  return start({ exchange: exchangeWith({}, { faults: { rules: [{ fault }] } }) })
}

/** What Node's own client makes of an answer, with nothing smoothed over. */
type Received = {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly bytes: Buffer
  /** Did the body come to its declared end? */
  readonly isComplete: boolean
  readonly socket: Socket
}

type SendOptions = {
  readonly headers?: Record<string, string>
  readonly agent?: Agent
  readonly untilBytes?: number
}

function send(simulator: Simulator, options: SendOptions = {}): Promise<Received> {
  const { headers = {}, agent, untilBytes = Infinity } = options
  return new Promise((resolve, reject) => {
    const request = get(`${simulator.url}${PATH}`, { headers, agent }, (response) => {
      const { socket } = response
      const chunks: Buffer[] = []
      const done = (): void => {
        resolve({
          status: response.statusCode,
          headers: response.headers,
          bytes: Buffer.concat(chunks),
          isComplete: response.complete,
          socket,
        })
      }
      let size = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size < untilBytes) return
        done()
        request.destroy()
      })
      response.on('end', done)
      response.on('error', done)
    })
    request.on('error', reject)
  })
}

/** Everything that comes over one connection until the server closes it. */
function raw(simulator: Simulator): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(simulator.port, '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk) => {
      text += String(chunk)
    })
    socket.on('error', reject)
    socket.on('end', () => {
      socket.destroy()
      resolve(text)
    })
    socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`)
  })
}

const body = ({ bytes }: Received): unknown => JSON.parse(bytes.toString('utf8'))

describe('a calm wire', () => {
  test('keeps connections, compresses on request, knows its clients and the server time', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    const simulator = await start()
    const plain = await send(simulator, { agent })
    const zipped = await send(simulator, { agent, headers: { 'accept-encoding': 'gzip' } })
    expect(plain.socket).toBe(zipped.socket)
    expect(body(plain)).toHaveLength(200)
    expect(zipped.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(zipped.bytes).equals(plain.bytes)).toBe(true)
    expect(plain.headers.date).toBe('Fri, 20 Nov 2026 12:00:00 GMT')
    expect(plain.headers['x-mbx-used-weight-1m']).toBe('2')
    expect(simulator.log.entries).toMatchObject([
      { ip: '127.0.0.1', status: 200, path: '/api/v3/klines' },
      { ip: '127.0.0.1', status: 200 },
    ])
  })

  test('waits for the latency on the clock it was given', async () => {
    const clock = simClock({ start: NOW })
    const simulator = await start({ clock, latencyMs: 250 })
    await send(simulator)
    expect(simulator.log.entries[0]!.at).toBe(micros(NOW + 250_000n) satisfies Micros)
  })

  test('takes nothing but GET', async () => {
    const simulator = await start()
    const answer = await fetch(`${simulator.url}/api/v3/order`, { method: 'POST' })
    expect(answer.status).toBe(405)
    expect(simulator.log.count).toBe(0)
  })

  test('serves the quickstart unless told otherwise, by the machine clock', async () => {
    const simulator = await startSimulator()
    running.push(simulator)
    const before = Date.now()
    const answer = await fetch(`${simulator.url}/api/v3/time`)
    const { serverTime } = (await answer.json()) as { serverTime: number }
    expect(serverTime).toBeGreaterThanOrEqual(before)
    const page = await fetch(`${simulator.url}/api/v3/klines?symbol=ETHUSDT&interval=1d&limit=5`)
    expect(await page.json()).toHaveLength(5)
  })
})

describe('a broken wire', () => {
  const whole = async (): Promise<number> => (await send(await start())).bytes.length

  test('reset before the headers', async () => {
    const simulator = await startWith({ kind: 'reset' })
    await expect(send(simulator)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect((await send(simulator)).isComplete).toBe(true)
    expect(simulator.log.faults).toEqual({ reset: 1 })
  })

  test('reset within the body', async () => {
    const received = await send(await startWith({ kind: 'reset', fraction: 0.5 }))
    expect(received.isComplete).toBe(false)
    expect(received.bytes.length).toBeLessThan(await whole())
  })

  test('gzip that stops in a body that is framed as whole', async () => {
    const headers = { 'accept-encoding': 'gzip' }
    const simulator = await startWith({ kind: 'truncatedGzip', fraction: 0.7 })
    const received = await send(simulator, { headers })
    expect(received.isComplete).toBe(true)
    expect(received.headers['transfer-encoding']).toBe('chunked')
    expect(() => gunzipSync(received.bytes)).toThrow(/unexpected end/)
  })

  test('a cut that nothing tells', async () => {
    const headers = { 'accept-encoding': 'gzip' }
    const simulator = await startWith({ kind: 'closeDelimitedCut', fraction: 0.5 })
    const received = await send(simulator, { headers })
    expect(received.isComplete).toBe(true)
    expect(received.headers).not.toHaveProperty('content-length')
    expect(received.headers).not.toHaveProperty('content-encoding')
    expect(received.bytes.length).toBe(Math.floor((await whole()) / 2))
    expect(() => body(received)).toThrow(SyntaxError)
  })

  test('a length that is too long, or too short', async () => {
    const long = await send(await startWith({ kind: 'wrongLength', by: 7 }))
    expect(long.isComplete).toBe(false)
    expect(long.bytes.length).toBe(await whole())
    const short = await raw(await startWith({ kind: 'wrongLength', by: -7 }))
    const [head = '', content = ''] = short.split('\r\n\r\n')
    expect(content.length).toBe(await whole())
    expect(head).toContain(`content-length: ${content.length - 7}`)
  })

  test('a drip arrives whole, on the clock it was given', async () => {
    const clock = simClock({ start: NOW })
    const fault: Fault = { kind: 'drip', bytes: 1_000, everyMs: 100 }
    const exchange = exchangeWith({}, { faults: { rules: [{ fault }] } })
    const received = await send(await start({ exchange, clock }))
    expect(body(received)).toHaveLength(200)
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(
      100 * Math.floor(received.bytes.length / 1_000),
    )
  })

  test('a body without end, plain and as a bomb', async () => {
    const plain = await startWith({ kind: 'hugeBody', bytes: 1e12 })
    expect((await send(plain, { untilBytes: 5e6 })).isComplete).toBe(false)
    const bomb = await startWith({ kind: 'hugeBody', bytes: 50e6, gzip: true })
    const received = await send(bomb)
    expect(received.headers['content-encoding']).toBe('gzip')
    expect(received.isComplete).toBe(true)
    expect(received.bytes.length).toBeLessThan(1e6)
    expect(gunzipSync(received.bytes).length).toBeGreaterThan(49e6)
  })

  test('closing after an answer without saying so', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    const simulator = await startWith({ kind: 'closeAfter' })
    const first = await send(simulator, { agent })
    expect(first.isComplete).toBe(true)
    expect(first.headers.connection).toBe('keep-alive')
    if (!first.socket.closed) await new Promise((resolve) => first.socket.once('close', resolve))
    expect((await send(simulator, { agent })).socket).not.toBe(first.socket)
  })

  test.each<Fault>([{ kind: 'hang' }, { kind: 'hang', fraction: 0.5 }])(
    '%j is released by the client',
    async (fault) => {
      const simulator = await startWith(fault)
      const controller = new AbortController()
      const seen = fetch(`${simulator.url}${PATH}`, { signal: controller.signal }).then((answer) =>
        answer.text(),
      )
      while (simulator.log.count === 0) await new Promise((resolve) => setImmediate(resolve))
      controller.abort()
      await expect(seen).rejects.toThrow()
    },
  )

  test('closing releases whoever hangs, drips or sleeps', async () => {
    const never = { now: () => NOW, sleep: forever }
    for (const fault of [
      { kind: 'hang' },
      { kind: 'hang', fraction: 0.5 },
      { kind: 'drip', bytes: 1, everyMs: 1 },
      { kind: 'hugeBody', bytes: 1e12 },
    ] as const) {
      const exchange = exchangeWith({}, { faults: { rules: [{ fault }] } })
      const simulator = await startSimulator({ exchange, clock: never })
      const socket = createConnection(simulator.port, '127.0.0.1')
      const closed = new Promise((resolve) => socket.on('close', resolve))
      // Whether it ends by a reset or in good order is the system's choice.
      socket.on('error', () => undefined)
      socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`)
      while (simulator.log.count === 0) await new Promise((resolve) => setImmediate(resolve))
      await simulator.close()
      socket.resume()
      await closed
    }
  })
})

/** Sleeps until it is told to stop. */
function forever(_ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new Error('stopped'))
    })
  })
}
