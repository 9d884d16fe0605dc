/**
 * Digits → doubles: the innermost loops of every number.
 *
 * Everything a loop over bytes needs is in its own file: V8 inlines a module's own constants and functions into a loop,
 * but loads imported ones at each iteration, which was measured to halve the speed.
 */

const ZERO = 0x30
const DOT = 0x2e
// Nine digits fit into a 32-bit integer, whose arithmetic is faster than that of doubles.
const CHUNK = 9

/** Powers of ten that a double holds exactly, by exponent. */
export const POWERS: readonly number[] = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
]
const powers = POWERS

/**
 * Where the readers leave their results: registers, since a reader has several results and must not make an object for
 * each value. `[0]` the digits before the point and `[1]` those after it, each as a whole number, exact up to 2^53 and
 * above 2^53 when it is larger; `[2]` the count of digits before the point, `[3]` after it.
 */
export const registers: Float64Array = new Float64Array(4)
const parts = registers

/**
 * Reads the run of digits at `at`. If there are none, the value is 0.
 *
 * @returns where it ends
 */
export function readDigits(bytes: Uint8Array, at: number): number {
  return readRun(bytes, at, 0)
}

/**
 * Reads `\d*(\.\d*)?` at `at`.
 *
 * @returns where it ends; -1 when there is no digit before the point, or a point without a digit after it
 */
export function readDecimal(bytes: Uint8Array, at: number): number {
  const point = readRun(bytes, at, 0)
  if (point === at) return -1
  if ((bytes[point] ?? 0) !== DOT) {
    parts[1] = 0
    parts[3] = 0
    return point
  }
  const end = readRun(bytes, point + 1, 1)
  return end === point + 1 ? -1 : end
}

function readRun(bytes: Uint8Array, at: number, part: number): number {
  let end = at
  let chunk = 0
  const chunkEnd = at + CHUNK
  let digit = (bytes[end] ?? 0) - ZERO
  for (; digit >= 0 && digit <= 9 && end < chunkEnd; digit = (bytes[++end] ?? 0) - ZERO)
    chunk = (chunk * 10 + digit) | 0
  let value = chunk
  if (digit >= 0 && digit <= 9) {
    const second = end
    chunk = 0
    for (; digit >= 0 && digit <= 9 && end < second + CHUNK; digit = (bytes[++end] ?? 0) - ZERO)
      chunk = (chunk * 10 + digit) | 0
    value = value * (powers[end - second] ?? NaN) + chunk
    for (; digit >= 0 && digit <= 9; digit = (bytes[++end] ?? 0) - ZERO) value = value * 10 + digit
  }
  parts[part] = value
  parts[part + 2] = end - at
  return end
}
