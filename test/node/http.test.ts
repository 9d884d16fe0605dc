import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { TransportError, UsageError } from '../../src/base/errors.ts'
import type { Http, HttpAnswer } from '../../src/base/ports.ts'
import { startDeadline } from '../../src/node/deadline.ts'
import { isLoopback, openAgents, type HttpOptions } from '../../src/node/http-agents.ts'
import { bodyHead, readBody } from '../../src/node/http-body.ts'
import { nodeHttp } from '../../src/node/http.ts'
import { head, httpContract, rawServer } from './http.suite.ts'

httpContract('of this machine', () => nodeHttp({ proxyFromEnv: false }))

const limits = { headers: {}, timeoutMs: 20_000, sizeBytesMax: 10_000 }

function newHttp(options: HttpOptions): Http {
  const client = nodeHttp(options)
  onTestFinished(() => client.close())
  return client
}

describe('a proxy named by the environment', () => {
  type Proxy = { readonly url: string; readonly targets: string[]; readonly auth: string[] }

  async function newProxy(to: string): Promise<Proxy> {
    const targets: string[] = []
    const auth: string[] = []
    const sockets = new Set<net.Socket>()
    const proxy = http.createServer((_request, response) => response.writeHead(500).end())
    proxy.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
      targets.push(request.url ?? '')
      auth.push(request.headers['proxy-authorization'] ?? '')
      const { hostname, port } = new URL(to)
      const upstream = net.connect(Number(port), hostname, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        upstream.pipe(client).pipe(upstream)
      })
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on('error', () => undefined)
      }
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy()
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
    })
    const { port } = proxy.address() as net.AddressInfo
    return { url: `http://127.0.0.1:${port}`, targets, auth }
  }

  async function newServer(): Promise<string> {
    const server = await rawServer()
    server.answer((socket) => socket.write(head('200 OK', 'Content-Length: 2') + '[]'))
    onTestFinished(() => server.close())
    return server.url
  }

  const ask = (client: Http, url: string): Promise<HttpAnswer> => client.get({ ...limits, url })

  it.each(['HTTP_PROXY', 'http_proxy'])('%s is used', async (name) => {
    const proxy = await newProxy(await newServer())
    const client = newHttp({ env: { [name]: proxy.url } })
    expect((await ask(client, 'http://exchange.invalid/api/v3/time')).status).toBe(200)
    expect(proxy.targets).toEqual(['exchange.invalid:80'])
  })

  it('its password is sent to it alone', async () => {
    const proxy = await newProxy(await newServer())
    const env = { HTTP_PROXY: proxy.url.replace('//', '//user:pass@') }
    await ask(newHttp({ env }), 'http://exchange.invalid/')
    expect(proxy.auth).toEqual([`Basic ${Buffer.from('user:pass').toString('base64')}`])
  })

  it('NO_PROXY is honoured', async () => {
    const proxy = await newProxy(await newServer())
    const client = newHttp({ env: { HTTP_PROXY: proxy.url, NO_PROXY: 'other.example,.invalid' } })
    await expect(ask(client, 'http://exchange.invalid/')).rejects.toBeInstanceOf(TransportError)
    expect(proxy.targets).toEqual([])
  })

  it('loopback addresses are reached directly', async () => {
    const server = await newServer()
    const proxy = await newProxy(server)
    const client = newHttp({ env: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url } })
    expect((await ask(client, server)).status).toBe(200)
    expect(proxy.targets).toEqual([])
  })

  it.each(['127.0.0.1', '127.9.9.9', 'localhost', 'LOCALHOST.', 'x.localhost', '[::1]'])(
    '%s is loopback',
    (host) => {
      expect(isLoopback(host)).toBe(true)
    },
  )

  it.each(['10.0.0.1', '127.0.0.1.example', 'localhost.example', '[::2]', '1127.0.0.1'])(
    '%s is not loopback',
    (host) => {
      expect(isLoopback(host)).toBe(false)
    },
  )

  it('what is not a URL is a usage error that does not show it', () => {
    for (const value of ['http://user:pass@', 'socks5://user:pass@host:1080']) {
      const open = (): Http => nodeHttp({ env: { HTTPS_PROXY: value } })
      expect(open).toThrow(UsageError)
      expect(open).not.toThrow(/pass/)
    }
  })
})

