import { cp, rm, writeFile } from 'node:fs/promises'
import { get, request as send, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { readTable, serveLake, type LakeServer, type ServeOptions } from '../../src/index.ts'
import type { ReportDocument } from '../../src/report/document.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { nodeWorld } from '../../src/node/world.ts'
import { acquireLock } from '../../src/store/lock.ts'
import { contents, tempDir } from '../support/lake.ts'
import { sharedLake } from '../support/shared-lake.ts'

const lake = sharedLake(`
version: 1
datasets:
  - { kind: klines, symbols: [BTCUSDT, ETHUSDT, 币安人生USDT], intervals: [1h], from: 2026-11-02, to: 2026-11-09 }
  - { kind: aggTrades, symbols: [BTCUSDT], from: 2026-11-04, to: 2026-11-04T01:00:00Z }
`)

type Answer = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

async function served(options: ServeOptions = {}): Promise<LakeServer> {
  const server = await serveLake({ dataDir: lake.dataDir, ...options })
  onTestFinished(() => server.close())
  return server
}

async function ask(
  { port }: LakeServer,
  path: string,
  options: { readonly host?: string; readonly method?: string; readonly version?: string } = {},
): Promise<Answer> {
  const { host = `127.0.0.1:${port}`, method = 'GET', version } = options
  const headers = { host, ...(version === undefined ? {} : { 'if-none-match': version }) }
  return new Promise((resolve, reject) => {
    const request = send({ port, host: '127.0.0.1', path, method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        })
      })
    })
    request.on('error', reject).end()
  })
}

async function askJson<T>(server: LakeServer, path: string): Promise<T> {
  return JSON.parse((await ask(server, path)).body) as T
}

/** A copy of the lake, to be harmed. */
async function copiedLake(): Promise<string> {
  const dataDir = join(await tempDir(), 'lake')
  await cp(lake.dataDir, dataDir, { recursive: true })
  return dataDir
}

