/** `verify`: reads the lake back. */

import {
  quoteText,
  seriesName,
  stopOnSignals,
  verify,
  type Finding,
  type VerifyOptions,
  type VerifyReport,
} from '../../index.ts'
import type { Call, Execute } from '../commands.ts'
import { bytes, count, counted, duration, spans } from '../human.ts'
import { jobsFromFiles } from '../jobs.ts'
import { optionsOf } from '../options.ts'
import { verifyDocument } from '../shape.ts'
import { damagedLake, uncomparedArchives } from '../unfinished.ts'
import { fit, padded, table, type Row } from '../table.ts'

export const execute: Execute = async (call) => {
  const { values, operands, print } = call
  const jobs = await jobsFromFiles(operands)
  const stop = stopOnSignals()
  try {
    const report = await follow(verify(jobs, verifyOptions(call, stop.signal)), call)
    if (values.json === true) await print.json(verifyDocument(report))
    else await print.result(findingsText(report))
    const problem = report.ok ? uncomparedArchives(report) : damagedLake(report)
    if (problem === undefined) return 0
    await print.error(problem)
    return problem.exit
  } finally {
    stop.dispose()
  }
}

function verifyOptions({ values }: Call, signal: AbortSignal): VerifyOptions {
  const { subset, remote = false, rebuild = false } = values
  const part = subset === undefined ? {} : { subset }
  return { ...optionsOf(values, signal), ...part, remote, rebuild }
}

async function follow(
  steps: ReturnType<typeof verify>,
  { values, io, print }: Call,
): Promise<VerifyReport> {
  let files = 0
  let rows = 0
  let damaged = 0
  let report: VerifyReport | undefined
  const isTerse = values['no-progress'] === true
  const beat = (): void =>
    void print.say(
      `checked ${counted(files, 'file')}, ${counted(rows, 'row')}${damaged === 0 ? '' : `; damage in ${counted(damaged, 'place')}`}`,
    )
  const stopBeat = isTerse
    ? () => undefined
    : io.ticker.every(values.verbose === true ? 10_000 : 30_000, beat)
  try {
    for await (const step of steps) {
      if (step.kind === 'checked') {
        files += 1
        rows += step.rows
      } else if (step.kind === 'report') report = step
      else if (step.finding.severity === 'damage') damaged += 1
    }
  } finally {
    stopBeat()
  }
  if (report === undefined) throw new Error('the verification ended without a report')
  return report
}

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
