import { describe, expect, test } from 'vitest'
import { formatMicros, parseMicros, periodWindow } from '../../src/base/time.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { CsvFile, type CsvEvidence } from '../../src/rows/csv-file.ts'
import type { Page } from '../../src/rows/page.ts'
import { inPieces, problemOf, textsOf } from '../support/archive.ts'
import { utf8 } from '../support/rows-pages.ts'

const T = Number(parseMicros('2024-03-01')) * 1

type Read = { pages: Page[]; evidence: CsvEvidence; ids: number[] }

async function read(
  lines: readonly string[],
  heldRows = 100,
  period = '2024-03-01',
): Promise<Read> {
  const options = { period: periodWindow(period), file: 'x.csv', batchRows: 10, heldRows }
  const file = new CsvFile(DATASETS.aggTrades, 'float64', options)
  const pages: Page[] = []
  const bytes = utf8(lines.map((line) => `${line}\n`).join(''))
  for await (const page of file.pages(inPieces(bytes, 999))) pages.push(page)
  const ids = pages.flatMap(({ keys }) => [...keys].map(Number))
  return { pages, evidence: file.evidence, ids }
}

const row = (id: number, { quantity = '1', time = T + id * 1000 } = {}): string =>
  `${id},2.5,${quantity},${id},${id},${time},True,True`
const run = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i)
const rows = (ids: readonly number[]): string[] => ids.map((id) => row(id))

describe('files that are in order', () => {
  test('pass as they are, and say what they hold', async () => {
    const { ids, evidence } = await read(rows(run(5, 505)))
    expect(ids).toEqual(run(5, 505))
    expect({
      ...evidence,
      firstTime: formatMicros(evidence.firstTime!),
      lastTime: formatMicros(evidence.lastTime!),
    }).toEqual({
      rows: 500,
      firstKey: 5n,
      lastKey: 504n,
      firstTime: '2024-03-01T00:00:00.005000Z',
      lastTime: '2024-03-01T00:00:00.504000Z',
      back: 0n,
      dummies: 0,
      zeroQuantities: 0,
      duplicates: 0,
      conflicts: 0,
      conflictRows: [],
      late: 0,
    })
  })

  test('with holes', async () => {
    expect((await read(rows([1, 5, 1_000]))).ids).toEqual([1, 5, 1_000])
  })

  test('without a row', async () => {
    const { ids, evidence } = await read([])
    expect([ids, evidence.rows, evidence.firstTime]).toEqual([[], 0, undefined])
  })

  test('rows are given out while later ones are still read', async () => {
    const options = {
      period: periodWindow('2024-03-01'),
      file: 'x.csv',
      batchRows: 10,
      heldRows: 20,
    }
    let piecesRead = 0
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (const id of run(0, 100)) {
        piecesRead++
        yield utf8(`${row(id)}\n`)
      }
    }
    const file = new CsvFile(DATASETS.aggTrades, 'float64', options)
    const first = await file.pages(pieces()).next()
    expect([first.value?.rowCount, piecesRead]).toEqual([10, 40])
  })
})

