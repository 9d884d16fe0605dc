import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { paddedText } from '../../src/rows/bytes.ts'
import {
  PRICE_DIGITS,
  QUANTITY_DIGITS,
  readFloat,
  readScaled,
  scaledAt,
  wholeLimit,
} from '../../src/rows/decimal.ts'
import { Int64Sink } from '../../src/rows/columns.ts'
import { compareNumbers } from '../../src/rows/number-column.ts'
import { IntegerReader } from '../../src/rows/value.ts'
import { Int64 } from 'apache-arrow'

const digits = (max: number) => fc.stringMatching(new RegExp(`^\\d{1,${max}}$`))

/** Any number text: plain ones as exchanges send them, and odd ones. */
const numberText = fc
  .tuple(
    fc.boolean(),
    fc.oneof(digits(9), digits(18), digits(40)),
    fc.option(fc.oneof(digits(8), digits(18), digits(30)), { freq: 6 }),
    fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.nat(40)), {
      freq: 1,
    }),
  )
  .map(([isNegative, whole, decimals, exponent]) => {
    const power = exponent === null ? '' : exponent.join('')
    return `${isNegative ? '-' : ''}${whole}${decimals === null ? '' : `.${decimals}`}${power}`
  })

/** The number in units of 1e-8 by bigint arithmetic; undefined when it is not whole, or a negative zero. */
function oracle(text: string): bigint | undefined {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', decimals = ''] = mantissa.split('.')
  const value = BigInt(whole.replace('-', '') + decimals)
  if (value === 0n) return text.startsWith('-') ? undefined : 0n
  const shift = Number(exponent) - decimals.length + 8
  const divisor = shift < 0 ? 10n ** BigInt(-shift) : 1n
  if (value % divisor !== 0n) return undefined
  const scaled = shift < 0 ? value / divisor : value * 10n ** BigInt(shift)
  return text.startsWith('-') ? -scaled : scaled
}

function read(text: string, digitsMax: number): bigint | undefined {
  const words = Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  const end = readScaled(
    paddedText(text),
    0,
    { words, digitsMax, wholeLimit: wholeLimit(digitsMax) },
    1,
  )
  return end === text.length ? scaledAt(words, 1) : undefined
}

describe('decimal texts', () => {
  it.each([PRICE_DIGITS, QUANTITY_DIGITS])(
    'of at most %i digits are stored exactly, all others refused',
    (digitsMax) => {
      const limit = 10n ** BigInt(digitsMax)
      fc.assert(
        fc.property(numberText, (text) => {
          const exact = oracle(text)
          const isStorable = exact !== undefined && exact < limit && -exact < limit
          expect(read(text, digitsMax)).toBe(isStorable ? exact : undefined)
        }),
        { numRuns: 20_000 },
      )
    },
  )

  it('of exchanges are stored exactly around every power of two and ten', () => {
    const near = fc
      .tuple(fc.constantFrom(2n, 10n), fc.nat(37), fc.bigInt(-2n, 2n))
      .map(([base, power, by]) => base ** BigInt(power) + by)
    fc.assert(
      fc.property(
        near.filter((units) => units >= 0n),
        (units) => {
          const padded = String(units).padStart(9, '0')
          const text = `${padded.slice(0, -8)}.${padded.slice(-8)}`
          expect(read(text, QUANTITY_DIGITS)).toBe(units)
          if (units > 0n) expect(read(`-${text}`, QUANTITY_DIGITS)).toBe(-units)
        },
      ),
    )
  })

  it('become the double that Number() gives, bit for bit', () => {
    const out = new Float64Array(1)
    fc.assert(
      fc.property(numberText, (text) => {
        const end = readFloat(paddedText(text), 0, out, 0)
        const value = Number(text)
        const isStorable = Number.isFinite(value) && !Object.is(value, -0)
        expect(end).toBe(isStorable ? text.length : -1)
        if (isStorable) expect(Object.is(out[0], value)).toBe(true)
      }),
      { numRuns: 50_000 },
    )
  })

  it('become the same double also where 16 digits are near 2^53', () => {
    const out = new Float64Array(1)
    const mantissa = fc.oneof(
      fc.bigInt(2n ** 53n - 1000n, 2n ** 53n + 1000n),
      fc.bigInt(0n, 2n ** 60n),
      fc.bigInt(10n ** 15n, 10n ** 16n),
    )
    fc.assert(
      fc.property(mantissa, fc.nat(22), (value, decimals) => {
        const padded = String(value).padStart(decimals + 1, '0')
        const text =
          decimals === 0 ? padded : `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`
        expect(readFloat(paddedText(text), 0, out, 0)).toBe(text.length)
        expect(Object.is(out[0], Number(text))).toBe(true)
      }),
      { numRuns: 50_000 },
    )
  })

  it('compare as the numbers they say', () => {
    const exactNumber = numberText.filter((text) => oracle(text) !== undefined)
    fc.assert(
      fc.property(exactNumber, exactNumber, (a, b) => {
        const [x, y] = [oracle(a) ?? 0n, oracle(b) ?? 0n]
        expect(Math.sign(compareNumbers(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('integers', () => {
  it('of 64 bits are stored exactly, all others refused', () => {
    const sink = new Int64Sink(new Int64())
    sink.reserve(2)
    const reader = new IntegerReader(sink)
    const any = fc.oneof(
      fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
      fc.bigInt(-(2n ** 65n), 2n ** 65n),
      fc.bigInt(-(2n ** 34n), 2n ** 34n),
    )
    fc.assert(
      fc.property(any, (value) => {
        const text = String(value)
        const fits = BigInt.asIntN(64, value) === value
        expect(reader.read(paddedText(text), 0, 1)).toBe(fits ? text.length : -1)
        if (fits) expect((sink.finish(2).values as BigInt64Array)[1]).toBe(value)
      }),
      { numRuns: 5000 },
    )
  })
})
