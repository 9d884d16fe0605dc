/** Connections: one pool per origin, through a proxy where the environment names one. */

import { isIP } from 'node:net'
import type { Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { TransportError, UsageError } from '../base/errors.ts'

/** How this machine connects. */
export type HttpOptions = {
  /** Longest wait for a connection, in milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** Most connections to one origin. Default 64. */
  readonly maxSockets?: number
  /** Are HTTPS_PROXY, HTTP_PROXY and NO_PROXY honoured? Default true; loopback addresses are always reached directly. */
  readonly proxyFromEnv?: boolean
  /** Where the proxy variables are read. Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The address of this machine to connect from. */
  readonly localAddress?: string
  /** Longest silence within a streamed body, in milliseconds. Default 30,000. */
  readonly silenceMs?: number
  /** Who asks: sent with every request. */
  readonly userAgent?: string
}

/** Hands out dispatchers. */
export type Agents = {
  /** The one that requests to `url` normally go through; its connections are kept alive. */
  shared(url: URL): Promise<Dispatcher>
  /** One that opens a new connection, for one request; the caller closes it. `undefined` where a proxy is in between. */
  fresh(url: URL): Promise<Dispatcher | undefined>
  close(): Promise<void>
}

/**
 * Makes the connections' keeper.
 *
 * @throws UsageError when a proxy variable is not a URL.
 */
export function openAgents(options: HttpOptions): Agents {
  const { connectTimeoutMs = 10_000, maxSockets = 64, localAddress } = options
  // Within `connect` undici ignores the address, and beside it the family of the host's address.
  const from = localAddress === undefined ? {} : { localAddress }
  const family = localAddress === undefined ? {} : { family: isIP(localAddress) }
  const connection = {
    pipelining: 1,
    allowH2: false,
    // The caller's total deadline rules both; these would only cut it short.
    headersTimeout: 0,
    bodyTimeout: 0,
    ...from,
    connect: { timeout: connectTimeoutMs, ...family },
  } as const
  const pooled = { ...connection, connections: maxSockets }
  const proxyUrls = proxiesOf(options)
  const pools = new Map<string, Pool>()
  let proxy: EnvHttpProxyAgent | undefined
  let closing: Promise<unknown> | undefined

  const isProxied = (url: URL): boolean => proxyUrls !== undefined && !isLoopback(url.hostname)
  const open = async (url: URL): Promise<Dispatcher> => {
    const { EnvHttpProxyAgent, Pool } = await loadUndici()
    if (closing !== undefined)
      throw new TransportError('no request can be sent any more: the program is ending', {
        isTransient: false,
      })
    if (isProxied(url)) return (proxy ??= new EnvHttpProxyAgent({ ...pooled, ...proxyUrls }))
    const pool = pools.get(url.origin) ?? new Pool(url.origin, pooled)
    pools.set(url.origin, pool)
    return pool
  }
  return {
    shared: open,
    fresh: async (url) => {
      if (isProxied(url)) return undefined
      const { Client } = await loadUndici()
      return new Client(url.origin, connection)
    },
    close: async () => {
      closing ??= Promise.all(
        [...pools.values(), ...(proxy === undefined ? [] : [proxy])].map(shut),
      )
      await closing
    },
  }
}

/** Half of what starts with this program never asks anything of a host, and loading takes longer than all it does. */
function loadUndici(): Promise<typeof import('undici')> {
  return import('undici')
}

async function shut(dispatcher: Dispatcher): Promise<void> {
  await dispatcher.close()
  await dispatcher.destroy()
}

function proxiesOf({
  proxyFromEnv = true,
  env = process.env,
}: HttpOptions): EnvHttpProxyAgent.Options | undefined {
  if (!proxyFromEnv) return undefined
  // The lower-case names win, as they do in curl.
  const read = (name: string): string | undefined => env[name.toLowerCase()] ?? env[name]
  const httpProxy = checkProxy('HTTP_PROXY', read('HTTP_PROXY'))
  const httpsProxy = checkProxy('HTTPS_PROXY', read('HTTPS_PROXY'))
  if (httpProxy === '' && httpsProxy === '') return undefined
  return { httpProxy, httpsProxy, noProxy: read('NO_PROXY') ?? '' }
}

/** @throws UsageError where a proxy would send from an address of its own, whose limit is not ours to count. */
export function refuseProxy(options: HttpOptions): void {
  if (proxiesOf(options) === undefined) return
  throw new UsageError('a local address cannot be used through a proxy', {
    hint: 'Unset HTTPS_PROXY and HTTP_PROXY, or leave --local-address away.',
  })
}

// The value is not shown: it may hold a password.
function checkProxy(name: string, value: string = ''): string {
  if (value === '') return ''
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url
  throw new UsageError(`${name} is not the URL of a proxy`, {
    hint: `Set ${name} to a URL such as http://proxy.example:3128, or unset it.`,
  })
}

/** Is `hostname` this machine, whatever a proxy would make of it? */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '')
  if (host === 'localhost' || host.endsWith('.localhost') || host === '[::1]') return true
  return /^127(\.\d{1,3}){3}$/.test(host)
}
