/**
 * The codecs of data pages, as functions from bytes to bytes. Levels are fixed, so that the same rows are the same
 * bytes. zstd is Node's own where it has it (22.15 and later), else a WebAssembly build that is loaded once.
 */

import * as zlib from 'node:zlib'
import * as zstdWasm from '@bokuweb/zstd-wasm'
import { snappyUncompress } from 'hyparquet'
import snappy from 'parquetjs-lite/lib/compression.js'
import { COMPRESSIONS, type Compression } from '../../job/job.ts'

/** Compresses one page. Never changes its input; the answer may be its input. */
export type Compress = (bytes: Uint8Array) => Uint8Array

/** Inflates one page to exactly `sizeBytes` bytes, or throws. */
export type Inflate = (bytes: Uint8Array, sizeBytes: number) => Uint8Array

// A fifth slower than level 1 and three per cent smaller, on made-up trades; the exchange is slower than either.
const ZSTD_LEVEL = 3
// A tenth slower than level 1 and two per cent smaller; level 6 would take half as long again for two per cent more.
const GZIP_LEVEL = 3

/** Node's zstd, where this Node has it; its types come with a later @types/node. */
type ZstdOfNode = {
  readonly zstdCompressSync?: (bytes: Uint8Array, options: object) => Uint8Array
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: object) => Uint8Array
  readonly constants: { readonly ZSTD_c_compressionLevel?: number }
}
const node = zlib as ZstdOfNode

/** The name of a codec in Parquet's Thrift structures. */
export const CODEC_NAMES: Readonly<
  Record<Compression, 'ZSTD' | 'SNAPPY' | 'GZIP' | 'UNCOMPRESSED'>
> = {
  zstd: 'ZSTD',
  snappy: 'SNAPPY',
  gzip: 'GZIP',
  none: 'UNCOMPRESSED',
}

/** The codec with Parquet's own `name`; `undefined` for one that we do not have. */
export function compressionNamed(name: string): Compression | undefined {
  return COMPRESSIONS.find((compression) => CODEC_NAMES[compression] === name)
}

/** Gives the function that compresses pages, ready to be called. */
export async function compressor(compression: Compression): Promise<Compress> {
  switch (compression) {
    case 'zstd':
      return zstdCompressor()
    case 'snappy':
      return (bytes) => snappy.deflate('SNAPPY', bytes)
    case 'gzip':
      return (bytes) => zlib.gzipSync(bytes, { level: GZIP_LEVEL })
    case 'none':
      return (bytes) => bytes
  }
}

/** Gives the function that inflates pages, ready to be called. */
export async function inflater(compression: Compression): Promise<Inflate> {
  const inflate = await unchecked(compression)
  return (bytes, sizeBytes) => {
    const inflated = inflate(bytes, sizeBytes)
    if (inflated.byteLength === sizeBytes) return inflated
    throw new RangeError(`a page inflates to ${inflated.byteLength} bytes, not ${sizeBytes}`)
  }
}

async function unchecked(compression: Compression): Promise<Inflate> {
  switch (compression) {
    case 'zstd':
      return zstdInflater()
    case 'snappy':
      return inflateSnappy
    case 'gzip':
      // Node refuses a bound of 0.
      return (bytes, sizeBytes) =>
        zlib.gunzipSync(bytes, { maxOutputLength: Math.max(sizeBytes, 1) })
    case 'none':
      return (bytes) => bytes
  }
}

function inflateSnappy(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  // Memory is made only for a size that the page itself, too, says it has.
  let announced = 0
  for (let at = 0, scale = 1; at < 5; at++, scale *= 0x80) {
    const byte = bytes[at] ?? 0
    announced += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  if (announced !== sizeBytes) return bytes.subarray(0, 0)
  const inflated = new Uint8Array(sizeBytes)
  snappyUncompress(bytes, inflated)
  return inflated
}

async function zstdCompressor(): Promise<Compress> {
  const { zstdCompressSync } = node
  const level = node.constants.ZSTD_c_compressionLevel
  if (zstdCompressSync !== undefined && level !== undefined) {
    const options = { params: { [level]: ZSTD_LEVEL } }
    return (bytes) => zstdCompressSync(bytes, options)
  }
  await wasmReady()
  return (bytes) => zstdWasm.compress(bytes, ZSTD_LEVEL)
}

async function zstdInflater(): Promise<Inflate> {
  const { zstdDecompressSync } = node
  if (zstdDecompressSync !== undefined) {
    return (bytes, sizeBytes) =>
      zstdDecompressSync(bytes, { maxOutputLength: Math.max(sizeBytes, 1) })
  }
  await wasmReady()
  return (bytes, sizeBytes) => zstdWasm.decompress(bytes, { defaultHeapSize: sizeBytes })
}

let wasm: Promise<void> | undefined

function wasmReady(): Promise<void> {
  wasm ??= zstdWasm.init()
  return wasm
}
