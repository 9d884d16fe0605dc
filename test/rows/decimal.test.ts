import { describe, expect, it } from 'vitest'
import { paddedText } from '../../src/rows/bytes.ts'
import {
  checkNumber,
  formatScaled,
  numberEnd,
  numberProblem,
  PRICE_DIGITS,
  QUANTITY_DIGITS,
  readFloat,
  readScaled,
  wholeLimit,
} from '../../src/rows/decimal.ts'

function scaled(text: string, digitsMax: number): string {
  const target = { words: new Uint32Array(4), digitsMax, wholeLimit: wholeLimit(digitsMax) }
  const end = readScaled(paddedText(text), 0, target, 0)
  return end === text.length
    ? formatScaled(target.words, 0)
    : `refused: ${numberProblem(text, digitsMax)}`
}

function float(text: string): number | undefined {
  const out = new Float64Array(1)
  return readFloat(paddedText(text), 0, out, 0) === text.length ? out[0] : undefined
}

describe('exact decimals', () => {
  it.each([
    ['0', '0.00000000'],
    ['0.00000001', '0.00000001'],
    ['9039.74000000', '9039.74000000'],
    ['-1.5', '-1.50000000'],
    ['007', '7.00000000'],
    ['1e-8', '0.00000001'],
    ['1E+3', '1000.00000000'],
    ['0.000000012e1', '0.00000012'],
    ['1.1234567800000', '1.12345678'],
    ['0e99999', '0.00000000'],
    ['0.1e-7', '0.00000001'],
    ['9999999999.99999999', '9999999999.99999999'],
    ['90071992.54740992', '90071992.54740992'],
  ])('reads %s', (text, stored) => {
    expect(scaled(text, PRICE_DIGITS)).toBe(stored)
    expect(scaled(text, QUANTITY_DIGITS)).toBe(stored)
  })

  it.each([
    ['28367292769.36', '28367292769.36000000'],
    ['92233720368.54775808', '92233720368.54775808'],
    ['12345678901234567890.12345678', '12345678901234567890.12345678'],
    ['-12345678901234567890.12345678', '-12345678901234567890.12345678'],
    ['999999999999999999999999999999.99999999', '999999999999999999999999999999.99999999'],
    ['-999999999999999999999999999999.99999999', '-999999999999999999999999999999.99999999'],
  ])('reads the quantity %s, which no int64 holds', (text, stored) => {
    expect(scaled(text, QUANTITY_DIGITS)).toBe(stored)
    expect(scaled(text, PRICE_DIGITS)).toContain('more than 10 digits before the point')
  })

  it.each([
    ['1.123456789', 'more than 8 decimals'],
    ['1e-9', 'more than 8 decimals'],
    ['10000000000', 'more than 10 digits'],
    ['1e10', 'more than 10 digits'],
    ['1e999999999999', 'more than 10 digits'],
    ['-0', 'a negative zero'],
    ['-0.000', 'a negative zero'],
  ])('refuses the price %s: %s', (text, problem) => {
    expect(scaled(text, PRICE_DIGITS)).toContain(problem)
  })

  it('refuses a quantity of 31 digits before the point', () => {
    expect(scaled(`1${'0'.repeat(30)}`, QUANTITY_DIGITS)).toContain('more than 30 digits')
  })
})

const NOT_NUMBERS = [
  '',
  '+1',
  '.5',
  '1.',
  '1e',
  '1e+',
  '1.e5',
  ' 1',
  '1 ',
  '0x10',
  'NaN',
  'Infinity',
  '-',
  '--1',
  '1_000',
  '1,5',
  '１',
  '1\0',
  '9'.repeat(401),
  `0.${'1'.repeat(400)}`,
]

describe('what is no number', () => {
  it.each(NOT_NUMBERS)('is refused in each form: %j', (text) => {
    expect(float(text)).toBeUndefined()
    expect(scaled(text, QUANTITY_DIGITS)).toContain('refused: not a decimal number')
    expect(checkNumber(paddedText(text), 0)).not.toBe(text.length)
  })

  it.each(['-0', '-0.0', '-0e5', '1e400', '-1e-400'])('nor is %s, in either form', (text) => {
    expect(float(text)).toBeUndefined()
    expect(checkNumber(paddedText(text), 0)).toBe(-1)
  })

  it('ends where the number ends', () => {
    expect(numberEnd(paddedText('12.5"'), 0)).toBe(4)
    expect(numberEnd(paddedText('12.x'), 0)).toBe(2)
  })
})

describe('doubles', () => {
  it.each([
    '0',
    '1',
    '0.1',
    '9007199254740993',
    '123456789012345678',
    '0.30000000000000004',
    '90071992.54740993',
    '-2.5',
    '1e22',
    '1e23',
    '4.9e-324',
    '1.7976931348623157e308',
    '00000000000000000000000000000.5',
    '1234567890123.00000000',
    '36893488147419103232',
    '0.00000000000000000000000012345',
    '5.0000000000000000000000001',
    '8.41421356237309504',
  ])('reads %s as Number() does', (text) => {
    expect(float(text)).toBe(Number(text))
  })
})
