/** An archive that is hostile: listings made to fill the memory, to lead elsewhere or never to end; and redirects. */

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import PQueue from 'p-queue'
import { describe, expect, it, onTestFinished } from 'vitest'
import { TransportError } from '../../src/base/errors.ts'
import { nodeHttp } from '../../src/node/http.ts'
import { ArchiveClient } from '../../src/pull/archive/client.ts'
import { ArchiveIndex } from '../../src/pull/archive/listing.ts'
import { parseListing } from '../../src/pull/archive/listing-xml.ts'
import { filesOf } from '../e2e/support.ts'
import { klines, problemOf } from '../support/archive.ts'
import { command } from '../support/command.ts'
import { processLake, serveHistory, startRun } from '../support/process.ts'

const SERIES = klines('1h')
const FOLDER = 'data/spot/daily/klines/BTCUSDT/1h/'

const contents = (key: string, size = '1'): string =>
  `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`
const page = (inner: string, { doctype = '', truncated = false } = {}): string =>
  `<?xml version="1.0"?>${doctype}<ListBucketResult><IsTruncated>${truncated}</IsTruncated>${inner}</ListBucketResult>`

/** A server with these answers, and how often it was asked. */
async function answering(
  answer: RequestListener,
): Promise<{ url: string; asked: () => readonly string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
  }
}

/** The index of an archive whose listing has these pages, one after the other. */
async function indexOf(
  pageOf: (request: number) => string,
): Promise<{ index: ArchiveIndex; asked: () => readonly string[] }> {
  let count = 0
  const { url, asked } = await answering((_, response) => response.end(pageOf(count++)))
  const http = nodeHttp()
  onTestFinished(() => http.close())
  const clock = { now: () => 0n as never, monotonicMs: () => 0, sleep: async () => undefined }
  const world = { clock, random: { next: () => 0.5 }, http }
  const client = new ArchiveClient(world, {
    url,
    listingUrl: url,
    places: new PQueue(),
    attemptsMax: 2,
  })
  return { index: new ArchiveIndex(client), asked }
}

