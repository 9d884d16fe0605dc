import { describe, expect, it } from 'vitest'
import { formatMicros } from '../../src/base/time.ts'
import { INTERVALS } from '../../src/binance/interval.ts'
import { readInterval } from '../../src/job/interval.ts'
import { readFrom, readSettle, readTo, suggestDate } from '../../src/job/moment.ts'
import { closest, editDistance } from '../../src/base/suggest.ts'
import { readAsset, readStatus, readSymbol } from '../../src/job/symbol.ts'

function problem(reading: { value: unknown } | { problem: string }): string | undefined {
  return 'problem' in reading ? reading.problem : undefined
}

describe('moments', () => {
  it.each([
    ['2024-01-01', '2024-01-01T00:00:00.000000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000000Z'],
    ['2024-01-01T12:30Z', '2024-01-01T12:30:00.000000Z'],
    // In the hour that daylight saving leaves out in much of Europe: no zone but UTC comes into it.
    ['2024-03-31 02:30', '2024-03-31T02:30:00.000000Z'],
    ['2024-03-31T02:30', '2024-03-31T02:30:00.000000Z'],
    ['2024-01-01 12:30:15Z', '2024-01-01T12:30:15.000000Z'],
    ['2024-01-01T12:30:15.123456Z', '2024-01-01T12:30:15.123456Z'],
    ['2024-01-01T12:30:15+00:00', '2024-01-01T12:30:15.000000Z'],
    ['1970-01-01', '1970-01-01T00:00:00.000000Z'],
  ])('%s', (text, iso) => {
    const reading = readFrom(text)
    if (!('value' in reading) || reading.value.kind !== 'at') throw new Error(text)
    expect(formatMicros(reading.value.time)).toBe(iso)
    expect(readTo(text)).toEqual(reading)
  })

  it.each([
    ['90s', 90n],
    ['90m', 5_400n],
    ['12h', 43_200n],
    ['30d', 2_592_000n],
    ['2w', 1_209_600n],
  ])('%s before now', (text, seconds) => {
    expect(readFrom(text)).toEqual({ value: { kind: 'ago', micros: seconds * 1_000_000n } })
  })

  it('are words at one end only', () => {
    expect(readFrom('listing')).toEqual({ value: { kind: 'listing' } })
    expect(readTo('now')).toEqual({ value: { kind: 'now' } })
    expect(problem(readFrom('now'))).toBe('"now" cannot be a start')
    expect(problem(readTo('listing'))).toBe('"listing" cannot be an end')
  })

  it.each([
    ['2024-13-01', 'is not an existing day or time'],
    ['2024-02-30', 'is not an existing day or time'],
    ['2023-02-29', 'is not an existing day or time'],
    ['2024-01-01T24:00:00Z', 'is not an existing day or time'],
    ['1969-12-31', 'is before 1970'],
    ['2024-03-31T02:30:00+02:00', 'is not a time in UTC; write 2024-03-31T00:30:00Z'],
    ['2024-03-31T22:30-0530', 'is not a time in UTC; write 2024-04-01T04:00:00Z'],
    ['2024-03-31T02:30:00z', 'is not a time in UTC; write 2024-03-31T02:30:00Z'],
    [
      '2024-03-31T02:30 EST',
      'names the zone "EST"; all times are UTC: write it in UTC, such as 2024-01-01T14:00:00Z',
    ],
    [
      '2024-03-31T02:30 Europe/Paris',
      'names the zone "Europe/Paris"; all times are UTC: write it in UTC, such as 2024-01-01T14:00:00Z',
    ],
    ['2024-03-31T02:30 UTC', 'is not a time in UTC; write 2024-03-31T02:30:00Z'],
    ['20240131', 'is not a moment; did you mean "2024-01-31"?'],
    ['2024/1/31', 'is not a moment; did you mean "2024-01-31"?'],
    ['2024', 'is not a moment; did you mean "2024-01-01"?'],
    ['2024-07', 'is not a moment; did you mean "2024-07-01"?'],
    ['1704067200', 'is not a moment; did you mean "2024-01-01T00:00:00Z"?'],
    ['30D', 'is not a moment; did you mean "30d"?'],
    ['30 days ago', 'is not a moment; did you mean "30d"?'],
    ['12h ', 'is not a moment; did you mean "12h"?'],
    ['-12h', 'is not a moment; did you mean "12h"?'],
    ['3mo', 'is not a moment; did you mean "90d"?'],
    ['3M', 'is not a moment; did you mean "90d"?'],
    ['1y', 'is not a moment; did you mean "365d"?'],
    ['Listing', 'is not a moment; did you mean "listing"?'],
    ['0d', 'is a duration of zero'],
    ['40000d', 'is more than 36500 days'],
    ['999999999999w', 'is more than 36500 days'],
  ])('%s is refused', (text, message) => {
    expect(problem(readFrom(text))).toBe(`"${text}" ${message}`)
  })

  it.each(['', 'yesterday', '31.12.2024', '01/02/2024', '9999999999999999999999', '--'])(
    '%j is refused without a guess',
    (text) => {
      expect(problem(readTo(text))).toMatch(/ is not a moment; write a date such as .* or now$/)
    },
  )

  it('suggests nothing for a number that is no date in any reading', () => {
    expect(suggestDate('20241301')).toBeUndefined()
    expect(suggestDate('202401')).toBeUndefined()
    expect(suggestDate('9999999999999999')).toBe('2286-11-20T17:46:39.999999Z')
  })
})

