/** A checksum of a whole file, kept in its own footer: for when nothing else knows the file, as before its manifest is written. */

import { crc32 } from 'node:zlib'
import type { Readable } from '../../base/ports.ts'
import type { ParquetFooter } from './footer.ts'

/** The key of the checksum among the footer's key-values: eight hexadecimal digits. */
export const FILE_CRC = 'file_crc32'
/** What stands there while the checksum is computed. */
export const FILE_CRC_BLANK = '00000000'

const PIECE_BYTES = 1 << 20

/**
 * Puts the checksum where the blank is.
 *
 * @param end - The file's last bytes, with its footer; changed in place.
 * @param before - CRC-32 of all bytes before.
 */
export function stampFileCrc(end: Buffer, before: number): void {
  const at = placeIn(end)
  if (at === undefined) throw new RangeError('the footer has no place for its checksum')
  end.write(digits(crc32(end, before)), at, 'latin1')
}

/**
 * Is every byte of a file what its checksum says? Files of before there was one have none, and pass.
 *
 * @param keys - Of all other key-values. One that is unknown is the damaged name of the checksum.
 */
export async function isFileCrcRight(
  file: Readable,
  footer: ParquetFooter,
  keys: readonly string[],
): Promise<boolean> {
  const said = footer.metadata.get(FILE_CRC)
  if (said === undefined) return footer.metadata.size === keys.length
  const from = footer.from
  let crc = 0
  for (let at = 0; at < from; at += PIECE_BYTES)
    crc = crc32(await file.read(at, Math.min(from, at + PIECE_BYTES)), crc)
  const end = Buffer.from(await file.read(from, file.sizeBytes))
  const at = placeIn(end)
  if (at === undefined) return false
  end.write(FILE_CRC_BLANK, at, 'latin1')
  return said === digits(crc32(end, crc))
}

/** Where the digits begin: a text follows its length, and a key its value (Thrift's compact protocol). */
function placeIn(end: Buffer): number | undefined {
  const key = Buffer.from(`${FILE_CRC}\x18\x08`, 'latin1')
  const at = end.lastIndexOf(key)
  return at < 0 ? undefined : at + key.length
}

function digits(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}
