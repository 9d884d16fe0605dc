/** Answers in S3's form: bytes with their tags, parts of them, errors in XML. */

import { createHash } from 'node:crypto'
import { toMillis, type Micros } from '../base/time.ts'

/** An answer. Header names are in lower case. */
export type ArchiveAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** A whole file. */
export function bytesAnswer(body: Uint8Array, modified: Micros): ArchiveAnswer {
  const etag = createHash('sha256').update(body).digest('hex').slice(0, 32)
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      etag: `"${etag}"`,
      'last-modified': new Date(toMillis(modified)).toUTCString(),
    },
    body,
  }
}

/** The part of a whole answer requested by `range`, if the file still matches `ifRange`. */
export function rangeOf(
  whole: ArchiveAnswer,
  range: string | undefined,
  ifRange: string | undefined,
): ArchiveAnswer {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  if (first === undefined) return whole
  const { headers, body } = whole
  const isSame =
    ifRange === undefined || ifRange === headers['etag'] || ifRange === headers['last-modified']
  if (!isSame) return whole
  const from = Number(first)
  const to =
    last === '' || last === undefined ? body.length : Math.min(body.length, Number(last) + 1)
  if (from >= body.length || from >= to)
    return xmlError(416, 'InvalidRange', 'The requested range is not satisfiable')
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${from}-${to - 1}/${body.length}` },
    body: body.subarray(from, to),
  }
}

/** An error in S3's words. */
export function xmlError(status: number, code: string, message: string): ArchiveAnswer {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: new TextEncoder().encode(xml),
  }
}
