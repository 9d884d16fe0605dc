/** CSV of the archive read the plain way, by splitting and bigints: what the byte scanner is compared with. */

import { formatMicros, micros, type Window } from '../../src/base/time.ts'
import { archiveColumns } from '../../src/binance/archive-columns.ts'
import { DATASETS, type ColumnType, type DatasetKind } from '../../src/binance/dataset.ts'

/** Each row as texts by column; prices and quantities as sent. The text must be in order. */
export function referenceRows(
  kind: DatasetKind,
  text: string,
  period: Window,
): Record<string, string>[] {
  const columns = archiveColumns(DATASETS[kind])
  const lines = text.split(/\r?\n|\r$/).filter((line) => /^\d/.test(line))
  return lines.map((line) => {
    const texts = line.split(',')
    const timeAt = columns.findIndex(({ name }) => name === DATASETS[kind].time)
    const time = BigInt(texts[timeAt]!)
    const isMillis = time * 1000n >= period.from && time * 1000n < period.to
    const entries = columns.flatMap(({ name }, index) => {
      const column = DATASETS[kind].columns.find((own) => own.name === name)
      if (column === undefined) return []
      return [[column.name, valueOf(column.type, texts[index]!, isMillis)] as const]
    })
    return Object.fromEntries(entries)
  })
}

function valueOf(type: ColumnType, text: string, isMillis: boolean): string {
  switch (type) {
    case 'time':
      return formatMicros(micros(BigInt(text) * (isMillis ? 1000n : 1n)))
    case 'end':
      return formatMicros(micros(isMillis ? BigInt(text) * 1000n + 999n : BigInt(text)))
    case 'flag':
      return text.toLowerCase()
    case 'id':
    case 'count':
    case 'price':
    case 'quantity':
    case 'text':
    case 'extra':
      return text
  }
}
