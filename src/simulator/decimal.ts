/** Decimal texts in Binance's form: eight decimals, whatever the symbol's own precision. */

const SCALE = 8
const ONE = 100_000_000
const POWERS = Array.from({ length: 17 }, (_, exponent) => 10 ** exponent)
const BIG_POWERS = POWERS.map(BigInt)

/** 10 to the power of `exponent`, from 0 to 16, exactly. */
export function power(exponent: number): number {
  return POWERS[exponent] ?? 10 ** exponent
}

/**
 * The text of `units` x 10^-`decimals`.
 *
 * @param units - a whole number, from 0 to 2^53.
 * @param decimals - 0 to 8.
 */
export function decimalText(units: number, decimals: number): string {
  const one = power(decimals)
  const whole = Math.floor(units / one)
  // The leading 1 keeps the zeros; it is cheaper than padding, and pages spend most of their time here.
  const rest = ONE + (units - whole * one) * power(SCALE - decimals)
  return `${whole}.${String(rest).slice(1)}`
}

/** `price` x `quantity`, both whole numbers with their own decimals; digits after the eighth decimal are cut off. */
export function productText(
  price: number,
  quantity: number,
  decimals: { readonly price: number; readonly quantity: number },
): string {
  const surplus = decimals.price + decimals.quantity - SCALE
  const scale = BIG_POWERS[Math.abs(surplus)] ?? 1n
  const product = BigInt(price) * BigInt(quantity)
  const units = surplus > 0 ? product / scale : product * scale
  const text = String(units).padStart(SCALE + 1, '0')
  return `${text.slice(0, -SCALE)}.${text.slice(-SCALE)}`
}
