/**
 * A stand-in for an object store: a real HTTP server with conditional writes, listings with pages, ranges and metadata,
 * that can lose answers, refuse, and lie about conditions. Shares no code with the room that talks to it.
 */

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** One object. */
export type S3Object = {
  readonly bytes: Buffer
  readonly etag: string
  readonly meta: Readonly<Record<string, string>>
}

/** One request, as it is logged and as faults see it. */
export type S3Request = {
  readonly method: string
  readonly key: string
  /** `list` for listings. */
  readonly kind: 'put' | 'get' | 'head' | 'delete' | 'list'
}

/**
 * What becomes of a request.
 *
 * - `cut`: the connection ends before it is done
 * - `lost`: it is done, and the connection ends without an answer
 * - `half`: it is done, and the answer ends in the middle
 * - a status: refused with it, not done
 * - `after`: it is done, and answered with this status all the same
 * - `page`: not done, and answered with 200 and this instead
 */
export type S3Fault =
  | 'cut'
  | 'lost'
  | 'half'
  | { readonly status: number; readonly code?: string }
  | { readonly after: number }
  | { readonly page: string }
  | { readonly delayMs: number }

/** How a store behaves. */
export type S3Behaviour = {
  /**
   * Are conditions honoured in one step, not at all, or first looked at and then written? `unmet`: is no version ever the
   * one that is expected?
   */
  readonly conditions?: 'atomic' | 'ignored' | 'check-then-write' | 'unmet'
  /** Does If-Match find a quoted tag equal? Ceph before 17 does not. */
  readonly quoted?: boolean
  /** Of a listing's page. */
  readonly pageKeys?: number
  /** Asked about each request; may take its time. */
  readonly fault?: (request: S3Request) => S3Fault | undefined | Promise<S3Fault | undefined>
}

/** A store that runs. */
export type S3Server = {
  readonly url: string
  /** By `bucket/key`. */
  readonly objects: Map<string, S3Object>
  readonly log: S3Request[]
  /** The keys of what was not put, since its condition did not hold. */
  readonly unmet: string[]
  /** Changed while it runs. */
  behaviour: S3Behaviour
  close(): Promise<void>
}

/**
 * Starts a store with buckets of these names.
 *
 * @param objects - What is in them; several servers may be the doors of one store.
 */
export async function startS3(
  buckets: readonly string[] = ['lake'],
  behaviour: S3Behaviour = {},
  objects = new Map<string, S3Object>(),
): Promise<S3Server> {
  const log: S3Request[] = []
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => request.socket.destroy())
  })
  const store: S3Server = {
    url: '',
    objects,
    log,
    unmet: [],
    behaviour,
    close: () => closed(server),
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://store')
    const [, bucket = '', ...parts] = decodeURIComponent(url.pathname).split('/')
    const key = parts.join('/')
    const kind = kindOf(request.method, url)
    const seen = { method: request.method ?? '', key: kind === 'list' ? prefixOf(url) : key, kind }
    log.push(seen)
    const fault = await store.behaviour.fault?.(seen)
    if (fault === 'cut') {
      request.socket.destroy()
      return
    }
    if (typeof fault === 'object' && 'delayMs' in fault) await setTimeout(fault.delayMs)
    if (typeof fault === 'object' && 'status' in fault) {
      reply(response, refusal(fault.status, fault.code ?? 'InternalError'))
      return
    }
    if (typeof fault === 'object' && 'page' in fault) {
      const headers = { 'content-type': 'application/xml' }
      reply(response, { status: 200, headers, body: Buffer.from(fault.page) })
      return
    }
    const done = buckets.includes(bucket)
      ? await act(store, {
          kind,
          bucket,
          key,
          url,
          headers: request.headers,
          body: Buffer.concat(chunks),
        })
      : refusal(404, 'NoSuchBucket')
    if (fault === 'lost') request.socket.destroy()
    else if (fault === 'half') half(response, done)
    else if (typeof fault === 'object' && 'after' in fault)
      reply(response, refusal(fault.after, 'InternalError'))
    else reply(response, done)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return Object.assign(store, { url: `http://127.0.0.1:${port}` })
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

function reply(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  const length =
    body === undefined || 'content-length' in headers ? {} : { 'content-length': body.length }
  response.writeHead(status, { ...length, ...headers })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

function half(response: ServerResponse, answer: Answer): void {
  const body = answer.body ?? Buffer.alloc(0)
  response.writeHead(answer.status, { 'content-length': body.length + 1, ...answer.headers })
  response.write(body.subarray(0, body.length >> 1))
  setImmediate(() => response.socket?.destroy())
}

function refusal(status: number, code: string): Answer {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) }
}

function kindOf(method: string | undefined, url: URL): S3Request['kind'] {
  if (method === 'PUT') return 'put'
  if (method === 'HEAD') return 'head'
  if (method === 'DELETE') return 'delete'
  return url.searchParams.has('list-type') ? 'list' : 'get'
}