describe('the served lake', () => {
  test('is the overview, series by series, and the runs that made it', async () => {
    const { series, runs } = await askJson<ReportDocument>(await served(), '/api/overview')
    expect(runs).toHaveLength(1)
    expect(runs[0]).toMatchObject({ exit: 0 })
    expect(runs[0]?.words).toMatch(/^[\d,]+ rows added$/)
    expect(series.map(({ id, standing, rows }) => [id, standing, rows])).toEqual([
      ['aggTrades/BTCUSDT', 'complete', expect.any(Number)],
      ['klines/BTCUSDT/1h', 'complete', 168],
      ['klines/ETHUSDT/1h', 'gaps', 164],
      ['klines/币安人生USDT/1h', 'complete', 168],
    ])
  })

  test('is the days and the candles of one series', async () => {
    const server = await served()
    const days = await askJson(server, '/api/days?series=klines/ETHUSDT/1h')
    expect(days).toMatchObject({ first: '2026-11-02' })
    const name = encodeURIComponent('klines/币安人生USDT/1h')
    const { rows, close } = await askJson<{ rows: number; close: number[] }>(
      server,
      `/api/candles?series=${name}&from=2026-11-03&to=2026-11-04`,
    )
    const table = await readTable({
      dataDir: lake.dataDir,
      dataset: 'klines',
      symbol: '币安人生USDT',
      interval: '1h',
      from: '2026-11-03',
      to: '2026-11-04',
    })
    expect(rows).toBe(24)
    const stored = [...(table.getChild('close')!.toArray() as Float64Array)]
    expect(close).toEqual(stored.map((value) => Number(value.toPrecision(7))))
  })

  test('puts many rows together into as many candles as are asked for', async () => {
    const path = '/api/candles?series=klines/BTCUSDT/1h&max=10'
    const { step, rows, open } = await askJson<{ step: number; rows: number; open: number[] }>(
      await served(),
      path,
    )
    expect([step, rows, open.length]).toEqual([86_400, 168, 7])
  })

  test('is read, and never written', async () => {
    const before = await contents(lake.dataDir)
    const server = await served()
    for (const path of ['/', '/api/overview', '/api/candles?series=klines/BTCUSDT/1h'])
      expect((await ask(server, path)).status).toBe(200)
    expect(await contents(lake.dataDir)).toEqual(before)
  })

  test('has a version, so that a page that is the same is not sent again', async () => {
    const dataDir = await copiedLake()
    const server = await served({ dataDir })
    const { etag = '' } = (await ask(server, '/')).headers
    const again = await ask(server, '/', { version: etag })
    expect([again.status, again.body, again.headers.etag]).toEqual([304, '', etag])
    await writeFile(join(dataDir, 'spot/klines/interval=1h/symbol=BTCUSDT/_series.json'), '')
    expect((await ask(server, '/', { version: etag })).status).toBe(200)
  })

  test('says who writes to it', async () => {
    const dataDir = await copiedLake()
    const server = await served({ dataDir })
    expect(await askJson(server, '/api/overview')).not.toHaveProperty('writer')
    const lock = await acquireLock(nodeWorld({ files: nodeFiles(dataDir) }))
    const { writer } = await askJson<ReportDocument>(server, '/api/overview')
    expect(writer).toMatch(new RegExp(`^A run writes to it since .* \\(process ${process.pid} on `))
    await lock.release()
    expect(await askJson(server, '/api/overview')).not.toHaveProperty('writer')
  })

  test('is read anew for each request', async () => {
    const dataDir = await copiedLake()
    const server = await served({ dataDir })
    const gone = 'spot/klines/interval=1h/symbol=BTCUSDT'
    await rm(join(dataDir, gone), { recursive: true })
    const { series } = await askJson<ReportDocument>(server, '/api/overview')
    expect(series.map(({ id }) => id)).not.toContain('klines/BTCUSDT/1h')
    const asked = await ask(server, '/api/candles?series=klines/BTCUSDT/1h')
    expect([asked.status, JSON.parse(asked.body)]).toEqual([
      404,
      { error: { code: 'E_NOT_FOUND', message: 'the lake has no series klines/BTCUSDT/1h' } },
    ])
  })

  test('with a torn manifest names it, and shows the others', async () => {
    const dataDir = await copiedLake()
    const torn = 'spot/klines/interval=1h/symbol=BTCUSDT/_series.json'
    await writeFile(join(dataDir, torn), '{"format":1,')
    const server = await served({ dataDir })
    const { series } = await askJson<ReportDocument>(server, '/api/overview')
    expect(series).toHaveLength(4)
    const damaged = series.find(({ id }) => id === 'klines/BTCUSDT/1h')
    expect([damaged?.standing, damaged?.verdict]).toEqual([
      'incomplete',
      expect.stringContaining(torn),
    ])
    expect((await ask(server, '/')).body).toContain('damaged: ')
    const candles = await ask(server, '/api/candles?series=klines/BTCUSDT/1h')
    expect([candles.status, candles.body]).toEqual([500, expect.stringContaining(torn)])
    expect((await ask(server, '/api/candles?series=klines/ETHUSDT/1h')).status).toBe(200)
  })
})

describe('a request that cannot be answered', () => {
  test.each([
    ['/nothing', 404, 'there is no /nothing'],
    ['//evil.example/x', 404, 'there is no /evil.example/x'],
    ['/api/days', 404, 'the lake has no series '],
    ['/api/days?series=../../etc/passwd', 404, 'the lake has no series ../../etc/passwd'],
    ['/api/candles?series=aggTrades/BTCUSDT', 400, 'aggTrades has no candles'],
    ['/api/candles?series=klines/BTCUSDT/1h&from=soon&to=2026', 400, 'soon is no moment'],
    ['/api/candles?series=klines/BTCUSDT/1h&from=2026-11-03', 400, '`from` and `to` go together'],
    [
      '/api/candles?series=klines/BTCUSDT/1h&from=2026-11-03&to=2026-11-03',
      400,
      '`from` is not before `to`',
    ],
    ['/api/candles?series=klines/BTCUSDT/1h&max=1e9', 400, 'max is a whole number from 1 to 5000'],
    ['/api/days?series=%3Cscript%3E%E2%80%AE', 404, 'the lake has no series <script>\\u{202e}'],
  ])('%s: %i', async (path, status, message) => {
    const answer = await ask(await served(), path)
    expect(answer.headers['content-type']).toBe('application/json')
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      status,
      { error: { code: expect.any(String) as string, message } },
    ])
  })
})

