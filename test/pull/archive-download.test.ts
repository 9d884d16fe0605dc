/** Downloads over real sockets, from the stand-in: whole, broken, changed, false. */

import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { archivePath, checksumPath } from '../../src/binance/archive.ts'
import type { Archive, Downloads } from '../../src/pull/archive/download.ts'
import { ArchiveIndex } from '../../src/pull/archive/listing.ts'
import type { ArchiveRule, TransportFault } from '../../src/simulator/index.ts'
import { AGG_TRADES, archiveWorld, klines, problemOf } from '../support/archive.ts'

const PERIOD = '2026-03-01'
const PATH = archivePath(AGG_TRADES, PERIOD)
const ZIP = `/${PATH}`
const SUM = `/${checksumPath(PATH)}`

async function contentOf(archive: Archive | undefined): Promise<Uint8Array> {
  if (archive === undefined) throw new Error('not published')
  const bytes = await archive.file.read(0, archive.file.sizeBytes)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(archive.sha256)
  await archive.close()
  return bytes
}

const filesBelow = async (directory: string): Promise<string[]> =>
  (await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)

const broken = (fault: TransportFault, times = 1): object => ({
  faults: { rules: [{ fault, path: ZIP, times }] },
})
const wrong = (fault: ArchiveRule['fault'], to?: string): object => ({
  archive: { rules: [{ path: PATH, fault, ...(to === undefined ? {} : { to: parseMicros(to) }) }] },
})

async function whole(): Promise<Uint8Array> {
  const { downloads } = await archiveWorld()
  return contentOf(await downloads.open(PATH))
}

describe('files that are there', () => {
  test('checksum first, then the zip; nothing is left behind', async () => {
    const { downloads, asked, directory, client } = await archiveWorld()
    const archive = await downloads.open(PATH)
    expect(archive).toMatchObject({ path: PATH, modified: parseMicros('2026-03-02') })
    const bytes = await contentOf(archive)
    expect(bytes.length).toBeGreaterThan(10_000)
    expect(asked()).toEqual([SUM, ZIP])
    expect(await filesBelow(directory)).toEqual([])
    expect(client.spent.requests).toBe(2)
    expect(client.spent.bytes).toBeGreaterThan(bytes.length)
  })

  test('what is downloaded is never under its own name in the lake', async () => {
    const { downloads, directory } = await archiveWorld()
    const archive = await downloads.open(PATH)
    const names = await filesBelow(directory)
    expect(names).toHaveLength(1)
    expect(names[0]).toMatch(/\.tmp$/)
    await archive?.close()
    expect(await filesBelow(directory)).toEqual([])
  })

  test('not published: no checksum, or no zip', async () => {
    const { downloads, asked, directory } = await archiveWorld({}, { now: '2026-03-01T23:00' })
    expect(await downloads.open(PATH)).toBeUndefined()
    expect(asked()).toEqual([SUM])
    const half = await archiveWorld({
      faults: { rules: [{ fault: { kind: 'status', status: 404 }, path: ZIP }] },
    })
    expect(await half.downloads.open(PATH)).toBeUndefined()
    expect(await filesBelow(directory)).toEqual([])
  })

  test('where the bucket may not be listed, 403 says not published', async () => {
    const { downloads } = await archiveWorld({
      faults: { rules: [{ fault: { kind: 'status', status: 403 }, path: SUM }] },
    })
    expect(await downloads.open(PATH)).toBeUndefined()
  })

  test('no more at once than there are places', async () => {
    const { client } = await archiveWorld()
    let [now, most] = [0, 0]
    const work = async (): Promise<void> => {
      most = Math.max(most, ++now)
      await Promise.resolve()
      now--
    }
    await Promise.all(Array.from({ length: 20 }, () => client.inTurn(work)))
    expect(most).toBe(4)
  })
})

