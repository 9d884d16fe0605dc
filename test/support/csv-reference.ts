/** CSV of the archive read the plain way, by splitting and bigints: what the byte scanner is compared with. */

import { formatMicros, micros, parseMicros, type Window } from '../../src/base/time.ts'
import { type ColumnType, type SpotKind, archiveColumns } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'

/** Each row as texts by column; prices and quantities as sent. The text must be in order. */
export function referenceRows(
  kind: SpotKind,
  text: string,
  period: Window,
): Record<string, string>[] {
  const columns = archiveColumns(DATASETS[kind])
  const lines = text.split(/\r?\n|\r$/).filter((line) => /^\d/.test(line))
  let isMillis = period.from < parseMicros('2025-01-01')
  return lines.map((line) => {
    const texts = line.split(',')
    const timeAt = columns.findIndex(({ name }) => name === DATASETS[kind].time)
    const time = BigInt(texts[timeAt]!)
    const isIn = (moment: bigint): boolean => moment >= period.from && moment < period.to
    // A row outside of the period is in the unit of the row before it.
    if (isIn(time)) isMillis = false
    else if (isIn(time * 1000n)) isMillis = true
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
