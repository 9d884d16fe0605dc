import { randomBytes } from 'node:crypto'
import { crc32, deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { unzip } from '../../src/pull/archive/zip.ts'
import { zipOf, type ZipEntry } from '../../src/simulator/index.ts'
import { all, problemOf, readableOf } from '../support/archive.ts'
import { utf8 } from '../support/rows-pages.ts'

const target = { path: 'data/spot/daily/X/X-1h-2024-03-01.zip', entry: 'X-1h-2024-03-01.csv' }
const csv = utf8('1,2,3\n'.repeat(1_000))
const entry: ZipEntry = { name: target.entry, bytes: csv }

async function inflate(zip: Uint8Array): Promise<Uint8Array> {
  return Buffer.concat(await all(unzip(readableOf(zip), target)))
}

const refusal = async (zip: Uint8Array): Promise<string> => {
  const { problem, path, message } = await problemOf(inflate(zip))
  expect({ problem, path }).toEqual({ problem: 'zip', path: target.path })
  return message.replace(`${target.path}: `, '')
}

const changed = (change: Partial<ZipEntry>): Uint8Array => zipOf([{ ...entry, ...change }])

describe('sound zips', () => {
  test.each([
    ['deflated', {}],
    ['stored', { isStored: true }],
    ['sizes behind the data', { hasDescriptor: true }],
    ['made where files have no mode', { mode: 0 }],
    ['empty', { bytes: new Uint8Array(0) }],
    ['empty and stored', { bytes: new Uint8Array(0), isStored: true }],
  ])('%s', async (_, change) => {
    const bytes = 'bytes' in change ? change.bytes : csv
    expect(Buffer.compare(await inflate(changed(change)), bytes)).toBe(0)
  })

  test('with a comment', async () => {
    expect(await inflate(zipOf([entry], 'made by hand'))).toHaveLength(csv.length)
  })

  test('larger than the pieces in which it is read and inflated', async () => {
    const bytes = randomBytes(3_000_000)
    const pieces = await all(unzip(readableOf(changed({ bytes })), target))
    expect(Buffer.compare(Buffer.concat(pieces), bytes)).toBe(0)
    expect(pieces.length).toBeGreaterThan(1)
  })

  test('whoever stops reading stops the inflating', async () => {
    const reads: number[] = []
    const file = readableOf(changed({ bytes: randomBytes(20_000_000) }))
    const counted = {
      ...file,
      read: async (from: number, to: number) => {
        reads.push(from)
        return file.read(from, to)
      },
    }
    for await (const piece of unzip(counted, target)) {
      expect(piece.length).toBeGreaterThan(0)
      break
    }
    expect(reads.length).toBeLessThan(40)
  })
})

describe('hostile zips', () => {
  test.each([
    ['two entries', zipOf([entry, { ...entry, name: '__MACOSX/._x' }]), '2 entries instead of one'],
    ['no entry', zipOf([]), '0 entries instead of one'],
    ['another name', changed({ name: 'Y-1h-2024-03-01.csv' }), 'not "X-1h-2024-03-01.csv"'],
    ['another case', changed({ name: target.entry.toUpperCase() }), 'its entry is'],
    ['a way out', changed({ name: `../${target.entry}` }), 'invalid relative path'],
    ['an absolute name', changed({ name: `/${target.entry}` }), 'absolute path'],
    ['a backslash', changed({ name: `..\\${target.entry}` }), 'invalid characters'],
    ['a directory', changed({ name: `${target.entry}/` }), 'its entry is'],
    [
      'another name inside',
      changed({ lies: { localName: 'Y-1h-2024-03-01.csv' } }),
      'two different',
    ],
    ['a symbolic link', changed({ mode: 0o120777 }), 'not a regular file'],
    ['a device', changed({ mode: 0o060644 }), 'not a regular file'],
    ['encrypted', changed({ lies: { flags: 1 } }), 'encrypted'],
    ['strongly encrypted', changed({ lies: { flags: 0x41 } }), 'encryption'],
    ['another method', changed({ lies: { method: 12 } }), 'method 12'],
    ['a size too small', changed({ lies: { size: csv.length - 1 } }), 'more than the 5999 bytes'],
    ['a size too large', changed({ lies: { size: csv.length + 1 } }), 'inflates to 6000 bytes'],
    ['stored, another size', changed({ isStored: true, lies: { size: 5 } }), 'mismatch'],
    ['packed data cut', changed({ lies: { packedSize: 8 } }), 'damaged'],
    ['packed data longer', changed({ lies: { packedSize: 80 } }), 'before its stated size'],
    ['packed data past the end', changed({ lies: { packedSize: 9e8 } }), 'overflows'],
    ['another checksum', changed({ lies: { crc: crc32('no') } }), 'CRC-32'],
    ['unneeded zip64', changed({ lies: { extra: zip64(csv.length) } }), 'unneeded zip64'],
    [
      'zip64 that lies',
      changed({ lies: { size: 0xffff_ffff, extra: zip64(2 ** 40) } }),
      'too many',
    ],
    [
      'zip64 without its field',
      changed({ lies: { size: 0xffff_ffff } }),
      'inflates to more than 200',
    ],
    ['not a zip', utf8('<html>not a zip</html>'), 'not a zip file'],
    ['nothing', new Uint8Array(0), 'not a zip file'],
    ['cut in half', zipOf([entry]).slice(0, 60), 'not a zip file'],
    ['bytes behind the end', Uint8Array.of(...zipOf([entry]), 1, 2, 3), 'comment length'],
  ])('%s', async (_, zip, message) => {
    expect(await refusal(zip)).toContain(message)
  })

  test('a bomb is known by what it states', async () => {
    expect(await refusal(changed({ bytes: new Uint8Array(30_000_000) }))).toContain('200 times')
  })

  test('a bomb that lies about its size is stopped on the way', async () => {
    const zip = changed({ bytes: new Uint8Array(30_000_000), lies: { size: 1_000_000 } })
    expect(await refusal(zip)).toContain('more than the 1000000 bytes')
  })

  test('more than any file may have', async () => {
    const extra = zip64(9 * 2 ** 30)
    expect(await refusal(changed({ lies: { size: 0xffff_ffff, extra } }))).toContain('too many')
  })

  test('a flipped bit in stored data, wherever it is', async () => {
    const bytes = randomBytes(500)
    const zip = changed({ bytes, isStored: true })
    const start = 30 + target.entry.length
    for (let at = start; at < start + bytes.length; at++) {
      const damaged = zip.slice()
      damaged[at]! ^= 0x10
      expect(await refusal(damaged)).toContain('CRC-32')
    }
  })

  test('a flipped bit in packed data never gives other data', async () => {
    const zip = changed({})
    const start = 30 + target.entry.length
    const length = deflateRawSync(csv).length
    let refused = 0
    for (let at = start; at < start + length; at++) {
      const damaged = zip.slice()
      damaged[at]! ^= 0x10
      const outcome = await inflate(damaged).catch(() => undefined)
      if (outcome === undefined) refused++
      else expect(Buffer.compare(outcome, csv)).toBe(0)
    }
    // The last byte has bits that mean nothing.
    expect(refused).toBeGreaterThanOrEqual(length - 1)
  })

  test('what the disk refuses is not the fault of the zip', async () => {
    const broken = {
      ...readableOf(zipOf([entry])),
      read: async () => Promise.reject(new StoreError('E_STORE_IO', 'the disk is broken')),
    }
    await expect(all(unzip(broken, target))).rejects.toThrow('the disk is broken')
    await expect(all(unzip(broken, target))).rejects.toBeInstanceOf(StoreError)
  })
})

/** The extra field of zip64, with one size. */
function zip64(size: number): Uint8Array {
  const extra = Buffer.alloc(12)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(8, 2)
  extra.writeBigUInt64LE(BigInt(size), 4)
  return extra
}
