/**
 * Plain data with its typed arrays poured into one buffer, which goes to another thread without a copy. Copied one by
 * one, small arrays would take the large buffers along in which they lie.
 */

/** What takes the place of an array. */
type Place = { readonly [PLACE]: 'bytes' | 'int64s'; readonly at: number; readonly length: number }

const PLACE = '\0array'
const WORD = 8

/** Plain data without its arrays, and their bytes. */
export type Poured = { readonly data: unknown; readonly buffer: ArrayBuffer }

type Bytes = Uint8Array | BigInt64Array

/** Copies the arrays of plain data into one buffer. */
export function pour(value: unknown): Poured {
  const arrays: { readonly array: Bytes; readonly at: number }[] = []
  let size = 0
  const place = (array: Bytes): Place => {
    const at = size
    arrays.push({ array, at })
    size += Math.ceil(array.byteLength / WORD) * WORD
    const kind = array instanceof Uint8Array ? 'bytes' : 'int64s'
    return { [PLACE]: kind, at, length: array.length }
  }
  const data = mapped(value, (one) => (isBytes(one) ? place(one) : undefined))
  const buffer = new ArrayBuffer(size)
  for (const { array, at } of arrays)
    new Uint8Array(buffer, at, array.byteLength).set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    )
  return { data, buffer }
}

/** The data with its arrays, which are views of the buffer; byte arrays come back as Buffer. */
export function refill({ data, buffer }: Poured): unknown {
  return mapped(data, (one) => {
    if (typeof one !== 'object' || one === null || !(PLACE in one)) return undefined
    const { [PLACE]: kind, at, length } = one as Place
    return kind === 'bytes'
      ? Buffer.from(buffer, at, length)
      : new BigInt64Array(buffer, at, length)
  })
}

function isBytes(value: unknown): value is Bytes {
  return value instanceof Uint8Array || value instanceof BigInt64Array
}

/** Plain data, with some of its parts replaced. */
function mapped(value: unknown, replace: (value: unknown) => unknown): unknown {
  const replaced = replace(value)
  if (replaced !== undefined) return replaced
  if (Array.isArray(value)) return value.map((one) => mapped(one, replace))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapped(one, replace)]))
}