describe('who may read it', () => {
  test.each(['evil.example', 'evil.example:80', '127.0.0.1.evil.example', '192.168.1.2', '[::2]'])(
    'not a page that calls this machine %j',
    async (host) => {
      const { status, body } = await ask(await served(), '/api/overview', { host })
      // Node refuses a request without a host by itself.
      expect([400, 403]).toContain(status)
      expect(body).not.toContain('BTCUSDT')
    },
  )

  test.each(['localhost', 'LOCALHOST:9000', '127.0.0.1', '[::1]:8080', 'localhost.'])(
    'whoever asks for %s, through a tunnel too',
    async (host) => {
      expect((await ask(await served(), '/api/overview', { host })).status).toBe(200)
    },
  )

  test('on every address: any address, and no name', async () => {
    const server = await served({ host: '0.0.0.0' })
    expect((await ask(server, '/', { host: '10.1.2.3' })).status).toBe(200)
    expect((await ask(server, '/', { host: 'evil.example' })).status).toBe(403)
  })

  test('nothing but GET and HEAD, and HEAD without a body', async () => {
    const server = await served()
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      const { status, headers } = await ask(server, '/', { method })
      expect([status, headers.allow]).toEqual([405, 'GET, HEAD'])
    }
    const head = await ask(server, '/', { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, ''])
  })

  test('every answer forbids guessing, framing, keeping and foreign readers', async () => {
    const server = await served()
    for (const path of ['/', '/api/overview', '/nothing']) {
      const { headers } = await ask(server, path)
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'x-frame-options': 'DENY',
      })
      const policy = headers['content-security-policy'] ?? ''
      expect(policy).toMatch(/^default-src 'none';/)
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|\*|http/)
      expect(headers).not.toHaveProperty('access-control-allow-origin')
    }
  })

  test('bytes that are no HTTP end their connection alone', async () => {
    const server = await served()
    const said = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write('\0\0 x\r\n\r\n'))
      let text = ''
      socket.on('data', (data) => (text += String(data)))
      socket.on('close', () => {
        resolve(text)
      })
    })
    expect(said).toContain('400 Bad Request')
    expect((await ask(server, '/')).status).toBe(200)
  })
})

describe('an address', () => {
  test('that is taken is named', async () => {
    const { port } = await served()
    await expect(served({ port })).rejects.toMatchObject({
      code: 'E_USAGE',
      message: `port ${port} is taken`,
    })
  })

  test('that is not of this machine is named', async () => {
    await expect(served({ host: '192.0.2.1' })).rejects.toMatchObject({
      message: '192.0.2.1 is not an address of this machine',
    })
  })
})

describe('a directory that is no lake', () => {
  test.each([
    ['empty', [], 'the lake holds no series'],
    ['of something else', ['photos'], 'the data directory is not a lake: it holds "photos"'],
  ])('%s is refused before anything is served', async (_, files, message) => {
    const dataDir = await tempDir()
    for (const name of files) await writeFile(join(dataDir, name), '')
    await expect(served({ dataDir })).rejects.toMatchObject({ code: 'E_USAGE', message })
  })
})

describe('closing', () => {
  let body = ''
  beforeAll(async () => {
    const server = await serveLake({ dataDir: lake.dataDir })
    // A connection that is kept alive does not hold it up.
    body = await new Promise((resolve, reject) => {
      get(`${server.url}api/overview`, (response) => {
        response.resume().on('end', () => {
          resolve('answered')
        })
      }).on('error', reject)
    })
    await server.close()
  })
  test('ends what is open', () => {
    expect(body).toBe('answered')
  })
})
