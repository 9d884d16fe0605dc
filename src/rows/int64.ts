/** 64-bit integers in columns: comparing without bigints, and searching. */

/** The low (even) and high (odd) halves of `values`; a view. */
export function halvesOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2)
}

/** Below 0 when row `i` of `a` is below row `j` of `b`, 0 when they are equal, else above 0. */
export function compareHalves(a: Int32Array, i: number, b: Int32Array, j: number): number {
  const high = (a[2 * i + 1] ?? 0) - (b[2 * j + 1] ?? 0)
  return high === 0 ? ((a[2 * i] ?? 0) >>> 0) - ((b[2 * j] ?? 0) >>> 0) : high
}

/** Is the value of row `i` this small negative number, or 0? */
export function isHalves(halves: Int32Array, i: number, value: 0 | -1): boolean {
  return halves[2 * i] === value && halves[2 * i + 1] === value
}

/** The index of the first element of `array`, which is sorted, that is not below `key`; its length when all are. */
export function lowerBound(array: BigInt64Array, key: bigint): number {
  let from = 0
  let to = array.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((array[middle] ?? key) < key) from = middle + 1
    else to = middle
  }
  return from
}

/** Is no value lower than the one before it? */
export function isRising(values: BigInt64Array): boolean {
  const halves = halvesOf(values)
  for (let row = 1; row < values.length; row++)
    if (compareHalves(halves, row, halves, row - 1) < 0) return false
  return true
}
