/** A zip writer: small, deterministic, and able to write false headers for tests. */

import { crc32, deflateRawSync } from 'node:zlib'

/** One entry. */
export type ZipEntry = {
  readonly name: string
  readonly bytes: Uint8Array
  /** Default deflated. */
  readonly isStored?: boolean
  /** Sizes and checksum after the data instead of before it, as streaming writers do. */
  readonly hasDescriptor?: boolean
  /** Unix mode, e.g. 0o120777 for a symbolic link. Default 0o100644. */
  readonly mode?: number
  /** Fields of both headers, or of one, with false values. */
  readonly lies?: ZipLies
}

/** False values in headers. */
export type ZipLies = {
  readonly size?: number
  readonly packedSize?: number
  readonly crc?: number
  readonly method?: number
  /** Added to the general purpose flags; 1: encrypted. */
  readonly flags?: number
  /** The name in the local header only. */
  readonly localName?: string
  /** An extra field of the central directory, e.g. zip64's. */
  readonly extra?: Uint8Array
}

const FLAG_DESCRIPTOR = 0x8
const FLAG_UTF8 = 0x800
const UNIX = 3
const VERSION = 20
// 1980-01-01 00:00, the earliest time that a zip can have.
const DOS_DATE = 0x21

/** A zip of `entries`, in their order. */
export function zipOf(entries: readonly ZipEntry[], comment = ''): Uint8Array {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const entry of entries) {
    const { local, central } = packed(entry, offset)
    parts.push(...local)
    directory.push(central)
    offset += lengthOf(local)
  }
  const trailer = new TextEncoder().encode(comment)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(lengthOf(directory), 12)
  end.writeUInt32LE(offset, 16)
  end.writeUInt16LE(trailer.length, 20)
  return Uint8Array.from(Buffer.concat([...parts, ...directory, end, trailer]))
}

function packed(
  entry: ZipEntry,
  offset: number,
): { readonly local: readonly Uint8Array[]; readonly central: Uint8Array } {
  const { name, bytes, isStored = false, hasDescriptor = false, mode = 0o100644 } = entry
  const { lies = {} } = entry
  const data = isStored ? bytes : deflateRawSync(bytes)
  const fields = {
    flags: FLAG_UTF8 | (hasDescriptor ? FLAG_DESCRIPTOR : 0) | (lies.flags ?? 0),
    method: lies.method ?? (isStored ? 0 : 8),
    crc: lies.crc ?? crc32(bytes),
    packedSize: lies.packedSize ?? data.length,
    size: lies.size ?? bytes.length,
  }
  const extra = Buffer.from(lies.extra ?? [])
  const hidden = hasDescriptor ? { ...fields, crc: 0, packedSize: 0, size: 0 } : fields
  const localName = Buffer.from(lies.localName ?? name)
  const local = [
    common(0x04034b50, [], hidden, { name: localName, extraBytes: 0 }),
    localName,
    data,
  ]
  if (hasDescriptor) {
    const descriptor = Buffer.alloc(16)
    descriptor.writeUInt32LE(0x08074b50, 0)
    descriptor.writeUInt32LE(fields.crc, 4)
    descriptor.writeUInt32LE(fields.packedSize, 8)
    descriptor.writeUInt32LE(fields.size, 12)
    local.push(descriptor)
  }
  const own = Buffer.from(name)
  const head = common(0x02014b50, [VERSION, UNIX], fields, { name: own, extraBytes: extra.length })
  const rest = Buffer.alloc(14)
  rest.writeUInt32LE(mode * 0x1_0000, 6)
  rest.writeUInt32LE(offset, 10)
  return { local, central: Buffer.concat([head, rest, own, extra]) }
}

type Fields = {
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packedSize: number
  readonly size: number
}

/** The fields that both kinds of header share, with what precedes them. */
function common(
  signature: number,
  madeBy: readonly number[],
  fields: Fields,
  { name, extraBytes }: { readonly name: Uint8Array; readonly extraBytes: number },
): Buffer {
  const header = Buffer.alloc(30)
  header.writeUInt32LE(signature, 0)
  header.writeUInt16LE(VERSION, 4)
  header.writeUInt16LE(fields.flags, 6)
  header.writeUInt16LE(fields.method, 8)
  header.writeUInt16LE(DOS_DATE, 12)
  header.writeUInt32LE(fields.crc, 14)
  header.writeUInt32LE(fields.packedSize, 18)
  header.writeUInt32LE(fields.size, 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(extraBytes, 28)
  return Buffer.concat([header.subarray(0, 4), Uint8Array.from(madeBy), header.subarray(4)])
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}