describe('a listing', () => {
  const entities = Array.from(
    { length: 12 },
    (_, at) => `<!ENTITY e${at} "${at === 0 ? 'lol' : `&e${at - 1};`.repeat(10)}">`,
  ).join('')
  it.each([
    ['a billion laughs', `<!DOCTYPE x [${entities}]>`, '&e11;'],
    ['a file of this machine', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', '&e;'],
    [
      'a long entity many times',
      `<!DOCTYPE x [<!ENTITY e "${'A'.repeat(10_000)}">]>`,
      '&e;'.repeat(10_000),
    ],
  ])('does not expand %s', (_, doctype, key) => {
    let paths: readonly string[] = []
    try {
      paths = parseListing(page(contents(key), { doctype })).files.map(({ path }) => path)
    } catch (error) {
      expect(error).toBeInstanceOf(TransportError)
    }
    expect(paths.join('').length).toBeLessThanOrEqual(key.length)
    expect(paths.join('')).not.toMatch(/root:|AAAA|lollol/)
  })

  it.each([
    ['nested deeply', page('<a>'.repeat(300_000) + '</a>'.repeat(300_000))],
    ['nested deeply and left open', page('<a>'.repeat(300_000))],
    ['of comments without end', page('<!--'.repeat(100_000))],
    ['with a key in a key', page(contents('<Key>x</Key>'))],
    ['with a size that is none', page(contents(`${FOLDER}x.zip`, '-1'))],
    ['with a size beyond reason', page(contents(`${FOLDER}x.zip`, '9'.repeat(400)))],
    ['that names a prototype', page('<__proto__><polluted>1</polluted></__proto__>')],
  ])('%s is none', (_, xml) => {
    expect(() => parseListing(xml)).toThrow(TransportError)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('with keys that lead elsewhere has none of them', async () => {
    const away = ['../../etc/x.zip', 'a/../../x.zip', '..%2fx.zip/../y.zip', '/x.zip']
    const keys = away.flatMap((key) => [contents(`${FOLDER}${key}`), contents(key)])
    const { index } = await indexOf(() => page(keys.join('') + contents(`${FOLDER}x.zip`)))
    expect([...(await index.files(SERIES, 'daily')).keys()]).toEqual([`${FOLDER}x.zip`])
  })

  it('of ten megabytes is cut off', async () => {
    const { index } = await indexOf(() => page(contents(`${FOLDER}${'x'.repeat(10 << 20)}.zip`)))
    const { message } = await problemOf(index.files(SERIES, 'daily'))
    expect(message).toMatch(/larger|bytes/)
  })

  it('whose markers go on for ever is given up', async () => {
    const { index, asked } = await indexOf((at) => {
      const marker = `<NextMarker>${String(at).padStart(9, '0')}</NextMarker>`
      return page(marker, { truncated: true })
    })
    expect((await problemOf(index.files(SERIES, 'daily'))).message).toContain('does not end')
    expect(asked()).toHaveLength(1_000)
  })

  it('whose markers go round is given up at once', async () => {
    const { index, asked } = await indexOf(() =>
      page('<NextMarker>a</NextMarker>', { truncated: true }),
    )
    await problemOf(index.files(SERIES, 'daily'))
    expect(asked()).toHaveLength(2)
  })

  it('regression: with more files than any folder has is given up before they fill the memory', async () => {
    const { index, asked } = await indexOf((at) => {
      const names = Array.from({ length: 9_000 }, (_, i) => `${FOLDER}${1e6 + at}-${1e4 + i}.zip`)
      return page(names.map((name) => contents(name)).join(''), { truncated: true })
    })
    expect((await problemOf(index.files(SERIES, 'daily'))).message).toContain('does not end')
    expect(asked().length).toBeLessThan(15)
  })
})

describe('redirects', () => {
  it('of the archive are not followed', async () => {
    const bait = await answering((_, response) => response.end())
    const archive = await answering((_, response) =>
      response.writeHead(302, { location: `${bait.url}/x` }).end(),
    )
    const lake = await processLake(
      'version: 1\nsource: archive\nsymbols: [BTCUSDT]\nfrom: 2026-04-28\nto: 2026-04-30\ndatasets: [{kind: klines, intervals: [1h]}]\n',
    )
    const watched = await serveHistory()
    const { exit, stdout } = await startRun(lake, watched, { args: ['--archive-url', archive.url] })
      .done
    expect(exit).toBe(3)
    expect(stdout).toContain('HTTP 302')
    expect(archive.asked().length).toBeGreaterThan(0)
    expect(bait.asked()).toEqual([])
    expect((await filesOf(lake.dataDir)).size).toBeGreaterThan(0)
    expect([...(await filesOf(lake.dataDir)).keys()].join()).not.toContain('.parquet')
  })

  it('of the heartbeat’s host are not followed, and do not fail the run', async () => {
    const bait = await answering((_, response) => response.end())
    const beats = await answering((_, response) =>
      response.writeHead(307, { location: `${bait.url}/x` }).end(),
    )
    const { exit, stdout, stderr } = await startRun(
      await processLake(
        'version: 1\nsource: rest\nsymbols: [BTCUSDT]\nfrom: 2026-04-28\nto: 2026-04-29\ndatasets: [{kind: klines, intervals: [1h]}]\n',
      ),
      await serveHistory(),
      { args: ['--heartbeat-url', `${beats.url}/TOKEN`] },
    ).done
    expect(exit).toBe(0)
    expect(stdout + stderr).toContain('status 307')
    expect(stdout + stderr).not.toContain('TOKEN')
    expect(beats.asked()).toContain('/TOKEN/start')
    expect(bait.asked()).toEqual([])
  })
})

it('an archive whose URL has a user is refused', async () => {
  const { exit, stderr } = await command([
    'plan',
    'x.yaml',
    '--archive-url',
    'https://user:CANARY@data.binance.vision',
  ])
  expect(exit).toBe(2)
  expect(stderr).not.toContain('CANARY')
})
