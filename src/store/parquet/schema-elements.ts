/** The schema of a file in Parquet's Thrift structures. */

import types from 'parquetjs-lite/gen-nodejs/parquet_types.js'
import { enumNumber } from './page.ts'
import { FIXED_BYTES, type ColumnShape, type Logical } from './shape.ts'

/** The root and one element for each column, in order. */
export function schemaElements(shapes: readonly ColumnShape[]): object[] {
  const root = new types.SchemaElement({ name: 'schema', num_children: shapes.length })
  return [root, ...shapes.map(element)]
}

function element({ name, physical, logical, isNullable }: ColumnShape): object {
  return new types.SchemaElement({
    name,
    type: enumNumber(types.Type, physical),
    repetition_type: enumNumber(types.FieldRepetitionType, isNullable ? 'OPTIONAL' : 'REQUIRED'),
    ...(physical === 'FIXED_LEN_BYTE_ARRAY' ? { type_length: FIXED_BYTES } : {}),
    ...(logical === undefined ? {} : meaning(logical)),
  })
}

/** Both ways to say what values mean: the newer, and the older for readers that know no other. */
function meaning(logical: Logical): {
  converted_type: number
  logicalType: object
  scale?: number
  precision?: number
} {
  switch (logical.kind) {
    case 'timestamp': {
      const unit = new types.TimeUnit({ MICROS: new types.MicroSeconds() })
      return {
        converted_type: enumNumber(types.ConvertedType, 'TIMESTAMP_MICROS'),
        logicalType: new types.LogicalType({
          TIMESTAMP: new types.TimestampType({ isAdjustedToUTC: true, unit }),
        }),
      }
    }
    case 'decimal': {
      const { precision, scale } = logical
      return {
        converted_type: enumNumber(types.ConvertedType, 'DECIMAL'),
        logicalType: new types.LogicalType({
          DECIMAL: new types.DecimalType({ scale, precision }),
        }),
        scale,
        precision,
      }
    }
    case 'string':
      return {
        converted_type: enumNumber(types.ConvertedType, 'UTF8'),
        logicalType: new types.LogicalType({ STRING: new types.StringType() }),
      }
  }
}
