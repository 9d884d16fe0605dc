/** An object, open for random access: read in blocks, so that what lies side by side comes with one request. */

import { StoreError } from '../base/errors.ts'
import type { StoredFile, Version } from '../base/ports.ts'
import { quoteText } from '../base/text.ts'
import { changedObject, type Objects, type Piece } from './objects.ts'

/** Of every file this much of its end is read at once: a footer and what belongs to it, or all of a small file. */
export const TAIL_BYTES: number = 64 << 10
const BLOCK_BYTES = 4 << 20
/** A file that is read in order needs one block, and one that is read by columns a few. */
const BLOCKS_KEPT = 3

/** Opens an object, with one request; `undefined` when there is none. */
export async function openObject(objects: Objects, path: string): Promise<StoredFile | undefined> {
  const tail = await objects.part(path, { last: TAIL_BYTES }).catch(async (error: unknown) => {
    // Nothing has no last bytes: some stores refuse to send them.
    const head = await objects.head(path).catch(() => undefined)
    if (head?.sizeBytes !== 0) throw error
    return { bytes: new Uint8Array(), version: head.version, from: 0, sizeBytes: 0 }
  })
  return tail && new OpenObject(objects, path, tail)
}

class OpenObject implements StoredFile {
  readonly sizeBytes: number
  readonly #objects: Objects
  readonly #path: string
  readonly #tail: Piece
  /** By their numbers, the one that was used last at the end. */
  readonly #blocks = new Map<number, Promise<Uint8Array>>()

  constructor(objects: Objects, path: string, tail: Piece) {
    this.#objects = objects
    this.#path = path
    this.#tail = tail
    this.sizeBytes = tail.sizeBytes
  }

  async version(): Promise<Version> {
    return this.#tail.version
  }

  async close(): Promise<void> {
    this.#blocks.clear()
  }

  async read(from: number, to: number): Promise<Uint8Array> {
    if (from < 0 || to < from || to > this.sizeBytes)
      throw new StoreError(
        'E_STORE_CORRUPT',
        `${quoteText(this.#path)} has ${this.sizeBytes} bytes; [${from}, ${to}) is outside of it`,
      )
    const { bytes, from: start } = this.#tail
    if (from >= start) return bytes.slice(from - start, to - start)
    const into = new Uint8Array(to - from)
    for (let block = Math.floor(from / BLOCK_BYTES); block * BLOCK_BYTES < to; block++) {
      const first = block * BLOCK_BYTES
      const piece = await this.#block(block)
      const begin = Math.max(from, first)
      into.set(piece.subarray(begin - first, to - first), begin - from)
    }
    return into
  }

  #block(number: number): Promise<Uint8Array> {
    const block = this.#blocks.get(number) ?? this.#fetch(number)
    this.#blocks.delete(number)
    this.#blocks.set(number, block)
    block.catch(() => this.#blocks.delete(number))
    const [oldest] = this.#blocks.keys()
    if (this.#blocks.size > BLOCKS_KEPT && oldest !== undefined) this.#blocks.delete(oldest)
    return block
  }

  /** A block; the last one without what the tail has of it. */
  async #fetch(number: number): Promise<Uint8Array> {
    const path = this.#path
    const { from: start, bytes, version } = this.#tail
    const from = number * BLOCK_BYTES
    const to = Math.min(from + BLOCK_BYTES, start)
    const piece = to <= from ? undefined : await this.#objects.part(path, { from, to })
    if (to > from) {
      if (piece?.version !== version) throw changedObject(path, await this.#objects.head(path))
      if (piece.from !== from || piece.bytes.length !== to - from)
        throw new StoreError('E_STORE_IO', `${quoteText(path)}: the store sent another range`)
    }
    // What the tail has belongs to the block too.
    const rest = bytes.subarray(Math.max(0, from - start), Math.max(0, from + BLOCK_BYTES - start))
    return rest.length === 0 && piece !== undefined
      ? piece.bytes
      : Buffer.concat([piece?.bytes ?? new Uint8Array(), rest])
  }
}
