/** Options of the simulated archive, as data. */

import type { Micros } from '../base/time.ts'

/** Faults of an archive file. Faults in transfer are a `TransportFault` by its path. */
export type ArchiveFault =
  /** Missing, though it should exist. */
  | { readonly kind: 'missing' }
  /** The `.CHECKSUM` names another hash; the zip is right. */
  | { readonly kind: 'wrongChecksum' }
  /** The `.CHECKSUM` is this text. `{hash}` and `{name}` stand for the right ones. */
  | { readonly kind: 'checksumText'; readonly text: string }
  /** Only this fraction of the zip exists. With `isSealed`, the checksum is that of the part. */
  | { readonly kind: 'cutZip'; readonly fraction: number; readonly isSealed?: boolean }
  /** Only this fraction of the rows exists. */
  | { readonly kind: 'cutRows'; readonly fraction: number }
  /** A header row; with `names` under other names. */
  | { readonly kind: 'header'; readonly names?: readonly string[] }
  /** Other volumes and quantities, as if the file had been made again. */
  | { readonly kind: 'replaced' }
  /** The entry is stored without compression, which a zip may do. */
  | { readonly kind: 'stored' }
  /** A second entry besides the right one. */
  | { readonly kind: 'twoEntries' }
  /** The entry has this name. */
  | { readonly kind: 'entryName'; readonly name: string }
  /** White space after the rows: this many bytes, which compress to almost nothing. */
  | { readonly kind: 'bomb'; readonly bytes: number }
  /** The rows of the day or month before. */
  | { readonly kind: 'wrongPeriod' }
  /** Times in the other unit: in all rows, or in every other. */
  | { readonly kind: 'otherUnit'; readonly rows: 'all' | 'every other' }
  /** Each row twice; two streams interleaved; the first half of the rows after the second. */
  | { readonly kind: 'duplicated' | 'interleaved' | 'swapped' }
  /** This share of the trades has no quantity. */
  | { readonly kind: 'zeroQuantities'; readonly share: number }
  /** The lines, changed by this function. */
  | { readonly kind: 'lines'; readonly change: (lines: readonly string[]) => readonly string[] }

/** Which files have a fault, and since when. */
export type ArchiveRule = {
  /** A part of the zip's path, e.g. `aggTrades/BTCUSDT/` or `-2024-03-01.zip`. */
  readonly path: string
  readonly fault: ArchiveFault
  /** From this moment on, by the server's clock. */
  readonly from?: Micros
  /** Until this moment. */
  readonly to?: Micros
}

/** Options of the archive. */
export type ArchiveOptions = {
  /** How long after the earliest possible time a day or month is published. Default 0. */
  readonly lagMs?: number
  /** Does it support `Range`? Default true. */
  readonly hasRanges?: boolean
  /** Can the bucket be listed? Default true. */
  readonly isListed?: boolean
  /** Keys per page of a listing. Default 1000. */
  readonly listingKeys?: number
  readonly rules?: readonly ArchiveRule[]
  /** Serves these files unchanged, instead of files made from the histories. */
  readonly recorded?: ReadonlyMap<string, RecordedFile>
}

/** A recorded file, by its path. */
export type RecordedFile = {
  readonly sizeBytes: number
  readonly modified: Micros
  readonly read: () => Uint8Array
}
