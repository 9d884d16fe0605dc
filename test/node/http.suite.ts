/** What every implementation of the Http port promises, over a server whose every byte the test decides. */

import net from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TransportError } from '../../src/base/errors.ts'
import type { Http, HttpRequest } from '../../src/base/ports.ts'

/** What the server does with a request: `head` is its text, `count` its number on this connection, from 1. */
export type Behaviour = (socket: net.Socket, head: string, count: number) => void

/** A server that answers byte by byte as it is told. */
export type RawServer = {
  readonly url: string
  readonly requests: string[]
  connections(): number
  answer(behaviour: Behaviour): void
  close(): Promise<void>
}

/** Starts one on a port of its own. */
export async function rawServer(): Promise<RawServer> {
  const sockets = new Set<net.Socket>()
  const requests: string[] = []
  let behaviour: Behaviour = (socket) => socket.destroy()
  let connections = 0
  const server = net.createServer((socket) => {
    connections++
    sockets.add(socket)
    let pending = ''
    let count = 0
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => {
      pending += data.toString('latin1')
      for (let end = pending.indexOf('\r\n\r\n'); end !== -1; end = pending.indexOf('\r\n\r\n')) {
        const head = pending.slice(0, end)
        pending = pending.slice(end + 4)
        requests.push(head)
        behaviour(socket, head, ++count)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    answer: (next) => {
      behaviour = next
      requests.length = 0
      connections = 0
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An answer's head. */
export const head = (status: string, ...lines: string[]): string =>
  `HTTP/1.1 ${status}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

const BODY = JSON.stringify(Array.from({ length: 400 }, (_, i) => [1_700_000_000_000 + i, `${i}`]))
const ZIPPED = gzipSync(BODY)
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

export function httpContract(name: string, make: () => Http): void {
  describe(`Http: ${name}`, () => {
    let server: RawServer
    let http: Http
    beforeAll(async () => {
      server = await rawServer()
    })
    afterAll(() => server.close())
    const start = (behaviour: Behaviour): void => {
      http = make()
      server.answer(behaviour)
    }
    afterEach(() => http.close())
    const request = (change: Partial<HttpRequest> = {}): HttpRequest => ({
      url: `${server.url}/api/v3/klines?symbol=BTCUSDT&signature=SECRET`,
      headers: {},
      timeoutMs: 20_000,
      sizeBytesMax: 1_000_000,
      ...change,
    })
    const failure = async (change: Partial<HttpRequest> = {}): Promise<unknown> =>
      http.get(request(change)).then(
        () => 'an answer',
        (error: unknown) => error,
      )
    async function expectFailure(change: Partial<HttpRequest> = {}): Promise<TransportError> {
      const error = await failure(change)
      expect(error).toBeInstanceOf(TransportError)
      expect(String(error)).not.toContain('SECRET')
      return error as TransportError
    }
    async function readStream(change: Partial<HttpRequest> = {}): Promise<string> {
      const { chunks } = await http.stream(request(change))
      const parts: Uint8Array[] = []
      for await (const chunk of chunks) parts.push(chunk)
      return textOf(Buffer.concat(parts))
    }

    it('sends the path, the query and the headers as they are, and asks for gzip', async () => {
      start((socket) => socket.end(head('200 OK', 'Content-Length: 2') + '[]'))
      await http.get(request({ headers: { 'x-mbx-apikey': 'KEY' } }))
      const [sent = ''] = server.requests
      expect(sent).toMatch(/^GET \/api\/v3\/klines\?symbol=BTCUSDT&signature=SECRET HTTP\/1\.1\r\n/)
      expect(sent).toMatch(/x-mbx-apikey: KEY/i)
      expect(sent).toMatch(/accept-encoding: gzip(\r\n|$)/i)
    })

    it.each(['200 OK', '404 Not Found', '418 I am a teapot', '503 Service Unavailable'])(
      'resolves for %s, with headers by lower-case name',
      async (status) => {
        start((socket) =>
          socket.write(head(status, 'Retry-After: 7', `Content-Length: ${BODY.length}`) + BODY),
        )
        const answer = await http.get(request())
        expect(answer.status).toBe(Number(status.slice(0, 3)))
        expect(answer.header('retry-after')).toBe('7')
        expect(answer.header('x-none')).toBeUndefined()
        expect(textOf(answer.body)).toBe(BODY)
      },
    )

    it('inflates gzip, with a length and chunked', async () => {
      start((socket, _head, count) => {
        if (count === 1) {
          socket.write(head('200 OK', 'Content-Encoding: gzip', `Content-Length: ${ZIPPED.length}`))
          socket.write(ZIPPED)
        } else {
          socket.write(head('200 OK', 'Content-Encoding: gzip', 'Transfer-Encoding: chunked'))
          for (const part of [ZIPPED.subarray(0, 10), ZIPPED.subarray(10)]) {
            socket.write(`${part.length.toString(16)}\r\n`)
            socket.write(part)
            socket.write('\r\n')
          }
          socket.write('0\r\n\r\n')
        }
      })
      expect(textOf((await http.get(request())).body)).toBe(BODY)
      expect(textOf((await http.get(request())).body)).toBe(BODY)
      expect(server.connections()).toBe(1)
    })

    it('takes a status without a body', async () => {
      start((socket) => socket.write(head('304 Not Modified', 'Content-Encoding: gzip')))
      expect((await http.get(request())).body).toHaveLength(0)
    })

    const cuts = Array.from({ length: 20 }, (_, i) => i * 5)
    it.each(cuts)('refuses gzip that ends with the connection at %d %%', async (percent) => {
      start((socket) => {
        socket.write(head('200 OK', 'Content-Encoding: gzip', 'Connection: close'))
        socket.end(ZIPPED.subarray(0, Math.floor((ZIPPED.length * percent) / 100)))
      })
      expect((await expectFailure()).isTransient).toBe(true)
    })

    it.each([1, 4, 7, 8])(
      'refuses gzip without its last %d bytes, all declared',
      async (missing) => {
        const cut = ZIPPED.subarray(0, ZIPPED.length - missing)
        start((socket) => {
          socket.write(head('200 OK', 'Content-Encoding: gzip', `Content-Length: ${cut.length}`))
          socket.write(cut)
        })
        await expectFailure()
      },
    )

    it('refuses gzip with a wrong checksum, and what is not gzip at all', async () => {
      const bad = Buffer.from(ZIPPED)
      bad[bad.length - 6]! ^= 1
      for (const body of [bad, Buffer.from(BODY)]) {
        start((socket) => {
          socket.write(head('200 OK', 'Content-Encoding: gzip', `Content-Length: ${body.length}`))
          socket.write(body)
        })
        await expectFailure()
        await http.close()
      }
    })

    it('refuses a coding that it did not ask for', async () => {
      start((socket) =>
        socket.end(head('200 OK', 'Content-Encoding: br', 'Content-Length: 2') + 'xx'),
      )
      await expectFailure()
    })

    it.each(cuts)('refuses a body of which %d %% came', async (percent) => {
      const part = BODY.slice(0, Math.floor((BODY.length * percent) / 100))
      start((socket) => socket.end(head('200 OK', `Content-Length: ${BODY.length}`) + part))
      expect((await expectFailure()).isTransient).toBe(true)
      await expect(readStream()).rejects.toBeInstanceOf(TransportError)
    })

    it('refuses a short body also where the connection was to be closed', async () => {
      start((socket) =>
        socket.end(head('200 OK', 'Connection: close', `Content-Length: ${BODY.length}`) + '[['),
      )
      await expectFailure()
      await expect(readStream()).rejects.toBeInstanceOf(TransportError)
    })

    it('refuses a chunked body without its last chunk', async () => {
      start((socket) => socket.end(head('200 OK', 'Transfer-Encoding: chunked') + '2\r\n[1\r\n'))
      await expectFailure()
      await expect(readStream()).rejects.toBeInstanceOf(TransportError)
    })

    it('takes a body that ends with the connection as it came: only its reader can judge', async () => {
      start((socket) => socket.end(head('200 OK', 'Connection: close') + '[[1,2],[3'))
      expect(textOf((await http.get(request())).body)).toBe('[[1,2],[3')
    })

    it('a reset is a passing failure', async () => {
      start((socket) => socket.resetAndDestroy())
      expect((await expectFailure()).isTransient).toBe(true)
      expect(server.requests.length).toBeLessThanOrEqual(2)
    })

    it('a connection that ends at its first request is not tried again', async () => {
      start((socket) => socket.end())
      expect((await expectFailure()).isTransient).toBe(true)
      expect(server.requests).toHaveLength(1)
    })

    it('a reset within the body is not answered with another request', async () => {
      start((socket) => {
        socket.write(head('200 OK', 'Content-Length: 100') + 'x')
        setImmediate(() => socket.resetAndDestroy())
      })
      await expectFailure()
      expect(server.requests).toHaveLength(1)
    })

    it('what is not HTTP is a failure', async () => {
      start((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
      await expectFailure()
    })

    it('a server that never answers is given up after the deadline', async () => {
      start(() => undefined)
      const error = await expectFailure({ timeoutMs: 60 })
      expect(error.message).toContain('60 ms')
      expect(error.isTransient).toBe(true)
      await expect(http.stream(request({ timeoutMs: 60 }))).rejects.toBeInstanceOf(TransportError)
    })

    it('a body that drips is given up after the deadline, though each byte comes in time', async () => {
      start((socket) => {
        socket.write(head('200 OK', 'Content-Length: 1000000'))
        const drip = setInterval(() => socket.write('x'), 5)
        socket.on('close', () => {
          clearInterval(drip)
        })
      })
      expect((await expectFailure({ timeoutMs: 120 })).message).toContain('120 ms')
      await expect(readStream({ timeoutMs: 120 })).rejects.toThrow('120 ms')
    })

    it('the caller can stop it at any time, and gets its own reason', async () => {
      const controller = new AbortController()
      const reason = new Error('enough')
      start((socket) => {
        socket.write(head('200 OK', 'Content-Length: 100') + 'x')
        controller.abort(reason)
      })
      const { signal } = controller
      expect(await failure({ signal })).toBe(reason)
      expect(await failure({ signal })).toBe(reason)
      await expect(http.stream(request({ signal }))).rejects.toBe(reason)
      expect(server.requests).toHaveLength(1)
    })

    it('refuses a body that is too large, declared or not, packed or not', async () => {
      const large = 'x'.repeat(50_000)
      const packed = gzipSync(large)
      for (const [lines, body] of [
        [['Content-Length: 50000'], large],
        [['Connection: close'], large],
        [['Content-Encoding: gzip', `Content-Length: ${packed.length}`], packed],
      ] as const) {
        start((socket) => {
          socket.write(head('200 OK', ...lines))
          socket.end(body)
        })
        const error = await expectFailure({ sizeBytesMax: 10_000 })
        expect(error.message).toContain('10000 bytes')
        await http.close()
      }
      start((socket) => socket.end(head('200 OK', 'Connection: close') + large))
      await expect(readStream({ sizeBytesMax: 10_000 })).rejects.toThrow('10000 bytes')
    })

    it.each(['301 Moved', '302 Found', '307 Temporary Redirect', '308 Permanent Redirect'])(
      'does not follow %s',
      async (status) => {
        const target = await rawServer()
        start((socket) =>
          socket.write(head(status, `Location: ${target.url}/secret`, 'Content-Length: 0')),
        )
        const answer = await http.get(request())
        expect(answer.status).toBe(Number(status.slice(0, 3)))
        expect(target.connections()).toBe(0)
        expect(server.requests).toHaveLength(1)
        await target.close()
      },
    )

    it('loses no request to a server that closes after each answer without saying so', async () => {
      start((socket) => {
        socket.write(head('200 OK', 'Content-Length: 2', 'Connection: keep-alive') + '[]', () =>
          socket.destroy(),
        )
      })
      const bodies: string[] = []
      const worker = async (): Promise<void> => {
        for (let i = 0; i < 125; i++) bodies.push(textOf((await http.get(request())).body))
      }
      await Promise.all(Array.from({ length: 4 }, worker))
      expect(bodies).toEqual(Array.from({ length: 500 }, () => '[]'))
    })

    it('loses no request when a kept connection ends at the very moment of its reuse', async () => {
      // Each connection answers once; the next request that comes over it is met with its end.
      start((socket, _head, count) => {
        if (count === 1) socket.write(head('200 OK', 'Content-Length: 2') + '[]')
        else if (server.requests.length % 2 === 0) socket.resetAndDestroy()
        else socket.end()
      })
      for (let i = 0; i < 200; i++) expect((await http.get(request())).status).toBe(200)
      expect(server.connections()).toBeGreaterThan(100)
    })

    it('streams a body in chunks, as it is', async () => {
      start((socket) => {
        socket.write(head('200 OK', 'ETag: "x"', `Content-Length: ${ZIPPED.length}`))
        socket.write(ZIPPED)
      })
      const { status, header, chunks } = await http.stream(request())
      expect([status, header('etag')]).toEqual([200, '"x"'])
      const parts: Uint8Array[] = []
      for await (const chunk of chunks) parts.push(chunk)
      expect(Buffer.concat(parts).equals(ZIPPED)).toBe(true)
    })

    it('a stream that is left early frees its connection', async () => {
      start((socket) => {
        socket.write(head('200 OK', 'Content-Length: 900000') + 'x'.repeat(1000))
      })
      const { chunks } = await http.stream(request())
      for await (const chunk of chunks) if (chunk.length > 0) break
      await http.close()
    })

    it.each(['not a url', 'ftp://host/x', 'file:///etc/passwd', ''])(
      'refuses %j for good',
      async (url) => {
        start(() => undefined)
        expect((await expectFailure({ url })).isTransient).toBe(false)
      },
    )

    it('a refused connection and an unknown host are passing failures, told without the query', async () => {
      const gone = await rawServer()
      await gone.close()
      start(() => undefined)
      const error = await expectFailure({ url: `${gone.url}/x?signature=SECRET` })
      expect(error.isTransient).toBe(true)
      expect(error.message).toContain(`${gone.url}/x`)
      const unknown = await expectFailure({ url: 'http://nowhere.invalid/x?signature=SECRET' })
      expect(unknown.isTransient).toBe(true)
    })

    it('is over once it is closed', async () => {
      start((socket) => socket.write(head('200 OK', 'Content-Length: 2') + '[]'))
      await http.get(request())
      await http.close()
      await http.close()
      expect((await expectFailure()).isTransient).toBe(false)
    })
  })
}