describe('connections that break', () => {
  test.each([0, 0.001, 0.3, 0.9999])(
    'reset after %d of the file: goes on from there',
    async (fraction) => {
      const { downloads, exchange, asked, directory, waits } = await archiveWorld(
        broken({ kind: 'reset', fraction }),
      )
      expect(Buffer.compare(await contentOf(await downloads.open(PATH)), await whole())).toBe(0)
      expect(asked()).toEqual([SUM, ZIP, ZIP])
      const second = exchange.log.entries.at(-1)
      // What a socket still held when it was reset may be lost.
      expect([200, 206]).toContain(second?.status)
      expect(waits).toHaveLength(1)
      expect(await filesBelow(directory)).toEqual([])
    },
  )

  test('again and again, as long as each try brings something', async () => {
    const { downloads, asked } = await archiveWorld(
      broken({ kind: 'drip', bytes: 4_000, everyMs: 1 }, 1),
    )
    await contentOf(await downloads.open(PATH))
    expect(asked()).toEqual([SUM, ZIP])
    const often = await archiveWorld(broken({ kind: 'wrongLength', by: 1 }, 3))
    expect(Buffer.compare(await contentOf(await often.downloads.open(PATH)), await whole())).toBe(0)
  })

  test('a server without ranges: from the start', async () => {
    const { downloads, exchange } = await archiveWorld({
      ...broken({ kind: 'reset', fraction: 0.5 }),
      archive: { hasRanges: false },
    })
    expect(Buffer.compare(await contentOf(await downloads.open(PATH)), await whole())).toBe(0)
    expect(exchange.log.entries.map(({ status }) => status)).toEqual([200, 200, 200])
  })

  test('a file replaced between two tries is not pieced together', async () => {
    const { downloads, setNow, exchange } = await archiveWorld(
      {
        ...broken({ kind: 'reset', fraction: 0.5 }),
        archive: {
          rules: [{ path: PATH, fault: { kind: 'replaced' }, from: parseMicros('2026-06-11') }],
        },
      },
      { now: '2026-06-10' },
    )
    const handle = exchange.handle.bind(exchange)
    exchange.handle = (request, now) => {
      const response = handle(request, now)
      if (request.path === ZIP) setNow(parseMicros('2026-06-11'))
      return response
    }
    const archive = await downloads.open(PATH)
    const bytes = await contentOf(archive)
    expect(Buffer.compare(bytes, await whole())).not.toBe(0)
    // The first checksum was that of the old file, so both were asked for once more.
    expect(exchange.log.entries.map(({ path }) => path)).toEqual([SUM, ZIP, ZIP, SUM, ZIP])
  })

  test('a connection that ends too early and says nothing', async () => {
    const { downloads, asked } = await archiveWorld(
      broken({ kind: 'closeDelimitedCut', fraction: 0.5 }),
    )
    expect(Buffer.compare(await contentOf(await downloads.open(PATH)), await whole())).toBe(0)
    // Only its checksum tells.
    expect(asked()).toEqual([SUM, ZIP, SUM, ZIP])
  })

  test.each([500, 503, 429])('status %d passes', async (status) => {
    const { downloads, asked } = await archiveWorld({
      faults: { rules: [{ fault: { kind: 'status', status }, path: ZIP, times: 2 }] },
    })
    await contentOf(await downloads.open(PATH))
    expect(asked()).toEqual([SUM, ZIP, ZIP, ZIP])
  })

  test('status 451 does not', async () => {
    const { downloads, asked, directory } = await archiveWorld({
      faults: { rules: [{ fault: { kind: 'region' }, path: ZIP, times: 99 }] },
    })
    expect(await problemOf(downloads.open(PATH))).toMatchObject({
      problem: 'unreachable',
      path: PATH,
    })
    expect(asked()).toEqual([SUM, ZIP])
    expect(await filesBelow(directory)).toEqual([])
  })

  test('in vain for ever: gives up, and leaves nothing behind', async () => {
    const { downloads, asked, directory } = await archiveWorld({
      faults: { rules: [{ fault: { kind: 'status', status: 500 }, path: ZIP, times: Infinity }] },
    })
    const { problem, message } = await problemOf(downloads.open(PATH))
    expect(problem).toBe('unreachable')
    expect(message).toContain('gave up after 8 attempts')
    expect(asked().filter((path) => path === ZIP)).toHaveLength(8)
    expect(await filesBelow(directory)).toEqual([])
  })

  test('stopped by the caller', async () => {
    const stop = new AbortController()
    const { downloads, directory } = await archiveWorld(broken({ kind: 'hang', fraction: 0.5 }))
    const work = downloads.open(PATH, stop.signal)
    const refused = expect(work).rejects.toThrow('enough')
    await seen(directory)
    stop.abort(new Error('enough'))
    await refused
    expect(await filesBelow(directory)).toEqual([])
  })

  /** Waits until something is on disk. */
  async function seen(directory: string): Promise<void> {
    while ((await filesBelow(directory)).length === 0) await Promise.resolve()
  }
})

