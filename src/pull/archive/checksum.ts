/** `.CHECKSUM` files: the SHA-256 of a zip, as `sha256sum` prints it. */

import { ArchiveError } from '../../base/errors.ts'
import { quoteText } from '../../base/text.ts'

const LINE = /^([0-9a-f]{64}) [ *](\S+)(?:\r?\n)?$/

/**
 * The SHA-256 that a `.CHECKSUM` file states, 64 hex digits in lower case.
 *
 * @param path - The zip's path; the file must name the zip.
 * @throws ArchiveError `checksum` for anything but one such line: another name, a web page, upper-case digits.
 */
export function parseChecksum(body: Uint8Array, path: string): string {
  const text = new TextDecoder().decode(body)
  const [, hash, name] = LINE.exec(text) ?? []
  const wanted = path.slice(path.lastIndexOf('/') + 1)
  if (hash !== undefined && name === wanted) return hash
  const what = hash === undefined ? 'not a SHA-256 and a name' : `not about ${quoteText(wanted)}`
  throw new ArchiveError(
    'checksum',
    path,
    `${quoteText(path)}.CHECKSUM: ${what}: "${quoteText(text, 100)}"`,
  )
}