function prefixOf(url: URL): string {
  return url.searchParams.get('prefix') ?? ''
}

type Act = {
  readonly kind: S3Request['kind']
  readonly bucket: string
  readonly key: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

async function act(store: S3Server, asked: Act): Promise<Answer> {
  const { kind, bucket, key, headers } = asked
  if (headers.authorization === undefined) return refusal(403, 'AccessDenied')
  if (kind === 'put') return put(store, asked)
  if (kind === 'list') return list(store, asked)
  const found = store.objects.get(`${bucket}/${key}`)
  if (kind === 'delete') {
    store.objects.delete(`${bucket}/${key}`)
    return { status: 204 }
  }
  if (found === undefined) return refusal(404, 'NoSuchKey')
  const said = { etag: `"${found.etag}"`, ...metaHeaders(found) }
  if (kind === 'head')
    return { status: 200, headers: { ...said, 'content-length': String(found.bytes.length) } }
  return part(found.bytes, headers.range, said)
}

function metaHeaders({ meta }: S3Object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(meta).map(([name, value]) => [`x-amz-meta-${name}`, value]),
  )
}

function part(bytes: Buffer, range: string | undefined, headers: Record<string, string>): Answer {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? []
  if (range === undefined) return { status: 200, headers, body: bytes }
  if (bytes.length === 0 || (first !== '' && Number(first) >= bytes.length))
    return refusal(416, 'InvalidRange')
  const from = first === '' ? Math.max(0, bytes.length - Number(last)) : Number(first)
  const to = first === '' || last === '' ? bytes.length : Math.min(bytes.length, Number(last) + 1)
  const said = { ...headers, 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` }
  return { status: 206, headers: said, body: bytes.subarray(from, to) }
}

/** Long enough for another writer to come between looking and writing. */
const LOOK_MS = 20

async function put(store: S3Server, { bucket, key, headers, body }: Act): Promise<Answer> {
  const { conditions = 'atomic', quoted = true } = store.behaviour
  const sum = headers['x-amz-checksum-sha256']
  if (sum !== undefined && sum !== createHash('sha256').update(body).digest('base64'))
    return refusal(400, 'BadDigest')
  const path = `${bucket}/${key}`
  const refused =
    conditions === 'ignored' ? undefined : unmet(store.objects.get(path), headers, quoted)
  if (conditions === 'unmet' && headers['if-match'] !== undefined)
    return refusal(412, 'PreconditionFailed')
  if (refused !== undefined) {
    store.unmet.push(key)
    return refused
  }
  if (conditions === 'check-then-write') await setTimeout(LOOK_MS)
  const etag = createHash('md5').update(body).digest('hex')
  const meta = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') ? [[name.slice(11), String(value)]] : [],
    ),
  )
  store.objects.set(path, { bytes: body, etag, meta })
  return { status: 200, headers: { etag: `"${etag}"` } }
}

function unmet(
  found: S3Object | undefined,
  headers: IncomingMessage['headers'],
  quoted: boolean,
): Answer | undefined {
  const { 'if-none-match': none, 'if-match': match } = headers
  if (none === '*' && found !== undefined) return refusal(412, 'PreconditionFailed')
  if (match === undefined) return undefined
  if (found === undefined) return refusal(404, 'NoSuchKey')
  const tags = quoted ? [found.etag, `"${found.etag}"`] : [found.etag]
  return tags.includes(match) ? undefined : refusal(412, 'PreconditionFailed')
}

function list(store: S3Server, { bucket, url }: Act): Answer {
  const { pageKeys = 1_000 } = store.behaviour
  const [prefix, delimiter] = [prefixOf(url), url.searchParams.get('delimiter')]
  const after = Buffer.from(url.searchParams.get('continuation-token') ?? '', 'base64').toString()
  const names = new Map<string, S3Object | undefined>()
  const sorted = [...store.objects].sort(([a], [b]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )
  for (const [path, object] of sorted) {
    const key = path.slice(bucket.length + 1)
    if (!path.startsWith(`${bucket}/`) || !key.startsWith(prefix)) continue
    const at = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length)
    if (at === -1) names.set(key, object)
    else names.set(key.slice(0, at + 1), undefined)
  }
  const left = [...names].filter(
    ([name]) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0,
  )
  const page = left.slice(0, pageKeys)
  const isCut = left.length > pageKeys
  const last = page.at(-1)?.[0] ?? ''
  const xml = page.map(([name, object]) =>
    object === undefined
      ? `<CommonPrefixes><Prefix>${encoded(name)}</Prefix></CommonPrefixes>`
      : `<Contents><Key>${encoded(name)}</Key><Size>${object.bytes.length}</Size><ETag>&quot;${object.etag}&quot;</ETag></Contents>`,
  )
  const more = isCut
    ? `<NextContinuationToken>${Buffer.from(last).toString('base64')}</NextContinuationToken>`
    : ''
  const body = `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isCut}</IsTruncated>${more}${xml.join('')}</ListBucketResult>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) }
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+')
}
