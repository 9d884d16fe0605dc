import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ColumnBuffer, type ColumnRows } from '../../src/store/parquet/column-buffer.ts'
import type { Compression } from '../../src/store/parquet/compress.ts'
import { encodeHere } from '../../src/store/parquet/encoder.ts'
import { shapeOf } from '../../src/store/parquet/shape.ts'
import { tableBatch, type Cell, type ColumnKind } from '../support/parquet-tables.ts'
import { MAIN } from './support.ts'

const ENCODER = join(dirname(MAIN), '..', 'store', 'parquet', 'encoder.js')
if (!existsSync(ENCODER)) throw new Error(`${ENCODER} is missing: run \`npm run build\` first`)
/** The built module: its thread is built too. */
const built = (await import(pathToFileURL(ENCODER).href)) as Pick<
  typeof import('../../src/store/parquet/encoder.ts'),
  'encodeRowGroup'
>

const ROWS = 40_000
const KINDS: readonly (readonly [ColumnKind, (row: number) => Cell])[] = [
  ['int', (row) => BigInt(row) * 60_000_000n],
  ['double', (row) => Math.sqrt(row)],
  ['double', (row) => (row % 7) / 4],
  ['quantity', (row) => BigInt(row) << 70n],
  ['text', (row) => (row % 5 === 0 ? null : `order ${row % 900}`)],
  ['flag', (row) => row % 3 === 0],
]

function views(rows: number): ColumnRows[] {
  const columns = KINDS.map(([kind, cell], index) => ({
    name: `c${index}`,
    kind,
    nullable: kind === 'text',
    cells: Array.from({ length: rows }, (_, row) => cell(row)),
  }))
  const batch = tableBatch(columns)
  return columns.map((_, index) => {
    const buffer = new ColumnBuffer(shapeOf(batch.schema.fields[index]!))
    buffer.append(batch.data.children[index]!, 0, rows)
    return buffer.view()
  })
}

const memory = (view: ColumnRows): number =>
  view.values.kind === 'texts'
    ? view.values.bytes.buffer.byteLength
    : view.values.kind === 'flags'
      ? view.values.flags.buffer.byteLength
      : view.values.words.buffer.byteLength

/** All that is in it, arrays by what they hold. */
const digest = (value: unknown): string =>
  inspect(value, { depth: null, sorted: true, maxArrayLength: 1, breakLength: Infinity }) +
  arraysIn(value).map(sha256).join()

function arraysIn(value: unknown): ArrayBufferView[] {
  if (ArrayBuffer.isView(value)) return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(arraysIn)
}

const sha256 = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  createHash('sha256')
    .update(Buffer.from(buffer, byteOffset, byteLength))
    .digest('hex')

describe('the thread that encodes row groups', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each(['zstd', 'snappy', 'gzip', 'none'] satisfies Compression[])(
    'gives the bytes that the same rows give in place, and the memory back: %s',
    async (compression) => {
      const away = views(ROWS)
      const encoding = built.encodeRowGroup(away, compression)
      expect(away.map(memory)).toEqual(KINDS.map(() => 0))
      const encoded = await encoding
      const here = await encodeHere(views(ROWS), compression)
      expect(digest(encoded.views)).toBe(digest(here.views))
      expect(digest(encoded.chunks)).toBe(digest(here.chunks))
    },
  )

  it('is not asked for a few rows', async () => {
    const here = views(100)
    const { views: same } = await built.encodeRowGroup(here, 'zstd')
    expect(same).toBe(here)
  })

  it('tells what went wrong in it', async () => {
    await expect(built.encodeRowGroup(views(ROWS), 'lzo' as Compression)).rejects.toThrow(TypeError)
  })

  it('takes its work down with it when it ends, and is made anew', async () => {
    vi.spyOn(Worker.prototype, 'postMessage').mockImplementationOnce(function (this: Worker) {
      void this.terminate()
    })
    await expect(built.encodeRowGroup(views(ROWS), 'zstd')).rejects.toMatchObject({
      name: 'StoreError',
      code: 'E_STORE_IO',
    })
    const { chunks } = await built.encodeRowGroup(views(ROWS), 'zstd')
    expect(chunks).toHaveLength(KINDS.length)
  })
})