describe('a certificate that cannot be trusted', () => {
  it('is a failure for good, no request is sent, and HTTP/2 is not offered', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tls-'))
    onTestFinished(() => {
      rmSync(directory, { recursive: true })
    })
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const openssl = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    const subject = ['-nodes', '-days', '1', '-subj', '/CN=localhost', '-keyout', key, '-out', cert]
    execFileSync('openssl', [...openssl, ...subject], { stdio: 'ignore' })
    let requests = 0
    const offered: string[] = []
    const options: https.ServerOptions = {
      key: readFileSync(key),
      cert: readFileSync(cert),
      ALPNCallback: ({ protocols }) => {
        offered.push(...protocols)
        return 'http/1.1'
      },
    }
    const server = https.createServer(options, (_request, response) => {
      requests++
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.close()
    })
    const { port } = server.address() as net.AddressInfo
    const client = newHttp({ proxyFromEnv: false })
    const error: unknown = await client
      .get({ ...limits, url: `https://localhost:${port}/x?signature=SECRET` })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ isTransient: false })
    expect(String(error)).not.toContain('SECRET')
    expect(requests).toBe(0)
    expect(offered).toEqual(['http/1.1'])
  })
})

describe('the count of a body', () => {
  it.each([0, 3, 5])('refuses %d bytes where 4 were declared', async (size) => {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(size)
    }
    const counted = bodyHead('here', '4', 1_000)
    await expect(readBody(body(), counted)).rejects.toThrow(`byte ${size} of 4`)
  })
})

describe('a stream that falls silent', () => {
  it('is given up long before its deadline', async () => {
    const server = await rawServer()
    onTestFinished(() => server.close())
    server.answer((socket) => socket.write(head('200 OK', 'Content-Length: 1000') + 'x'))
    const client = newHttp({ proxyFromEnv: false, silenceMs: 50 })
    const { chunks } = await client.stream({ ...limits, url: server.url, timeoutMs: 3_600_000 })
    const read = async (): Promise<void> => {
      for await (const chunk of chunks) expect(chunk.length).toBe(1)
    }
    await expect(read()).rejects.toThrow('silent for 50 ms')
  })

  it('is not blamed for the time that its reader takes', () => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const { signal, pause, listen } = startDeadline('here', 3_600_000, undefined, 50)
    vi.advanceTimersByTime(49)
    pause()
    vi.advanceTimersByTime(1_000_000)
    listen()
    vi.advanceTimersByTime(49)
    expect(signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(signal.reason).toBeInstanceOf(TransportError)
  })

  it('a deadline that is over leaves nothing behind', () => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const caller = new AbortController()
    const { signal, clear } = startDeadline('here', 1_000, caller.signal, 50)
    expect(vi.getTimerCount()).toBe(2)
    clear()
    expect(vi.getTimerCount()).toBe(0)
    caller.abort()
    expect(signal.aborted).toBe(false)
  })
})

describe('a local address', () => {
  it('is where every connection comes from, the pooled and the single ones', async () => {
    const server = http.createServer((request, response) =>
      response.end(JSON.stringify(request.socket.remoteAddress)),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as net.AddressInfo
    const url = new URL(`http://127.0.0.1:${port}/`)
    const agents = openAgents({ localAddress: '127.0.0.9', proxyFromEnv: false })
    const dispatchers = [await agents.shared(url), await agents.fresh(url)]
    for (const dispatcher of dispatchers) {
      const answer = await dispatcher!.request({ origin: url.origin, path: '/', method: 'GET' })
      expect(await answer.body.json()).toBe('127.0.0.9')
    }
    await dispatchers[1]!.close()
    await agents.close()
  })
})
