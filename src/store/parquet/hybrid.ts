/** The RLE / bit-packing hybrid: Parquet's encoding of small numbers, for dictionary indices, levels and booleans. */

// A run shorter than this costs less inside the bit-packed numbers around it.
const RUN_MIN = 16

/** Bits that hold every number up to and including `max`. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max)
}

/** The most bytes that `count` numbers of `width` bits can take. */
export function hybridBytesMax(count: number, width: number): number {
  // Each run of at least RUN_MIN costs at most 5 + 4 bytes itself and splits the bit-packed ones around it (5 more,
  // and 7 numbers of padding); bit-packed numbers take `width` bits.
  return Math.ceil(count / RUN_MIN) * 24 + Math.ceil((count + 8) / 8) * width + 24
}

/**
 * Encodes `numbers[from, to)`, each of at most `width` bits, into `out` at `at`.
 *
 * @returns the position after the last byte written.
 * @see {@link https://github.com/apache/parquet-format/blob/apache-parquet-format-2.11.0/Encodings.md}
 */
export function encodeHybrid(
  numbers: Uint8Array | Int32Array,
  range: { readonly from: number; readonly to: number; readonly width: number },
  out: Uint8Array,
  at: number,
): number {
  const { from, to, width } = range
  let packedFrom = from
  let i = from
  while (i < to) {
    const number = numbers[i] as number
    let end = i + 1
    while (end < to && numbers[end] === number) end++
    // Bit-packed numbers come in groups of 8, so those that are waiting take what they lack from the run.
    const padding = (8 - ((i - packedFrom) & 7)) & 7
    const runFrom = i + padding
    if (end - runFrom >= RUN_MIN) {
      at = packBits(numbers, { from: packedFrom, to: runFrom, width }, out, at)
      at = writeVarint(out, at, (end - runFrom) * 2)
      for (let bits = 0; bits < width; bits += 8) out[at++] = number >>> bits
      packedFrom = end
    }
    i = end
  }
  return packBits(numbers, { from: packedFrom, to, width }, out, at)
}

/** A bit-packed run, padded with zeros to a multiple of 8 numbers. Nothing for no numbers. */
function packBits(
  numbers: Uint8Array | Int32Array,
  { from, to, width }: { readonly from: number; readonly to: number; readonly width: number },
  out: Uint8Array,
  at: number,
): number {
  if (from === to) return at
  const groups = Math.ceil((to - from) / 8)
  at = writeVarint(out, at, groups * 2 + 1)
  const end = at + groups * width
  let bits = 0
  let held = 0
  for (let i = from; i < to; i++) {
    bits |= (numbers[i] as number) << held
    held += width
    while (held >= 8) {
      out[at++] = bits
      bits >>>= 8
      held -= 8
    }
  }
  if (held > 0) out[at++] = bits
  out.fill(0, at, end)
  return end
}

/** Writes an unsigned number of at most 31 bits, 7 bits a byte; gives the position after it. */
function writeVarint(out: Uint8Array, at: number, number: number): number {
  let rest = number
  while (rest > 0x7f) {
    out[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  out[at++] = rest
  return at
}