describe('files that are not', () => {
  test('two streams interleaved', async () => {
    const lines = rows(run(0, 400).map((i) => (i % 2 === 0 ? i / 2 : 200 + (i - 1) / 2)))
    const { ids, evidence } = await read(lines, 300)
    expect(ids).toEqual(run(0, 400))
    expect([evidence.rows, evidence.duplicates, evidence.late > 0]).toEqual([400, 0, true])
  })

  test('each row twice, at once or later', async () => {
    const twice = run(0, 300).flatMap((id) => [id, id])
    const atOnce = await read(rows(twice))
    expect([atOnce.ids, atOnce.evidence.duplicates, atOnce.evidence.late]).toEqual([
      run(0, 300),
      300,
      0,
    ])
    const later = await read(rows([...run(0, 90), ...run(0, 90)]))
    expect([later.ids, later.evidence.duplicates]).toEqual([run(0, 90), 90])
  })

  test('two rows of one key: the later one is kept, and both are told', async () => {
    const { pages, evidence } = await read([row(1), row(2), row(1, { quantity: '3' }), row(1)])
    expect(textsOf('aggTrades', pages).map(({ quantity }) => quantity)).toEqual(['1', '1'])
    expect(evidence.conflicts).toBe(2)
    expect(evidence.conflictRows).toMatchObject([
      { key: '1', old: { quantity: '1' }, new: { quantity: '3' } },
      { key: '1', old: { quantity: '3' }, new: { quantity: '1' } },
    ])
  })

  test('ms and µs of one trade: the finer time is kept, and it is no conflict', async () => {
    const coarse = row(1, { time: T / 1000 + 5 })
    const fine = row(1, { time: T + 5_123 })
    for (const lines of [
      [coarse, fine],
      [fine, coarse],
    ]) {
      const { pages, evidence } = await read(lines)
      expect(textsOf('aggTrades', pages)).toMatchObject([{ time: '2024-03-01T00:00:00.005123Z' }])
      expect([evidence.conflicts, evidence.duplicates <= 1]).toEqual([0, true])
    }
  })

  test('short files are put right whatever their order', async () => {
    const { ids } = await read(rows(run(0, 199).reverse()))
    expect(ids).toEqual(run(0, 199))
  })

  test('a row that comes when its place is gone', async () => {
    const { problem, message } = await problemOf(read(rows([...run(1, 500), 0])))
    expect([problem, message]).toEqual([
      'disorder',
      expect.stringContaining('x.csv: key 0 comes long after'),
    ])
  })

  test('time that goes back while ids go on is kept as it is, and how far is told', async () => {
    const day = 86_400_000_000
    const lines = [
      row(1, { time: T + day + 9 }),
      row(2, { time: T + day - 1 }),
      row(3, { time: T + day }),
    ]
    const { ids, evidence } = await read(lines, 100, '2024-03')
    expect([ids, evidence.back]).toEqual([[1, 2, 3], 10n])
    // The first row of a page is held against the last one of the page before.
    const apart = run(1, 21).map((id) => row(id, { time: T + (id <= 10 ? 1_000 : 400) + id }))
    expect((await read(apart)).evidence.back).toBe(599n)
  })
})

describe('rows outside of the period of the file', () => {
  const DAY = 86_400_000_000
  const HOUR = 3_600_000_000
  const ownMs = (ms: number): string => row(1, { time: T / 1000 + ms })

  test.each([
    [-1, true],
    [DAY, true],
    [-HOUR, true],
    [DAY + HOUR - 1, true],
    [-HOUR - 1, false],
    [DAY + HOUR, false],
    [-DAY, false],
  ])('by %d µs from its beginning: taken? %s', async (by, isTaken) => {
    const lines = [row(1), row(2, { time: T + by }), row(3)]
    if (isTaken) expect((await read(lines)).ids).toEqual([1, 2, 3])
    else expect((await problemOf(read(lines))).problem).toBe('period')
  })

  test('are in the unit of the row before them, or that of the period at first', async () => {
    const stray = (unit: number): string => row(2, { time: (T - 1_000_000) / unit })
    expect((await read([ownMs(1), stray(1000)])).ids).toEqual([1, 2])
    expect((await problemOf(read([ownMs(1), stray(1)]))).problem).toBe('period')
    expect((await problemOf(read([row(1), stray(1000)]))).problem).toBe('period')
    // Files of before 2025 are in ms.
    expect((await read([stray(1000), row(3)])).ids).toEqual([2, 3])
    expect((await problemOf(read([stray(1), row(3)]))).problem).toBe('period')
  })

  test('are not all that there is', async () => {
    const lines = [1, 2].map((id) => row(id, { time: (T - 5_000_000) / 1000 + id }))
    const { problem, message } = await problemOf(read(lines))
    expect([problem, message]).toEqual(['period', "x.csv: no row of the file's own period"])
  })
})

describe('rows that are odd', () => {
  test('a row that cannot be true', async () => {
    const { problem, message } = await problemOf(read([row(1), row(2, { quantity: '-1' })]))
    expect([problem, message]).toEqual(['rows', expect.stringContaining('x.csv: aggTrades row 1')])
  })

  test('dummies are kept and counted', async () => {
    const dummy = `2,0,0,-1,-1,${T + 2_000},True,True`
    const { ids, evidence } = await read([row(1), dummy, row(3)])
    expect([ids, evidence.dummies, evidence.zeroQuantities]).toEqual([[1, 2, 3], 1, 0])
  })

  test('some trades without a quantity are kept, a flood of them is not', async () => {
    const lines = (zeros: number, count: number): string[] =>
      run(0, count).map((id) => row(id, { quantity: id < zeros ? '0' : '1' }))
    expect((await read(lines(1_000, 1_200), 200_000)).evidence.zeroQuantities).toBe(1_000)
    expect((await problemOf(read(lines(1_001, 1_200), 200_000))).problem).toBe('flood')
    // One in a hundred is as many as there may be.
    expect((await read(lines(1_010, 101_000), 200_000)).evidence.zeroQuantities).toBe(1_010)
  })
})
