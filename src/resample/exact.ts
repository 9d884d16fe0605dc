/** Exact sums of decimal texts, however many digits they have. */

import { withoutZeros } from '../base/text.ts'

/** `units` x 10 ^ -`scale`. */
export type Exact = { readonly units: bigint; readonly scale: number }

/** A number's text as it is meant: `12.50`, `-3`, `1e-7`. @throws RangeError for anything else */
export function exactOf(text: string): Exact {
  const [, sign, whole = '', decimals = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text) ?? []
  if (sign === undefined) throw new RangeError(`not a decimal number: ${text}`)
  const units = BigInt(sign + whole + decimals)
  const scale = decimals.length - Number(exponent)
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale }
}

/** Their sum, with as many decimals as the one that has more. */
export function plus(a: Exact, b: Exact): Exact {
  if (a.scale === b.scale) return { units: a.units + b.units, scale: a.scale }
  if (a.scale < b.scale) return plus(b, a)
  const factor = 10n ** BigInt(a.scale - b.scale)
  return { units: a.units + b.units * factor, scale: a.scale }
}

/** All decimals, also the last zeros. */
export function exactText({ units, scale }: Exact): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const sign = units < 0n ? '-' : ''
  return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-scale)}`
}

/** Without last zeros after the point. */
export function shortText(value: Exact): string {
  return withoutZeros(exactText(value))
}
