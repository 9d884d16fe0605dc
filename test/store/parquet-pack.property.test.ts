/** Row groups that come packed: the bytes of the file are those of rows that come in batches. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  RowPacker,
  unpack,
  type PackedRows,
  type PackOptions,
} from '../../src/store/parquet/pack.ts'
import { ParquetFileWriter } from '../../src/store/parquet/write.ts'
import { pour, refill } from '../../src/node/poured.ts'
import { filePlans, type FilePlan } from '../support/parquet-arbitraries.ts'
import { writeParquet } from '../support/parquet-memory.ts'
import { batchCells, keyColumn, tableBatch, tableSchema } from '../support/parquet-tables.ts'

function optionsOf({ table, rowGroupRows, compression }: FilePlan): PackOptions {
  return { schema: tableSchema(table), sortedBy: 'key', compression, rowGroupRows }
}

/** Rows `[from, to)` of the table as row groups of a file that begins with them, by way of another thread. */
async function packedRows(plan: FilePlan, from: number, to: number): Promise<PackedRows[]> {
  const packer = new RowPacker(optionsOf(plan))
  const groups: PackedRows[] = []
  const batch = tableBatch(plan.table, from, to)
  for (let row = 0; row < to - from;) {
    const end = Math.min(to - from, row + packer.room)
    packer.append(batch, row, end)
    if (packer.room === 0 || end === to - from) groups.push(await packer.pack())
    row = end
  }
  return groups.map((group) => {
    const { data, buffer } = pour(group)
    return refill(structuredClone({ data, buffer }, { transfer: [buffer] })) as PackedRows
  })
}

it('is the same file, whichever of its rows come packed', async () => {
  await fc.assert(
    fc.asyncProperty(filePlans(80), fc.infiniteStream(fc.boolean()), async (plan, isPacked) => {
      const options = { ...optionsOf(plan), createdBy: 'test' }
      const rows = plan.table[0]!.cells.length
      const whole = await writeParquet(options, [tableBatch(plan.table, 0, rows)])
      const written: Uint8Array[] = []
      const writer = new ParquetFileWriter(options, (bytes) => {
        written.push(bytes)
        return Promise.resolve()
      })
      let from = 0
      for (const to of [...plan.cuts, rows]) {
        if (isPacked.next().value) {
          for (const group of await packedRows(plan, from, to)) await writer.appendPacked(group)
        } else await writer.append(tableBatch(plan.table, from, to))
        from = to
      }
      await writer.finish({})
      expect(Buffer.concat(written).equals(whole)).toBe(true)
    }),
    { numRuns: 150 },
  )
})

it('gives the rows back', async () => {
  await fc.assert(
    fc.asyncProperty(filePlans(60), async (plan) => {
      const rows = plan.table[0]!.cells.length
      const batches = await Promise.all(
        (await packedRows(plan, 0, rows)).map((group) => unpack(group, optionsOf(plan))),
      )
      for (const [i, { cells }] of plan.table.entries())
        expect(batches.flatMap((batch) => batchCells(batch, i))).toEqual(cells)
    }),
    { numRuns: 100 },
  )
})

it('refuses a row group whose keys go back behind those before it', async () => {
  const plan: FilePlan = {
    table: [keyColumn(4)],
    rowGroupRows: 2,
    compression: 'none',
    cuts: [4],
    padding: 0,
  }
  const [first, second] = await packedRows(plan, 0, 4)
  const writer = new ParquetFileWriter({ ...optionsOf(plan), createdBy: 'test' }, () =>
    Promise.resolve(),
  )
  await writer.appendPacked(second!)
  await expect(writer.appendPacked(first!)).rejects.toThrow('rows are not sorted by key')
})
