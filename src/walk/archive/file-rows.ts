/** The rows of a file of the archive, and what is said about them. */

import { archiveUnit, entryName, type ArchivePeriod } from '../../binance/archive.ts'
import type { Numbers } from '../../binance/dataset.ts'
import { datasetOf } from '../../binance/market.ts'
import type { SeriesKey } from '../../binance/series.ts'
import type { Archive } from '../../pull/archive/download.ts'
import { unzip } from '../../pull/archive/zip.ts'
import { CsvFile, type CsvEvidence } from '../../rows/csv-file.ts'
import { withTimes } from '../../rows/labels.ts'
import type { Page, UnknownField } from '../../rows/page.ts'
import type { PackedPage } from '../../store/packed-page.ts'

/** What is unusual in a file but does not make it unusable. */
export type FileEvidence = Pick<CsvEvidence, 'back' | 'conflicts'>

/** What a file turned out to be. */
export type Seen = { readonly evidence: FileEvidence; readonly fields: readonly UnknownField[] }

/** The same file in the hands of another thread. */
export type PackedFile = {
  pages(): AsyncGenerator<PackedPage, void, void>
  /** `undefined` until its pages were read to their end. */
  readonly seen: Seen | undefined
}

/** A file, and what is to be read from it. */
export type RowsOfFile = {
  readonly key: SeriesKey
  readonly numbers: Numbers
  readonly file: ArchivePeriod
  readonly archive: Pick<Archive, 'path' | 'file'>
  readonly packing?: PackedFile | undefined
}

/** The rows of an opened file. */
export class ArchiveRows {
  readonly #of: RowsOfFile
  #csv: CsvFile | undefined

  constructor(of: RowsOfFile) {
    this.#of = of
  }

  /**
   * All rows: in order, each key once, all valid and in the file's own period. May be called again.
   *
   * @throws ArchiveError when the file cannot be used.
   */
  pages(): AsyncGenerator<Page, void, void> {
    const { key, numbers, archive, file } = this.#of
    const { path } = archive
    const { window } = file
    const dataset = datasetOf(key)
    const unit = archiveUnit(key, window)
    const csv = new CsvFile(dataset, numbers, { period: window, unit, file: path })
    this.#csv = csv
    const pages = csv.pages(unzip(archive.file, { path, entry: entryName(key, file.period) }))
    return dataset.labels === undefined
      ? pages
      : withTimes(dataset, pages, { period: window, file: path })
  }

  /** All rows, packed where another thread does so. Call once. @throws ArchiveError when the file cannot be used */
  stored(): AsyncGenerator<Page | PackedPage, void, void> {
    return this.#of.packing?.pages() ?? this.pages()
  }

  /** Reads the file to its end. @throws ArchiveError when it cannot be used */
  async checkAll(): Promise<void> {
    const pages = this.pages()
    while (!(await pages.next()).done);
  }

  /** Columns of the file that this version does not know. */
  get unknownFields(): readonly UnknownField[] {
    return this.#of.packing?.seen?.fields ?? this.#csv?.unknownFields ?? []
  }

  /** What was unusual in the rows read. */
  get evidence(): FileEvidence {
    return this.#of.packing?.seen?.evidence ?? this.#csv?.evidence ?? { back: 0n, conflicts: 0 }
  }

  /** A message when times go back while ids increase. */
  get disorder(): string | undefined {
    const { back } = this.evidence
    if (back === 0n) return undefined
    return `${this.#of.archive.path}: times go back by up to ${Number(back) / 1e6} s while ids increase; rows are kept in the order of their ids`
  }

  /** A message about what is unusual in the rows read but does not make them unusable. */
  get anomaly(): string | undefined {
    const { conflicts } = this.evidence
    if (conflicts === 0) return undefined
    return `${this.#of.archive.path}: ${conflicts} rows occur twice with different values; the later ones are kept`
  }
}
