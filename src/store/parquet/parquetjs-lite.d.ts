// What we use of parquetjs-lite 0.8.7, which ships no types: the envelope (offsets, row groups, indexes), its
// schema class, its Thrift structures and its compact protocol. `appendRow` and the readers are left out on purpose.

declare module 'parquetjs-lite' {
  import type { RowGroup } from 'parquetjs-lite/gen-nodejs/parquet_types.js'

  export type SchemaField = {
    name: string
    path: string[]
    primitiveType: string
    encoding: string
    compression: string
  }

  export type FieldDefinition = {
    readonly type: string
    readonly optional?: boolean
    readonly typeLength?: number
    /** `false` keeps the library from working statistics out of values; ours are set afterwards. */
    readonly statistics: false
  }

  class ParquetSchema {
    constructor(fields: Record<string, FieldDefinition>)
    fieldList: SchemaField[]
  }

  export type WholePage = {
    readonly page: Buffer
    readonly num_values: number
  }

  class ParquetEnvelopeWriter {
    constructor(
      schema: ParquetSchema,
      write: (bytes: Buffer) => void,
      close: () => void,
      fileOffset: number,
      options: { readonly pageIndex: false },
    )
    schema: ParquetSchema
    offset: number
    rowCount: number
    rowGroups: RowGroup[]
    writeHeader(): void
    writeSection(bytes: Buffer): void
    /** `pages` is keyed by the column's path, which for a flat schema is its name. */
    writeRowGroup(records: {
      readonly rowCount: number
      readonly pages: Record<string, readonly WholePage[]>
    }): void
    writeIndex(): void
  }

  const library: {
    readonly ParquetSchema: typeof ParquetSchema
    readonly ParquetEnvelopeWriter: typeof ParquetEnvelopeWriter
  }
  export default library
  export type { ParquetSchema, ParquetEnvelopeWriter }
}

declare module 'parquetjs-lite/lib/util.js' {
  const util: { serializeThrift(struct: object): Buffer }
  export default util
}

declare module 'parquetjs-lite/lib/compression.js' {
  const compression: { deflate(method: 'SNAPPY', bytes: Uint8Array): Uint8Array }
  export default compression
}

declare module 'parquetjs-lite/gen-nodejs/parquet_types.js' {
  export type Statistics = {
    min_value?: Buffer
    max_value?: Buffer
    null_count: number
  }

  export type PageLocation = {
    offset: number
    compressed_page_size: number
    first_row_index: number
  }

  export type ColumnIndex = {
    null_pages: boolean[]
    min_values: Buffer[]
    max_values: Buffer[]
    boundary_order: number
    null_counts: number[]
  }

  export type ColumnMetaData = {
    encodings: number[]
    total_uncompressed_size: number
    total_compressed_size: number
    data_page_offset: number
    dictionary_page_offset?: number
    statistics?: object
    encoding_stats?: object[]
    /** Not Thrift fields: the envelope's `writeIndex` takes the indexes from here, then deletes them. */
    columnIndex?: object
    offsetIndex?: object
  }

  export type ColumnChunk = { meta_data: ColumnMetaData; file_offset: number }

  export type RowGroup = {
    columns: ColumnChunk[]
    total_byte_size: number
    num_rows: number
    sorting_columns?: object[]
  }

  type Struct<T> = new (args?: T) => object
  type Empty = new () => object

  const types: {
    readonly Type: Readonly<Record<string, number>>
    readonly Encoding: Readonly<Record<string, number>>
    readonly PageType: Readonly<Record<string, number>>
    readonly ConvertedType: Readonly<Record<string, number>>
    readonly FieldRepetitionType: Readonly<Record<string, number>>
    readonly Statistics: Struct<Statistics>
    readonly StringType: Empty
    readonly MicroSeconds: Empty
    readonly TypeDefinedOrder: Empty
    readonly TimeUnit: Struct<{ MICROS: object }>
    readonly TimestampType: Struct<{ isAdjustedToUTC: boolean; unit: object }>
    readonly DecimalType: Struct<{ scale: number; precision: number }>
    readonly LogicalType: Struct<{ STRING?: object; DECIMAL?: object; TIMESTAMP?: object }>
    readonly SchemaElement: Struct<{
      name: string
      type?: number
      type_length?: number
      repetition_type?: number
      num_children?: number
      converted_type?: number
      scale?: number
      precision?: number
      logicalType?: object
    }>
    readonly ColumnOrder: Struct<{ TYPE_ORDER: object }>
    readonly SortingColumn: Struct<{
      column_idx: number
      descending: boolean
      nulls_first: boolean
    }>
    readonly KeyValue: Struct<{ key: string; value: string }>
    readonly PageEncodingStats: Struct<{ page_type: number; encoding: number; count: number }>
    readonly ColumnIndex: Struct<ColumnIndex>
    /** Takes no arguments that work: the library patches its prototype, so its fields are set one by one. */
    readonly PageLocation: new () => PageLocation
    readonly OffsetIndex: Struct<{ page_locations: PageLocation[] }>
    readonly DictionaryPageHeader: Struct<{
      num_values: number
      encoding: number
      is_sorted: boolean
    }>
    readonly DataPageHeaderV2: Struct<{
      num_values: number
      num_nulls: number
      num_rows: number
      encoding: number
      definition_levels_byte_length: number
      repetition_levels_byte_length: number
      is_compressed: boolean
    }>
    readonly PageHeader: Struct<{
      type: number
      uncompressed_page_size: number
      compressed_page_size: number
      crc: number
      dictionary_page_header?: object
      data_page_header_v2?: object
    }>
    readonly FileMetaData: Struct<{
      version: number
      schema: object[]
      num_rows: number
      row_groups: RowGroup[]
      key_value_metadata: object[]
      created_by: string
      column_orders: object[]
    }>
  }
  export default types
}
