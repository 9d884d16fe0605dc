import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SPOT_KINDS } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { INTERVALS } from '../../src/binance/interval.ts'
import type { SeriesKey } from '../../src/binance/series.ts'
import { checkPath } from '../../src/node/tree.ts'
import { parseSeriesPath, seriesPath } from '../../src/store/layout.ts'

// Whatever a file name may choke on, more often than chance would bring it.
const nasty = fc.constantFrom(
  ...[
    '.',
    '..',
    '/',
    '\\',
    '%',
    '%2F',
    '=',
    ':',
    '\0',
    '\n',
    ' ',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '^',
  ],
  ...[
    'e\u0301',
    '\u00e9',
    '币',
    '𝔅',
    '\u202e',
    '1M',
    'CON',
    '__HIVE_DEFAULT_PARTITION__',
    '~',
    '*',
  ],
)
const value = fc
  .array(fc.oneof(nasty, fc.string({ unit: 'grapheme', maxLength: 4 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join('').normalize('NFC'))
  .filter((text) => text !== '')

const seriesKey: fc.Arbitrary<SeriesKey> = fc
  .record({
    dataset: fc.constantFrom(...SPOT_KINDS),
    symbol: value,
    interval: fc.constantFrom(...INTERVALS),
    account: value,
  })
  .map(({ dataset, symbol, interval, account }) => ({
    market: 'spot' as const,
    dataset,
    symbol,
    ...(DATASETS[dataset].hasInterval && { interval }),
    ...(DATASETS[dataset].security === 'signed' && { account }),
  }))

describe('the path of a series', () => {
  it('leads back to the series', () => {
    fc.assert(
      fc.property(seriesKey, (key) => {
        expect(parseSeriesPath(seriesPath(key))).toEqual(key)
      }),
      { numRuns: 2000 },
    )
  })

  it('is shared by no two series, even where the file system folds no case', () => {
    fc.assert(
      fc.property(seriesKey, seriesKey, (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b))
        expect(seriesPath(a)).not.toBe(seriesPath(b))
      }),
      { numRuns: 2000 },
    )
  })

  it('stays in the lake, one directory a part', () => {
    fc.assert(
      fc.property(seriesKey, (key) => {
        const path = seriesPath(key)
        expect(checkPath(path)).toBe(path)
        const parts = 3 + Number('interval' in key) + Number('account' in key)
        expect(path.split('/')).toHaveLength(parts)
      }),
      { numRuns: 2000 },
    )
  })

  it('is read back from no other path: what is parsed is written the same', () => {
    const path = fc
      .tuple(fc.constantFrom('interval=1m/', 'interval=1mo/', ''), value)
      .map(([interval, symbol]) => `spot/klines/${interval}symbol=${symbol}`)
    fc.assert(
      fc.property(path, (text) => {
        const key = parseSeriesPath(text)
        if (key !== undefined) expect(seriesPath(key)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })
})
