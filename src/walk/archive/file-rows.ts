/** The rows of a file of the archive, and what is said about them. */

import { archiveUnit, entryName, type ArchivePeriod } from '../../binance/archive.ts'
import type { Numbers } from '../../binance/dataset.ts'
import { datasetOf } from '../../binance/market.ts'
import type { SeriesKey } from '../../binance/series.ts'
import type { Archive } from '../../pull/archive/download.ts'
import { unzip } from '../../pull/archive/zip.ts'
import { CsvFile } from '../../rows/csv-file.ts'
import { withTimes } from '../../rows/labels.ts'
import type { Page, UnknownField } from '../../rows/page.ts'

/** The rows of an opened file. */
export class ArchiveRows {
  readonly #key: SeriesKey
  readonly #numbers: Numbers
  readonly #file: ArchivePeriod
  readonly #archive: Archive
  #csv: CsvFile | undefined

  constructor(key: SeriesKey, numbers: Numbers, file: ArchivePeriod, archive: Archive) {
    this.#key = key
    this.#numbers = numbers
    this.#file = file
    this.#archive = archive
  }

  /**
   * All rows: in order, each key once, all valid and in the file's own period. May be called again.
   *
   * @throws ArchiveError when the file cannot be used.
   */
  pages(): AsyncGenerator<Page, void, void> {
    const { path, file } = this.#archive
    const { period, window } = this.#file
    const csv = new CsvFile(datasetOf(this.#key), this.#numbers, {
      period: window,
      unit: archiveUnit(this.#key, window),
      file: path,
    })
    this.#csv = csv
    const pages = csv.pages(unzip(file, { path, entry: entryName(this.#key, period) }))
    const dataset = datasetOf(this.#key)
    return dataset.labels === undefined
      ? pages
      : withTimes(dataset, pages, { period: window, file: path })
  }

  /** Reads the file to its end. @throws ArchiveError when it cannot be used */
  async checkAll(): Promise<void> {
    const pages = this.pages()
    while (!(await pages.next()).done);
  }

  /** Columns of the file that this version does not know. */
  get unknownFields(): readonly UnknownField[] {
    return this.#csv?.unknownFields ?? []
  }

  /** A message when times go back while ids increase. */
  get disorder(): string | undefined {
    const { back = 0n } = this.#csv?.evidence ?? {}
    if (back === 0n) return undefined
    return `${this.#archive.path}: times go back by up to ${Number(back) / 1e6} s while ids increase; rows are kept in the order of their ids`
  }

  /** A message about what is unusual in the rows read but does not make them unusable. */
  get anomaly(): string | undefined {
    const { conflicts = 0 } = this.#csv?.evidence ?? {}
    if (conflicts === 0) return undefined
    return `${this.#archive.path}: ${conflicts} rows occur twice with different values; the later ones are kept`
  }
}
