/** What the threads of test/node/threads.test.ts do. */

import { ArchiveError } from '../../src/base/errors.ts'
import { threadOf } from '../../src/node/thread-work.ts'

/** What a test asks for: so many pieces of so many bytes; counts in `sent` what was sent, and 1,000 more at the end. */
export type PiecesJob = {
  readonly pieces: number
  readonly bytes: number
  readonly sent: SharedArrayBuffer
}

async function* pieces({ pieces: count, bytes, sent }: PiecesJob): AsyncGenerator<object> {
  const counter = new Int32Array(sent)
  try {
    for (let piece = 0; piece < count; piece++) {
      await Promise.resolve()
      Atomics.add(counter, 0, 1)
      yield {
        piece,
        nested: [{ bytes: new Uint8Array(bytes).fill(piece) }],
        ids: new BigInt64Array([BigInt(piece)]),
      }
    }
  } finally {
    Atomics.add(counter, 0, 1_000)
  }
}

async function* refuses(): AsyncGenerator<object> {
  await Promise.resolve()
  yield { piece: 0 }
  throw new ArchiveError('csv', 'a/b.zip', 'a/b.zip: not a row')
}

async function* dies(): AsyncGenerator<object> {
  await Promise.resolve()
  yield { piece: 0 }
  // In a thread this ends the thread alone.
  process.exit(7)
}

export default threadOf({ pieces, refuses, dies })
