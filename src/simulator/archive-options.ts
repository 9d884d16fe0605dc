/** What the stand-in's archive can be told to be, as data. */

import type { Micros } from '../base/time.ts'

/** What can be wrong with a file of the archive. What breaks on the way is a `TransportFault` by its path. */
export type ArchiveFault =
  /** Not there, though it should be. */
  | { readonly kind: 'missing' }
  /** The `.CHECKSUM` names another hash; the zip is right. */
  | { readonly kind: 'wrongChecksum' }
  /** The `.CHECKSUM` is this text. `{hash}` and `{name}` stand for the right ones. */
  | { readonly kind: 'checksumText'; readonly text: string }
  /** Only so much of the zip is there. With `isSealed`, the checksum is that of the part. */
  | { readonly kind: 'cutZip'; readonly fraction: number; readonly isSealed?: boolean }
  /** Only so many of the rows are there. */
  | { readonly kind: 'cutRows'; readonly fraction: number }
  /** A header row; with `names` in other words. */
  | { readonly kind: 'header'; readonly names?: readonly string[] }
  /** Other volumes and quantities, as if it had been made anew. */
  | { readonly kind: 'replaced' }
  /** A second entry beside the right one. */
  | { readonly kind: 'twoEntries' }
  /** The entry is called so. */
  | { readonly kind: 'entryName'; readonly name: string }
  /** White space behind the rows: so many bytes that shrink to next to nothing. */
  | { readonly kind: 'bomb'; readonly bytes: number }
  /** The rows of the day or month before. */
  | { readonly kind: 'wrongPeriod' }
  /** Times in the other unit: of every row, or of every other. */
  | { readonly kind: 'otherUnit'; readonly rows: 'all' | 'every other' }
  /** Each row twice; two streams interleaved; the first half of the rows behind the second. */
  | { readonly kind: 'duplicated' | 'interleaved' | 'swapped' }
  /** This share of the trades has no quantity. */
  | { readonly kind: 'zeroQuantities'; readonly share: number }
  /** Lines as they are, changed by this. */
  | { readonly kind: 'lines'; readonly change: (lines: readonly string[]) => readonly string[] }

/** Which files have a fault, and since when. */
export type ArchiveRule = {
  /** Found in the path of the zip, e.g. `aggTrades/BTCUSDT/` or `-2024-03-01.zip`. */
  readonly path: string
  readonly fault: ArchiveFault
  /** From this moment on, by the server's clock. */
  readonly from?: Micros
  /** Until this moment. */
  readonly to?: Micros
}

/** The archive. */
export type ArchiveOptions = {
  /** How long after a day or month may be published it is. Default 0. */
  readonly lagMs?: number
  /** Takes a `Range`? Default true. */
  readonly hasRanges?: boolean
  /** Can the bucket be listed? Default true. */
  readonly isListed?: boolean
  /** Keys in a page of a listing. Default 1000. */
  readonly listingKeys?: number
  readonly rules?: readonly ArchiveRule[]
  /** Instead of files made of the histories: these, as they are. */
  readonly recorded?: ReadonlyMap<string, RecordedFile>
}

/** A file that was recorded, by its path. */
export type RecordedFile = {
  readonly sizeBytes: number
  readonly modified: Micros
  readonly read: () => Uint8Array
}