describe('files that are not what they should be', () => {
  const refusedTwice = [SUM, ZIP, SUM, ZIP]

  test('a wrong checksum: once more past caches, then set aside', async () => {
    const { downloads, asked, directory } = await archiveWorld(wrong({ kind: 'wrongChecksum' }))
    const { problem, path, message } = await problemOf(downloads.open(PATH))
    expect([problem, path]).toEqual(['checksum', PATH])
    expect(message).toMatch(/its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}/)
    expect(asked()).toEqual(refusedTwice)
    expect(await filesBelow(directory)).toEqual([])
  })

  test('the second try asks past caches', async () => {
    const { downloads, exchange } = await archiveWorld(wrong({ kind: 'wrongChecksum' }))
    const seen: (string | undefined)[] = []
    const handle = exchange.handle.bind(exchange)
    exchange.handle = (request, now) => {
      seen.push(request.headers['cache-control'])
      return handle(request, now)
    }
    await problemOf(downloads.open(PATH))
    expect(seen).toEqual([undefined, undefined, 'no-cache', 'no-cache'])
  })

  test('a zip that was cut', async () => {
    const { downloads } = await archiveWorld(wrong({ kind: 'cutZip', fraction: 0.5 }))
    expect((await problemOf(downloads.open(PATH))).problem).toBe('checksum')
  })

  test.each([
    ['a web page', '<!DOCTYPE html><html>404</html>'],
    ['another name', '{hash}  BTCUSDT-aggTrades-2026-03-02.zip'],
    ['nothing', ''],
  ])('a .CHECKSUM that is %s: the zip is not asked for', async (_, text) => {
    const { downloads, asked } = await archiveWorld(wrong({ kind: 'checksumText', text }))
    expect((await problemOf(downloads.open(PATH))).problem).toBe('checksum')
    expect(asked()).toEqual([SUM, SUM])
  })

  test('a .CHECKSUM with a line feed', async () => {
    const { downloads } = await archiveWorld(
      wrong({ kind: 'checksumText', text: '{hash}  {name}\n' }),
    )
    expect(Buffer.compare(await contentOf(await downloads.open(PATH)), await whole())).toBe(0)
  })

  test('a replaced file is found by its checksum', async () => {
    const { downloads, setNow } = await archiveWorld({
      archive: {
        rules: [{ path: PATH, fault: { kind: 'replaced' }, from: parseMicros('2026-06-11') }],
      },
    })
    const before = await downloads.checksum(PATH)
    setNow(parseMicros('2026-06-11'))
    const after = await downloads.checksum(PATH)
    expect(before).toMatch(/^[0-9a-f]{64}$/)
    expect(after).not.toBe(before)
    expect(await downloads.checksum(archivePath(AGG_TRADES, '2031-01-01'))).toBeUndefined()
  })
})

describe('kept zips', () => {
  const keep = { keep: true }
  const twice = async (first: Downloads, second: Downloads): Promise<Uint8Array> => {
    await contentOf(await first.open(PATH))
    return contentOf(await second.open(PATH))
  }

  test('are used again', async () => {
    const { downloads, again, asked, directory } = await archiveWorld({}, keep)
    expect(Buffer.compare(await twice(downloads, again()), await whole())).toBe(0)
    expect(asked()).toEqual([SUM, ZIP, SUM])
    expect(await filesBelow(join(directory, 'kept'))).toEqual(['BTCUSDT-aggTrades-2026-03-01.zip'])
    expect(await filesBelow(join(directory, 'lake'))).toEqual([])
  })

  test('but not once they were damaged or replaced', async () => {
    const { downloads, again, asked, setNow } = await archiveWorld(
      {
        archive: {
          rules: [{ path: PATH, fault: { kind: 'replaced' }, from: parseMicros('2026-06-11') }],
        },
      },
      keep,
    )
    await contentOf(await downloads.open(PATH))
    setNow(parseMicros('2026-06-11'))
    const bytes = await contentOf(await again().open(PATH))
    expect(Buffer.compare(bytes, await whole())).not.toBe(0)
    expect(asked()).toEqual([SUM, ZIP, SUM, ZIP])
    await contentOf(await again().open(PATH))
    expect(asked()).toEqual([SUM, ZIP, SUM, ZIP, SUM])
  })

  test('are taken from whoever was sooner, where two want the same at once', async () => {
    const { downloads, again, directory } = await archiveWorld({}, keep)
    const both = await Promise.all([downloads.open(PATH), again().open(PATH)])
    for (const archive of both)
      expect(Buffer.compare(await contentOf(archive), await whole())).toBe(0)
    expect(await filesBelow(directory)).toEqual(['BTCUSDT-aggTrades-2026-03-01.zip'])
  })

  test('and not when they are not what their checksum says', async () => {
    const { downloads, directory } = await archiveWorld(wrong({ kind: 'wrongChecksum' }), keep)
    expect((await problemOf(downloads.open(PATH))).problem).toBe('checksum')
    expect(await filesBelow(directory)).toEqual([])
  })
})

