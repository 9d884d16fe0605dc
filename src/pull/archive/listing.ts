/** The files in the archive, from the listing of its bucket (S3, version 1 of "ListObjects"). */

import { ArchiveError } from '../../base/errors.ts'
import { quoteText } from '../../base/text.ts'
import { micros, periodOf, periodWindow } from '../../base/time.ts'
import { archiveFolder, archivePath, archiveSpan, type ArchiveSpan } from '../../binance/archive.ts'
import type { SeriesKey } from '../../binance/series.ts'
import type { ArchiveClient } from './client.ts'
import type { ListedFile, ListingPage } from './listing-xml.ts'

// S3 returns a thousand keys per page, each in some 500 bytes.
const PAGE_BYTES_MAX = 2 << 20
/** Most files of one folder: the days of two hundred years. */
const FILES_MAX = 75_000
/** A thousand keys per page; no folder has nearly as many files as this allows. */
const PAGES_MAX = 1_000
const MARGIN = 31n * 86_400_000_000n

/** Days or months, both inclusive, whose files are looked for. */
export type PeriodRange = { readonly first: string; readonly last: string }

/** All files of a folder whose paths lie in a range: after the first text, up to the second or to the end. */
type Listed = {
  readonly after: string
  readonly until: string | undefined
  readonly files: ReadonlyMap<string, ListedFile>
}

/** The archive's files, each part of a folder listed at most once. One per run. */
export class ArchiveIndex {
  readonly #client: ArchiveClient
  readonly #folders = new Map<string, Promise<Listed>>()

  constructor(client: ArchiveClient) {
    this.#client = client
  }

  /**
   * The zips of a series by their paths: at least all those of `range`, or of all time without one; empty when there is
   * none.
   *
   * @throws ArchiveError `unreachable` when the bucket cannot be listed; files can still be requested by name.
   */
  async files(
    key: SeriesKey,
    span: ArchiveSpan,
    range?: PeriodRange,
  ): Promise<ReadonlyMap<string, ListedFile>> {
    const folder = archiveFolder(key, span)
    const after = range === undefined ? '' : pathBefore(key, range.first)
    const until = range === undefined ? undefined : archivePath(key, range.last)
    const before = this.#folders.get(folder)
    const listed = this.#listed(folder, before, { after, until })
    this.#folders.set(folder, listed)
    try {
      return (await listed).files
    } catch (error) {
      // A failure must not be cached like an answer.
      if (this.#folders.get(folder) === listed) this.#folders.delete(folder)
      throw error
    }
  }

  /**
   * The names of the folders in a folder, in order.
   *
   * @throws ArchiveError `unreachable` when the bucket cannot be listed.
   */
  folders(folder: string): Promise<readonly string[]> {
    return this.#client.inTurn(async () => {
      const names: string[] = []
      let marker = ''
      for (let page = 0; page < PAGES_MAX; page++) {
        const next = await this.#page(folder, marker)
        for (const path of next.folders)
          if (path.startsWith(folder)) names.push(path.slice(folder.length, -1))
        if (next.marker === undefined) return names
        if (next.marker <= marker) break
        marker = next.marker
      }
      throw endless(folder)
    })
  }

  async #listed(
    folder: string,
    before: Promise<Listed> | undefined,
    wanted: Omit<Listed, 'files'>,
  ): Promise<Listed> {
    const known = await before
    if (known === undefined) return this.#client.inTurn(() => this.#list(folder, wanted))
    const isReached = reaches(known, wanted)
    if (wanted.after < known.after) {
      const { until } = isReached ? known : wanted
      return this.#client.inTurn(() => this.#list(folder, { after: wanted.after, until }))
    }
    if (isReached || known.until === undefined) return known
    const rest = { after: known.until, until: wanted.until }
    const more = await this.#client.inTurn(() => this.#list(folder, rest))
    return { ...more, after: known.after, files: new Map([...known.files, ...more.files]) }
  }

  async #list(folder: string, { after, until }: Omit<Listed, 'files'>): Promise<Listed> {
    const files = new Map<string, ListedFile>()
    let marker = after
    for (let page = 0; page < PAGES_MAX; page++) {
      const next = await this.#page(folder, marker)
      for (const file of next.files) if (isZipIn(folder, file)) files.set(file.path, file)
      if (next.marker === undefined) return { after, until: undefined, files }
      if (files.size > FILES_MAX || next.marker <= marker) break
      marker = next.marker
      if (until !== undefined && until <= marker) return { after, until: marker, files }
    }
    throw endless(folder)
  }

  async #page(folder: string, marker: string): Promise<ListingPage> {
    const url = this.#client.listingUrl({
      prefix: folder,
      delimiter: '/',
      ...(marker === '' ? {} : { marker }),
    })
    const limits = { path: folder, sizeBytesMax: PAGE_BYTES_MAX }
    return this.#client.persist(
      folder,
      async () => {
        const answer = await this.#client.get(url, limits)
        const { parseListing } = await import('./listing-xml.ts')
        if (answer !== undefined) return parseListing(new TextDecoder().decode(answer.body))
        throw new ArchiveError('unreachable', folder, "the archive's bucket cannot be listed")
      },
      undefined,
    )
  }
}

/** Does `known` reach as far as what is wanted? */
function reaches(known: { readonly until: string | undefined }, wanted: typeof known): boolean {
  if (known.until === undefined) return true
  return wanted.until !== undefined && wanted.until <= known.until
}

/**
 * A text that sorts before the days from a month before `period` on, so that its neighbours are listed with it. Months
 * are few enough to be listed whole.
 */
function pathBefore(key: SeriesKey, period: string): string {
  if (archiveSpan(period) === 'monthly') return ''
  const { from } = periodWindow(period)
  const path = archivePath(key, periodOf(micros(from - MARGIN), 'month'))
  return `${archiveFolder(key, 'daily')}${path.slice(archiveFolder(key, 'monthly').length, -'.zip'.length)}`
}

function endless(folder: string): ArchiveError {
  return new ArchiveError('unreachable', folder, `the listing of ${quoteText(folder)} does not end`)
}

function isZipIn(folder: string, { path }: ListedFile): boolean {
  return path.startsWith(folder) && path.endsWith('.zip') && !path.includes('/', folder.length)
}
