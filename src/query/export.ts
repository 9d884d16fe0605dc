/** One series of the lake as a file of another program. Never writes to the lake. */

import type { Files, World } from '../base/ports.ts'
import { formatMicros, formatWindow, type WindowText } from '../base/time.ts'
import type { Column } from '../binance/dataset.ts'
import { datasetOf } from '../binance/market.ts'
import { filesAt } from '../cloud/files-at.ts'
import { replaceFile } from '../node/text-file.ts'
import { DATA_DIR } from '../options.ts'
import { CREATED_BY } from '../version.ts'
import { completeness } from './complete.ts'
import { partialBars, TOOL_FORMS, toolColumns, toolExport, type Tool } from './export-tool.ts'
import { encoderOf, type Encoder, type ExportFormat } from './export-format.ts'
import { rowsOf, schemaFor } from './read.ts'
import { EARLIEST, LATEST, type Moment, type OpenQuery } from './read-query.ts'
import { parseMeasure, intervalText } from '../resample/measure.ts'
import { columnsOfBars } from './bar-columns.ts'
import { barsOf, openRows } from './resample-query.ts'
import { findSeries } from './series-text.ts'

export { EXPORT_FORMATS, type ExportFormat } from './export-format.ts'
export { TOOLS, type Tool } from './export-tool.ts'

/** What to export. */
export type ExportOptions = {
  /** The lake's directory. Default `data`. */
  readonly dataDir?: string
  /** Default `csv`. Not together with `for`. */
  readonly format?: ExportFormat
  /** The program that is to load the file as it is. */
  readonly for?: Tool
  /** The first moment that is wanted. Default: everything from the beginning on. */
  readonly from?: Moment
  /** The end, exclusive. Default: everything up to the end. */
  readonly to?: Moment
  /** What klines or trades are put together to; see `SeriesQuery`. */
  readonly resample?: string
  /** Stops between two row groups. */
  readonly signal?: AbortSignal
  /** The machine; default the real one. */
  readonly world?: Pick<World, 'files'>
}

/** Rows on their way out. */
export type Export = {
  /** What {@link pieces} are: what was asked for, or what the program loads. */
  readonly format: ExportFormat
  /** Is all covered that was asked for? */
  readonly isComplete: boolean
  /** What of it is not, oldest first. */
  readonly missing: readonly WindowText[]
  /** `complete` or `incomplete: ...`, in words. */
  readonly words: string
  /** Rows given out so far. */
  readonly rows: () => number
  /** Those of them that are partial, in a form for a program, which has no column that says so. */
  readonly partial: () => number
  /** The bytes of the file, a piece at a time; texts in whole lines. Holds one row group in memory. */
  readonly pieces: () => AsyncGenerator<Uint8Array, void, void>
}

/**
 * Opens a series for export.
 *
 * @param series - `[MARKET/]DATASET/SYMBOL[/CONTRACT][/INTERVAL]`, as in `klines/BTCUSDT/1h`.
 * @throws UsageError for a series that the lake does not have, with the nearest name, and for impossible options.
 */
export async function exportSeries(series: string, options: ExportOptions = {}): Promise<Export> {
  const { format: asked = 'csv', for: tool, dataDir = DATA_DIR, signal, world, ...range } = options
  const format = tool === undefined ? asked : TOOL_FORMS[tool].format
  const files: Files = world?.files ?? filesAt(dataDir)
  const key = await findSeries(files, series)
  const columns = tool === undefined ? {} : { columns: toolColumns(key, tool, range.resample) }
  const open = await openRows({ ...range, ...key, ...columns, world: { files } })
  // What cannot be made is refused before the first byte.
  if (open.resample !== undefined) await barsOf(open, open.resample)
  const { isComplete, missing, words } = await completeness(open)
  const form = tool && toolExport(tool, schemaFor(open))
  const encoder = encoderOf(format, {
    ...exportedOf(open),
    ...form?.exported,
  })
  const told = { rows: 0, partial: 0 }
  async function* pieces(): AsyncGenerator<Uint8Array, void, void> {
    yield* some([encoder.begin()])
    for await (const batch of rowsOf(open, signal)) {
      told.rows += batch.numRows
      if (form !== undefined) told.partial += partialBars(batch)
      yield* some(await encoder.rows(form === undefined ? batch : form.convert(batch)))
    }
    yield* some(await encoder.end())
  }
  return {
    ...{ format, isComplete, missing: missing.map(formatWindow), words, pieces },
    ...{ rows: () => told.rows, partial: () => told.partial },
  }
}

/**
 * Writes an export to a file, which appears whole or not at all.
 *
 * @returns its size in bytes
 * @throws UsageError when it cannot be written there.
 */
export async function writeExport(path: string, { pieces }: Export): Promise<number> {
  return replaceFile(path, pieces())
}

function* some(pieces: Awaited<ReturnType<Encoder['rows']>>): Generator<Uint8Array> {
  for (const piece of pieces) if (piece.byteLength > 0) yield piece
}

function exportedOf(open: OpenQuery): Parameters<typeof encoderOf>[1] {
  const { manifest, columns, window, resample } = open
  const { key, numbers } = manifest
  const dataset = datasetOf(key)
  const own: readonly Pick<Column, 'name' | 'type'>[] =
    resample === undefined ? dataset.columns : columnsOfBars(key, resample)
  return {
    columns: columns.flatMap((name) => own.filter((column) => column.name === name)),
    schema: schemaFor(open),
    key: resample === undefined ? dataset.key : 'open_time',
    createdBy: CREATED_BY,
    metadata: {
      ...key,
      ...(resample === undefined ? {} : resampledTo(resample)),
      numbers,
      ...(window.from === EARLIEST ? {} : { from: formatMicros(window.from) }),
      ...(window.to === LATEST ? {} : { to: formatMicros(window.to) }),
    },
  }
}

/** What a Parquet file says of its bars. */
function resampledTo(text: string): { readonly interval: string } | { readonly bars: string } {
  return parseMeasure(text).kind === 'interval' ? { interval: intervalText(text) } : { bars: text }
}