describe('listings', () => {
  test('pages are followed, each folder is asked for once', async () => {
    const { client, asked } = await archiveWorld(
      { archive: { listingKeys: 7 } },
      { now: '2017-09-10' },
    )
    const index = new ArchiveIndex(client)
    const files = await index.files(AGG_TRADES, 'daily')
    expect(files.size).toBe(24)
    expect([...files.keys()][0]).toBe(archivePath(AGG_TRADES, '2017-08-17'))
    expect(files.get(archivePath(AGG_TRADES, '2017-09-09'))).toMatchObject({
      path: archivePath(AGG_TRADES, '2017-09-09'),
      modified: parseMicros('2017-09-10'),
    })
    expect(files.has(archivePath(AGG_TRADES, '2017-09-10'))).toBe(false)
    expect(asked()).toHaveLength(7)
    expect(asked()[0]).toBe('/?prefix=data%2Fspot%2Fdaily%2FaggTrades%2FBTCUSDT%2F&delimiter=%2F')
  })

  test('are asked for from a month before the days that are wanted, as far as these go', async () => {
    const { client, asked } = await archiveWorld(
      { archive: { listingKeys: 20 } },
      { now: '2018-04-10' },
    )
    const index = new ArchiveIndex(client)
    const inMarch = (first: string, last: string) =>
      index.files(AGG_TRADES, 'daily', { first: `2018-03-${first}`, last: `2018-03-${last}` })
    const daysOf = (files: ReadonlyMap<string, unknown>) =>
      [...files.keys()].map((path) => path.slice(-14, -4))
    const files = daysOf(await inMarch('01', '02'))
    expect(files[0]).toBe('2018-01-01')
    expect(files).toContain('2018-03-02')
    expect(files.length).toBeLessThan(75)
    const pages = asked().length
    expect(asked()[0]).toContain('BTCUSDT-aggTrades-2018-01')
    // What is known is not asked for again; what lies beyond is, once for all that want it.
    await inMarch('01', '02')
    expect(asked()).toHaveLength(pages)
    const [later, same] = await Promise.all([inMarch('01', '30'), inMarch('02', '30')])
    expect(daysOf(later)).toContain('2018-03-30')
    expect(daysOf(same)).toEqual(daysOf(later))
    expect(asked().length).toBeGreaterThan(pages)
    expect(new Set(asked()).size).toBe(asked().length)
    const all = daysOf(await index.files(AGG_TRADES, 'daily'))
    expect(all[0]).toBe('2017-08-17')
    expect(all.at(-1)).toBe('2018-04-09')
  })

  test('months of klines, by the name of the folder', async () => {
    const { client } = await archiveWorld({}, { now: '2018-01-10' })
    const files = await new ArchiveIndex(client).files(klines('1M'), 'monthly')
    expect([...files.keys()].map((path) => path.slice(-11, -4))).toEqual([
      '2017-08',
      '2017-09',
      '2017-10',
      '2017-11',
      '2017-12',
    ])
  })

  test('a bucket that may not be listed', async () => {
    const { client, asked } = await archiveWorld({ archive: { isListed: false } })
    const index = new ArchiveIndex(client)
    expect((await problemOf(index.files(AGG_TRADES, 'daily'))).problem).toBe('unreachable')
    expect((await problemOf(index.files(AGG_TRADES, 'daily'))).problem).toBe('unreachable')
    expect(asked()).toHaveLength(2)
  })

  test('a web page instead of a listing is asked for again', async () => {
    const rules = [{ fault: { kind: 'body', body: 'html' } as const, path: '/' }]
    const { client } = await archiveWorld({ faults: { rules } }, { now: '2017-09-10' })
    expect((await new ArchiveIndex(client).files(AGG_TRADES, 'daily')).size).toBe(24)
  })
})
