import { describe, expect, test } from 'vitest'
import { ArchiveError } from '../../src/base/errors.ts'
import { parseChecksum } from '../../src/pull/archive/checksum.ts'
import { parseListing } from '../../src/pull/archive/listing-xml.ts'
import { utf8 } from '../support/rows-pages.ts'

const HASH = '0cef4d20388635c1cac914a52a012bc07cc83d7dfe4d7ec1d30cb15edf28ab53'
const NAME = 'BTCUSDT-1h-2026-05-08.zip'
const PATH = `data/spot/daily/klines/BTCUSDT/1h/${NAME}`

describe('.CHECKSUM files', () => {
  test.each(['', '\n', '\r\n'])('end with %j', (end) => {
    expect(parseChecksum(utf8(`${HASH}  ${NAME}${end}`), PATH)).toBe(HASH)
  })

  test('in binary mode', () => {
    expect(parseChecksum(utf8(`${HASH} *${NAME}\n`), PATH)).toBe(HASH)
  })

  test.each([
    ['nothing', ''],
    ['a web page', '<!DOCTYPE html><html><body>404</body></html>'],
    ['an error of S3', '<Error><Code>NoSuchKey</Code></Error>'],
    ['the hash alone', HASH],
    ['a shorter hash', `${HASH.slice(1)}  ${NAME}`],
    ['upper-case digits', `${HASH.toUpperCase()}  ${NAME}`],
    ['another name', `${HASH}  BTCUSDT-1h-2026-05-09.zip`],
    ['a path', `${HASH}  ../${NAME}`],
    ['two lines', `${HASH}  ${NAME}\n${HASH}  ${NAME}\n`],
    ['an escape', `${HASH}  \u001b[31m${NAME}`],
  ])('%s is refused', (_, text) => {
    const parse = (): string => parseChecksum(utf8(text), PATH)
    expect(parse).toThrow(ArchiveError)
    expect(parse).toThrow(expect.objectContaining({ problem: 'checksum', path: PATH }))
    expect(parse).not.toThrow(/\u001b/)
  })
})

describe('listings', () => {
  const page = (body: string, truncated = 'false'): string =>
    `<?xml version="1.0"?><ListBucketResult><IsTruncated>${truncated}</IsTruncated>${body}</ListBucketResult>`
  const file = (key: string): string =>
    `<Contents><Key>${key}</Key><LastModified>2026-05-09T00:14:00.000Z</LastModified><Size>0123</Size></Contents>`

  test('one file, and texts that look like numbers', () => {
    const { files, marker } = parseListing(page(file('0123')))
    expect(files).toMatchObject([{ path: '0123', sizeBytes: 123 }])
    expect(marker).toBeUndefined()
  })

  test('nothing', () => {
    expect(parseListing(page(''))).toEqual({ files: [], folders: [], marker: undefined })
  })

  test('the next page begins at NextMarker, or at the last key', () => {
    expect(parseListing(page(`${file('a')}<NextMarker>b</NextMarker>`, 'true')).marker).toBe('b')
    expect(parseListing(page(file('a') + file('c'), 'true')).marker).toBe('c')
  })

  test.each([
    ['a web page', '<html><body>hello</body></html>'],
    ['JSON', '{"files":[]}'],
    ['nothing', ''],
    ['an error', '<Error><Code>AccessDenied</Code></Error>'],
    ['a page that was cut', page(file('a') + file('b')).slice(0, -30)],
    ['a page that does not say whether it is the last', '<ListBucketResult></ListBucketResult>'],
    ['a file without a size', page('<Contents><Key>a</Key></Contents>')],
    ['more to come, and no mark where', page('', 'true')],
  ])('%s is not a listing', (_, xml) => {
    expect(() => parseListing(xml)).toThrow('not a bucket listing')
  })
})
