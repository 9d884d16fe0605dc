/** The archive's two hosts: the one that has the files, and the bucket that lists them. */

import PQueue from 'p-queue'
import { BackfillError, isFatal } from '../base/errors.ts'
import type { HttpAnswer, World } from '../base/ports.ts'
import { archiveFolder, archivePath, checksumPath } from '../binance/archive.ts'
import { ARCHIVE_LISTING_URL, ARCHIVE_URL } from '../binance/host.ts'
import { DEFAULT_MARKET, type SeriesKey } from '../binance/series.ts'
import type { Options } from '../options.ts'
import { parseChecksum } from '../pull/archive/checksum.ts'
import { ArchiveClient } from '../pull/archive/client.ts'
import { isArchiveMeant } from '../walk/archive/files.ts'
import { UnfitError, type Check, type Seen } from './doctor-check.ts'
import { ATTEMPTS } from './doctor-rest.ts'

/** A file that is there if any is, and its folder. */
const SERIES: SeriesKey = {
  market: DEFAULT_MARKET,
  dataset: 'klines',
  symbol: 'BTCUSDT',
  interval: '1d',
}
const FILE = checksumPath(archivePath(SERIES, '2024-01'))
const FOLDER = archiveFolder(SERIES, 'monthly')

const TIMEOUT_MS = 20_000
const FILE_BYTES_MAX = 64 << 10
const LISTING_BYTES_MAX = 2 << 20

const HINT =
  'Check the network, the proxy and --archive-url. Without the archive rows come from REST, as far back as it goes.'
const LISTING_HINT =
  'Runs then ask for each file by its name; check the network, the proxy and --archive-url.'

/** What is to be looked at. */
export function archiveChecks(world: World, options: Options): readonly Check[] {
  if (!isArchiveMeant(options) && options.source !== 'archive') return [UNUSED]
  const url = options.archiveUrl ?? ARCHIVE_URL
  const listingUrl = options.archiveUrl ?? ARCHIVE_LISTING_URL
  const places = new PQueue({ concurrency: 1 })
  const client = new ArchiveClient(world, { url, listingUrl, places, attemptsMax: ATTEMPTS })
  const look = { world, client, signal: options.signal }
  return [
    {
      of: { name: `archive ${url}`, kind: 'archive', url },
      look: () => withHint(HINT, () => seenFile(look)),
    },
    {
      of: { name: `archive listing ${listingUrl}`, kind: 'listing', url: listingUrl },
      look: () => withHint(LISTING_HINT, () => seenListing(look)),
    },
  ]
}

/** Where rows come from other hosts than Binance's, its archive has no place beside them. */
const UNUSED: Check = {
  of: { name: 'archive', kind: 'archive' },
  look: async () => ({ seen: 'not used beside --base-url; --archive-url names one' }),
}

type Look = {
  readonly world: World
  readonly client: ArchiveClient
  readonly signal: AbortSignal | undefined
}

async function seenFile(look: Look): Promise<Seen> {
  const url = look.client.urlOf(FILE)
  const { answer, latencyMs } = await answered(look, { url, path: FILE, bytesMax: FILE_BYTES_MAX })
  if (answer.status === 403) throw new UnfitError(`refuses ${FILE}: HTTP 403`)
  const seen = `answers in ${latencyMs} ms`
  if (answer.status === 404) return { seen, latencyMs, hint: `There is no ${FILE}.` }
  parseChecksum(answer.body, FILE.replace(/\.CHECKSUM$/, ''))
  return { seen, latencyMs }
}

async function seenListing(look: Look): Promise<Seen> {
  const url = look.client.listingUrl({ prefix: FOLDER, delimiter: '/', 'max-keys': '1' })
  const { answer, latencyMs } = await answered(look, {
    url,
    path: FOLDER,
    bytesMax: LISTING_BYTES_MAX,
  })
  if (answer.status === 403) throw new UnfitError('the bucket may not be listed: HTTP 403')
  if (answer.status === 404) throw new UnfitError('there is no bucket to list: HTTP 404')
  // The XML parser is loaded where it is used: this file comes with every command.
  const { parseListing } = await import('../pull/archive/listing-xml.ts')
  parseListing(new TextDecoder().decode(answer.body))
  return { seen: `lists in ${latencyMs} ms`, latencyMs }
}

async function answered(
  { world, client, signal }: Look,
  {
    url,
    path,
    bytesMax,
  }: { readonly url: string; readonly path: string; readonly bytesMax: number },
): Promise<{ readonly answer: HttpAnswer; readonly latencyMs: number }> {
  const ask = async (): Promise<{ answer: HttpAnswer; latencyMs: number }> => {
    const sentMs = world.clock.monotonicMs()
    const request = { url, headers: {}, timeoutMs: TIMEOUT_MS, sizeBytesMax: bytesMax, signal }
    const answer = await world.http.get(request)
    // Throws for a status that says neither yes nor no.
    client.isThere(path, answer)
    return { answer, latencyMs: Math.round(world.clock.monotonicMs() - sentMs) }
  }
  return client.persist(path, ask, signal)
}

/** The hints of these errors are for whoever wanted rows, and here nobody did. */
async function withHint<T>(hint: string, look: () => Promise<T>): Promise<T> {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof BackfillError) || isFatal(error)) throw error
    throw new UnfitError(error.message, { cause: error, hint })
  }
}