describe('settle', () => {
  it.each([
    ['0s', 0n],
    ['1m', 60_000_000n],
    ['7d', 604_800_000_000n],
    ['1w', 604_800_000_000n],
  ])('%s', (text, value) => {
    expect(readSettle(text)).toEqual({ value })
  })

  it.each([
    ['169h', '"169h" is more than 7 days'],
    ['1 min', '"1 min" is not a duration; did you mean "1m"?'],
    ['soon', '"soon" is not a duration such as 30s, 1m or 2h'],
    ['-1s', '"-1s" is not a duration; did you mean "1s"?'],
  ])('%s is refused', (text, message) => {
    expect(problem(readSettle(text))).toBe(message)
  })
})

describe('intervals', () => {
  it('are the names of Binance, and 1mo', () => {
    for (const interval of INTERVALS) expect(readInterval(interval)).toEqual({ value: interval })
    expect(readInterval('1mo')).toEqual({ value: '1M' })
  })

  it.each([
    ['1Min', '1m'],
    ['1H', '1h'],
    ['60m', '1h'],
    ['60min', '1h'],
    ['1D', '1d'],
    ['24h', '1d'],
    ['7d', '1w'],
    ['1hour', '1h'],
    ['1 day', '1d'],
    ['1Mo', '1M'],
    ['1month', '1M'],
    ['5M', '5m'],
    ['300s', '5m'],
  ])('%s was meant to be %s', (text, meant) => {
    expect(problem(readInterval(text))).toBe(
      `"${text}" is not an interval; did you mean "${meant}"?`,
    )
  })

  it.each(['7m', '', '1', 'm', '0m', '31d', '2M'])('%j is no interval by any name', (text) => {
    expect(problem(readInterval(text))).toMatch(/; Binance has 1s, 1m, .* 1w or 1M$/)
  })
})

describe('symbols', () => {
  it.each(['BTCUSDT', '456', '1INCHUSDT', '币安人生USDT', 'BTCUSD_240329', 'BTCUSD_PERP', 'A.B'])(
    '%s',
    (symbol) => {
      expect(readSymbol(symbol)).toEqual({ value: symbol })
    },
  )

  it.each([
    ['btcusdt', '; did you mean "BTCUSDT"?'],
    ['BTC/USDT', '; did you mean "BTCUSDT"?'],
    ['btc-usdt', '; did you mean "BTCUSDT"?'],
    ['BTC_USDT', '; did you mean "BTCUSDT"?'],
    [' BTCUSDT', '; did you mean "BTCUSDT"?'],
    ['币安人生usdt', '; did you mean "币安人生USDT"?'],
    // Capitals of these would be other letters.
    ['ıost', '; Binance writes them in capital letters'],
    ['ßa', '; Binance writes them in capital letters'],
    ['../../etc/passwd', '; Binance writes them in capital letters'],
    ['..', ''],
    ['A/../B', ''],
    ['%2E%2E', ''],
    ['A\\B', ''],
    ['A'.repeat(41), ''],
  ])('%s is refused', (text, help) => {
    expect(problem(readSymbol(text))).toBe(`"${text}" is not a symbol${help}`)
  })

  it('are refused when they hide something', () => {
    expect(problem(readSymbol('A\u202eB'))).toBe('"A\\u{202e}B" is not a symbol')
    expect(problem(readSymbol('A\u0000B'))).toBe('"A\\u{0}B" is not a symbol')
    expect(problem(readSymbol('  '))).toBe('an empty symbol')
  })

  it('have assets and a status', () => {
    expect(readAsset('USDT')).toEqual({ value: 'USDT' })
    expect(problem(readAsset('usdt'))).toBe('"usdt" is not an asset; did you mean "USDT"?')
    expect(readStatus('BREAK')).toEqual({ value: 'BREAK' })
    expect(problem(readStatus('TRADNG'))).toMatch(/; did you mean "TRADING"\?$/)
    expect(problem(readStatus('ON'))).toMatch(/; write TRADING, HALT, .* or DELISTED$/)
  })
})

describe('suggestions', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['same', 'same', 0],
  ])('%s and %s are %i edits apart', (a, b, edits) => {
    expect(editDistance(a, b)).toBe(edits)
  })

  it.each([
    ['form', 'from'],
    ['agg_trades', 'aggTrades'],
    ['Klines', 'klines'],
    ['kline', 'klines'],
    ['to', undefined],
    ['x', undefined],
    ['entirelyother', undefined],
  ])('%s is closest to %s', (text, expected) => {
    expect(closest(text, ['from', 'klines', 'uiKlines', 'aggTrades'])).toBe(expected)
  })
})
