import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ArchiveError } from '../../src/base/errors.ts'
import { periodWindow } from '../../src/base/time.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { CsvFile } from '../../src/rows/csv-file.ts'
import { decodeCsv } from '../../src/rows/csv.ts'
import { all, inPieces, textsOf } from '../support/archive.ts'
import { referenceRows } from '../support/csv-reference.ts'
import { utf8 } from '../support/rows-pages.ts'

const period = periodWindow('2024-12-31')
const from = Number(period.from)
const number = fc
  .tuple(fc.nat(9_999_999), fc.nat(99_999_999), fc.nat(8))
  .map(([whole, part, places]) =>
    places === 0 ? String(whole) : `${whole}.${String(part).padStart(8, '0').slice(0, places)}`,
  )
const flag = fc.constantFrom('True', 'true', 'False', 'false')
const time = fc
  .tuple(fc.nat(86_399_999_999), fc.boolean())
  .map(([rest, isMillis]) => (isMillis ? Math.floor((from + rest) / 1000) : from + rest))

const aggTrade = fc
  .tuple(fc.bigInt(0n, 2n ** 63n - 1n), number, number, fc.nat(), fc.nat(), time, flag, flag)
  .map((row) => row.join(','))
const kline = fc
  .tuple(
    time,
    number,
    number,
    number,
    number,
    number,
    fc.nat(2_000_000),
    number,
    fc.nat(),
    number,
    number,
  )
  .map(([open, ...rest]) => {
    const unit = open > 1e15 ? 1_000_000 : 1_000
    return [open, ...rest.slice(0, 5), open + rest[5] * unit, ...rest.slice(6), '0'].join(',')
  })

const layout = fc.record({
  piece: fc.integer({ min: 1, max: 300 }),
  batchRows: fc.integer({ min: 1, max: 9 }),
})

for (const [kind, row] of [
  ['aggTrades', aggTrade],
  ['klines', kline],
] as const)
  test(`${kind}: the scanner reads what splitting reads, wherever the pieces end`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 20 }),
        fc.constantFrom('\n', '\r\n'),
        layout,
        async (lines, end, { piece, batchRows }) => {
          const text = lines.map((line) => line + end).join('')
          const options = { period, file: 'x.csv', batchRows }
          const pages = await all(
            decodeCsv(DATASETS[kind], 'string', inPieces(utf8(text), piece), options),
          )
          expect(textsOf(kind, pages)).toEqual(referenceRows(kind, text, period))
        },
      ),
    )
  })

test('any one byte changed to any other: refused, or read as splitting reads it', async () => {
  const text =
    '7,62000.1,0.0125,14,15,1735603200000,True,True\n8,1,2,16,17,1735603200000001,false,True\n'
  const bytes = utf8(text)
  let refused = 0
  for (let at = 0; at < bytes.length; at++)
    for (let byte = 0; byte < 256; byte++) {
      const changed = bytes.slice()
      changed[at] = byte
      const options = { period, file: 'x.csv', batchRows: 2 }
      const read = all(decodeCsv(DATASETS.aggTrades, 'string', inPieces(changed, 50), options))
      const pages = await read.catch((error: unknown) => {
        expect(error).toBeInstanceOf(ArchiveError)
        refused++
      })
      if (pages === undefined) continue
      const wanted = referenceRows('aggTrades', new TextDecoder().decode(changed), period)
      expect(textsOf('aggTrades', pages), `byte ${at} is ${byte}`).toEqual(wanted)
    }
  // Most bytes are no digits, and where they are, ids, prices and quantities may be others.
  expect(refused).toBeGreaterThan(20_000)
})

test('rows in any order, some twice, come out once and in order', async () => {
  const ids = fc.array(fc.nat(60), { maxLength: 120 })
  await fc.assert(
    fc.asyncProperty(ids, layout, async (order, { piece, batchRows }) => {
      const line = (id: number): string => `${id},1.5,2,${id},${id},${from + id * 1000},True,True\n`
      const file = new CsvFile(DATASETS.aggTrades, 'float64', { period, file: 'x.csv', batchRows })
      const pages = await all(file.pages(inPieces(utf8(order.map(line).join('')), piece)))
      const unique = [...new Set(order)].sort((a, b) => a - b)
      expect(pages.flatMap(({ keys }) => [...keys].map(Number))).toEqual(unique)
      const { rows, duplicates, conflicts } = file.evidence
      expect([rows, duplicates, conflicts]).toEqual([
        unique.length,
        order.length - unique.length,
        0,
      ])
    }),
  )
})
