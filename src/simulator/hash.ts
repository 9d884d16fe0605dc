/**
 * Random numbers without state: the same seed and place always give the same number, so that any row of any history can
 * be computed on its own, in any order.
 */

/** Mixes `value` (a whole number below 2^53) into `seed`; returns 32 well-mixed bits as a signed number. */
export function mix(seed: number, value: number): number {
  let bits = Math.imul(seed ^ (value >>> 0), 0x9e3779b1)
  // Times in microseconds exceed 32 bits: the upper half counts too.
  bits = Math.imul(bits ^ (bits >>> 15) ^ Math.floor(value / 0x1_0000_0000), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}

/** A number in `[0, 1)` from the bits of {@link mix}. */
export function fraction(bits: number): number {
  return (bits >>> 0) / 0x1_0000_0000
}

/** A seed from a text. */
export function seedOf(text: string, seed: number): number {
  let bits = mix(seed, text.length)
  for (let i = 0; i < text.length; i++) bits = mix(bits, text.charCodeAt(i))
  return bits
}
