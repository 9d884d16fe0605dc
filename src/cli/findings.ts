/** `verify` for a person: damage first, then a verdict per series, then one sentence. */

import { quoteText, seriesName, type Finding, type VerifyReport } from '../index.ts'
import { bytes, count, counted, duration, spans } from './human.ts'
import { fit, padded, table, type Row } from './table.ts'

const NAME_WIDTH = 40
const RANKS: Readonly<Record<Finding['severity'], number>> = { damage: 0, warning: 1, note: 2 }

/** `verify` as text. */
export function findingsText(report: VerifyReport): string {
  const sorted = [...report.findings].sort((a, b) => RANKS[a.severity] - RANKS[b.severity])
  const list = sorted.flatMap(findingLines).map((line) => `${line}\n`)
  const rows = report.series.flatMap(({ key, verdict, missing, partitions, rows: n }): Row[] => [
    [padded(fit(quoteText(seriesName(key)), NAME_WIDTH), NAME_WIDTH), count(n), count(partitions)],
    quoteText(verdict),
    ...spans(missing).map((text) => `missing ${text}`),
  ])
  const body = rows.length === 0 ? '' : `${table(['SERIES', 'ROWS', 'FILES'], 'lrr', rows)}\n`
  return `${list.join('')}${list.length > 0 ? '\n' : ''}${body}${conclusion(report)}\n`
}

/** One finding: what is wrong, where, and the next step. */
function findingLines({ severity, code, path, message, hint }: Finding): readonly string[] {
  const first = `${severity}: ${quoteText(path)}: ${quoteText(message)} [${quoteText(code)}]`
  return hint === undefined ? [first] : [first, `  ${quoteText(hint)}`]
}

function conclusion(report: VerifyReport): string {
  const { findings, partitions, rows, seconds } = report
  const damaged = findings.filter(({ severity }) => severity === 'damage').length
  const read = `${counted(partitions, 'file')}, ${counted(rows, 'row')}, ${bytes(report.bytes)} in ${duration(seconds)}`
  if (report.ok && partitions === 0)
    return 'Nothing was checked: the lake holds no file of what was asked for.'
  if (report.ok) return `No damage: ${read}.`
  return `DAMAGED: ${counted(damaged, 'finding')}; ${read}.`
}
