import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BackfillError, TransportError } from '../../src/base/errors.ts'
import { NUMBERS, type Dataset, type Numbers } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { columnData } from '../../src/rows/batch.ts'
import { isSame, layoutOf } from '../../src/rows/layout.ts'
import type { DecodedPage, UnknownField } from '../../src/rows/page.ts'
import { decodePageByParse } from '../../src/rows/reference.ts'
import { decodePage } from '../../src/rows/scan.ts'
import { pageText } from '../support/rows-arbitraries.ts'
import { rowTexts, utf8 } from '../support/rows-pages.ts'

const datasets = fc.constantFrom(...Object.values(DATASETS))
const numbersForms = fc.constantFrom(...NUMBERS)

function page(rowsMax: number): fc.Arbitrary<readonly [Dataset, Numbers, string]> {
  return datasets.chain((dataset) =>
    fc.tuple(fc.constant(dataset), numbersForms, pageText(dataset, rowsMax)),
  )
}

/** Bit for bit; the text of unknown fields by what it says. */
function expectEqual(dataset: Dataset, actual: DecodedPage, expected: DecodedPage): void {
  expect(named(actual)).toEqual(named(expected))
  expect(actual.rowCount).toBe(expected.rowCount)
  const [texts, expectedTexts] = [
    rowTexts(dataset, actual.batch),
    rowTexts(dataset, expected.batch),
  ]
  for (const [index, { name, type }] of dataset.columns.entries()) {
    const a = layoutOf(columnData(actual.batch, index))
    const b = layoutOf(columnData(expected.batch, index))
    for (let row = 0; row < expected.rowCount; row++) {
      const [text, wanted] = [texts[row]?.[name] ?? '', expectedTexts[row]?.[name] ?? '']
      if (type === 'extra') expect(saidBy(text)).toEqual(saidBy(wanted))
      else if (!isSame(a, row, b, row))
        expect({ row, name, value: text }).toEqual({ row, name, value: wanted })
    }
  }
  expect([...actual.keys]).toEqual([...expected.keys])
  expect([...actual.times]).toEqual([...expected.times])
}

function named({ unknownFields }: DecodedPage): readonly UnknownField[] {
  return unknownFields.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Numbers as JSON can say them: the reference writes -0 and what overflows, which the scanner keeps as text, as 0 and null. */
function saidBy(text: string): unknown {
  return JSON.parse(JSON.stringify(JSON.parse(text)))
}

/** `undefined` when the body is refused. */
function tryDecode(dataset: Dataset, numbers: Numbers, body: Uint8Array): DecodedPage | undefined {
  try {
    return decodePage(dataset, numbers, body, 'ms')
  } catch (error) {
    if (error instanceof BackfillError) return undefined
    throw error
  }
}

describe('the scanner', () => {
  it('says what JSON.parse says, for any order of keys, white space and escapes', () => {
    fc.assert(
      fc.property(page(5), ([dataset, numbers, text]) => {
        const body = utf8(text)
        expectEqual(
          dataset,
          decodePage(dataset, numbers, body, 'ms'),
          decodePageByParse(dataset, numbers, body, 'ms'),
        )
      }),
      { numRuns: 1500 },
    )
  })

  it('refuses each page that is cut short, at every byte', () => {
    fc.assert(
      fc.property(page(2), ([dataset, numbers, text]) => {
        const body = utf8(text)
        const length = utf8(text.trimEnd()).length
        for (let cut = 0; cut < length; cut++)
          expect(() => decodePage(dataset, numbers, body.subarray(0, cut), 'ms')).toThrow(
            TransportError,
          )
      }),
      { numRuns: 60 },
    )
  })

  it('never takes a damaged page for a longer or shorter one, nor for other than JSON says', () => {
    const damage = fc.tuple(
      fc.nat(),
      fc.oneof(fc.nat(255), fc.constantFrom(...utf8('",:[]{}0-.e\\ tn'))),
    )
    fc.assert(
      fc.property(
        page(3),
        fc.array(damage, { minLength: 20, maxLength: 20 }),
        ([dataset, numbers, text], damages) => {
          const rowCount = decodePage(dataset, numbers, utf8(text), 'ms').rowCount
          for (const [at, byte] of damages) {
            const body = utf8(text)
            body[at % body.length] = byte
            const decoded = tryDecode(dataset, numbers, body)
            if (decoded === undefined) continue
            expect(decoded.rowCount).toBe(rowCount)
            expectEqual(dataset, decoded, decodePageByParse(dataset, numbers, body, 'ms'))
          }
        },
      ),
      // A failure names its seed; to make such pages smaller takes longer than all the tests.
      { numRuns: 500, endOnFailure: true },
    )
  })

  it('refuses what JSON.parse refuses, and ends, whatever the bytes', () => {
    const token = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"a"',
      '"p"',
      '"1"',
      '1',
      'true',
      'null',
      ' ',
      '"',
      '\\',
      '-',
      '.',
    )
    const soup = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(token, { maxLength: 30 }).map((tokens) => utf8(tokens.join(''))),
    )
    fc.assert(
      fc.property(datasets, soup, (dataset, body) => {
        const decoded = tryDecode(dataset, 'decimal', body)
        if (decoded !== undefined)
          expectEqual(dataset, decoded, decodePageByParse(dataset, 'decimal', body, 'ms'))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('units of time', () => {
  it('give one row: ms times 1000, an inclusive end to its last µs', () => {
    const ms = fc.integer({ min: 1_230_768_000_000, max: 4_102_444_799_999 })
    const klineText = (open: string, close: string) =>
      utf8(`[[${open},"1","1","1","1","1",${close},"1",1,"1","1","0"]]`)
    fc.assert(
      fc.property(ms, ms, (open, close) => {
        const inMillis = decodePage(
          DATASETS.klines,
          'float64',
          klineText(String(open), String(close)),
          'ms',
        )
        const inMicros = decodePage(
          DATASETS.klines,
          'float64',
          klineText(`${open}000`, `${close}999`),
          'us',
        )
        expectEqual(DATASETS.klines, inMillis, inMicros)
        expect(inMillis.times[0]).toBe(BigInt(open) * 1000n)
      }),
    )
  })

  it('never mistake one unit for another', () => {
    const ms = fc.integer({ min: 1_230_768_000_000, max: 4_102_444_799_999 })
    const tradeText = (time: string) =>
      utf8(`[{"a":1,"p":"1","q":"1","f":1,"l":1,"T":${time},"m":true,"M":true}]`)
    fc.assert(
      fc.property(ms, (time) => {
        for (const [unit, text] of [
          ['us', String(time)],
          ['ms', `${time}000`],
          ['ms', String(Math.floor(time / 1000))],
          ['us', `${time}000000`],
        ] as const)
          expect(() => decodePage(DATASETS.aggTrades, 'float64', tradeText(text), unit)).toThrow(
            'not a time',
          )
      }),
    )
  })
})
