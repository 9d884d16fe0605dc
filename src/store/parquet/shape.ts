/** What a column is, in Arrow's words and in Parquet's: the only place that translates between the two. */

import {
  Bool,
  DataType,
  Decimal,
  Field,
  Float64,
  Int64,
  Schema,
  TimestampMicrosecond,
  TimeUnit,
  Type,
  Utf8,
} from 'apache-arrow'

/** The physical types that we write. INT64 and DOUBLE have 8 bytes, FIXED_LEN_BYTE_ARRAY 16. */
export type Physical = 'INT64' | 'DOUBLE' | 'FIXED_LEN_BYTE_ARRAY' | 'BYTE_ARRAY' | 'BOOLEAN'

/** What the physical values mean; `undefined` when they mean themselves. */
export type Logical =
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'string' }

/** One column of a file. */
export type ColumnShape = {
  readonly name: string
  readonly physical: Physical
  readonly logical: Logical | undefined
  readonly isNullable: boolean
}

/** Bytes of a FIXED_LEN_BYTE_ARRAY, the only length that we write: a 128-bit decimal. */
export const FIXED_BYTES = 16

/** Most digits of a decimal that is stored as INT64; more are stored as 16 bytes. */
export const INT64_DIGITS = 18

/** Most digits that 16 bytes hold. */
const FIXED_DIGITS = 38

/**
 * The Parquet shape of an Arrow field.
 *
 * @throws RangeError for a type that we do not write.
 */
export function shapeOf(field: Field): ColumnShape {
  const { name, nullable } = field
  const type = field.type as DataType
  const shape = (physical: Physical, logical?: Logical): ColumnShape => ({
    name,
    physical,
    logical,
    isNullable: nullable,
  })
  if (DataType.isTimestamp(type) && type.unit === TimeUnit.MICROSECOND && type.timezone === 'UTC') {
    return shape('INT64', { kind: 'timestamp' })
  }
  if (DataType.isInt(type) && type.bitWidth === 64 && type.isSigned) return shape('INT64')
  if (DataType.isFloat(type) && type.ArrayType === Float64Array) return shape('DOUBLE')
  if (DataType.isUtf8(type)) return shape('BYTE_ARRAY', { kind: 'string' })
  if (DataType.isBool(type)) return shape('BOOLEAN')
  if (DataType.isDecimal(type) && type.bitWidth === 128 && isDecimal(type.precision, type.scale)) {
    const { precision, scale } = type
    return shape(decimalPhysical(precision), { kind: 'decimal', precision, scale })
  }
  throw new RangeError(`column ${name} has the type ${Type[type.typeId]}, which is not written`)
}

/** The Arrow field that {@link shapeOf} turns into `shape`. */
export function fieldOf(shape: ColumnShape): Field {
  return new Field(shape.name, typeOf(shape), shape.isNullable)
}

/** The Arrow schema of a file's columns. */
export function schemaOf(shapes: readonly ColumnShape[]): Schema {
  return new Schema(shapes.map(fieldOf))
}

/** Does a decimal of this precision and scale exist, and where is it stored? */
export function isDecimal(precision: number, scale: number): boolean {
  return precision >= 1 && precision <= FIXED_DIGITS && scale >= 0 && scale <= precision
}

/** The physical type that a decimal of `precision` digits is stored as. */
export function decimalPhysical(precision: number): 'INT64' | 'FIXED_LEN_BYTE_ARRAY' {
  return precision <= INT64_DIGITS ? 'INT64' : 'FIXED_LEN_BYTE_ARRAY'
}

function typeOf({ physical, logical }: ColumnShape): DataType {
  if (logical?.kind === 'timestamp') return new TimestampMicrosecond('UTC')
  if (logical?.kind === 'decimal') return new Decimal(logical.scale, logical.precision, 128)
  switch (physical) {
    case 'INT64':
      return new Int64()
    case 'DOUBLE':
      return new Float64()
    case 'BYTE_ARRAY':
      return new Utf8()
    case 'BOOLEAN':
      return new Bool()
    case 'FIXED_LEN_BYTE_ARRAY':
      throw new RangeError('fixed-length bytes without a decimal meaning')
  }
}
