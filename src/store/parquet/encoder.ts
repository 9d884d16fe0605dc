/**
 * Encodes row groups beside the thread that reads and checks rows. There is one such thread in a process, made when
 * the first large row group asks for it; without it, as on a machine with one processor, the work is done in place.
 * The bytes are the same.
 */

import { canRunBeside, Thread } from '../../node/thread.ts'
import { writeChunk, type Chunk } from './chunk.ts'
import type { ColumnRows } from './column-buffer.ts'
import { compressor, type Compression } from './compress.ts'

/** A row group as chunks, and the columns that it was made from: their memory may have been elsewhere meanwhile. */
export type EncodedRowGroup = {
  readonly chunks: readonly Chunk[]
  readonly views: readonly ColumnRows[]
}

/** A row group to be encoded. */
export type EncodeTask = {
  readonly views: readonly ColumnRows[]
  readonly compression: Compression
}

/** Rows that are worth the way to another thread and back. */
const THREAD_ROWS_MIN = 16_384
/** Beside the compiled module; sources that are run as they are have none, and do without. */
const MODULE = new URL('./encode-thread.js', import.meta.url)

/**
 * Encodes and compresses a row group of at least one row. The arrays of `views` must not be used meanwhile, and no
 * more after it: those of the answer take their place.
 *
 * @throws StoreError `E_STORE_IO` when the thread was lost.
 */
export async function encodeRowGroup(
  views: readonly ColumnRows[],
  compression: Compression,
): Promise<EncodedRowGroup> {
  const rows = views[0]?.rows ?? 0
  const thread = rows < THREAD_ROWS_MIN ? undefined : theThread()
  if (thread === undefined) return encodeHere(views, compression)
  return thread.ask({ views, compression }, memoryOf(views))
}

/** Does the work in this thread. */
export async function encodeHere(
  views: readonly ColumnRows[],
  compression: Compression,
): Promise<EncodedRowGroup> {
  const compress = await compressor(compression)
  return { chunks: views.map((view) => writeChunk(view, compress)), views }
}

/** The memory of columns, to be moved with them. */
export function memoryOf(views: readonly ColumnRows[]): ArrayBuffer[] {
  const arrays = views.flatMap(({ values, definitions }) => [
    ...(values.kind === 'texts'
      ? [values.bytes, values.offsets]
      : [values.kind === 'flags' ? values.flags : values.words]),
    ...(definitions === undefined ? [] : [definitions]),
  ])
  return arrays.map(({ buffer }) => buffer as ArrayBuffer)
}

let canThread: boolean | undefined
let thread: Thread<EncodeTask, EncodedRowGroup> | undefined

function theThread(): Thread<EncodeTask, EncodedRowGroup> | undefined {
  canThread ??= canRunBeside(MODULE)
  if (!canThread) return undefined
  if (thread === undefined || thread.isLost) thread = new Thread(MODULE)
  return thread
}
