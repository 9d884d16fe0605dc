/** `verify`: reads the lake back. */

import { stopOnSignals, verify, type VerifyOptions, type VerifyReport } from '../../index.ts'
import type { Call, Execute } from '../commands.ts'
import { findingsText } from '../findings.ts'
import { counted } from '../human.ts'
import { jobsFromFiles } from '../jobs.ts'
import { optionsOf } from '../options.ts'
import { verifyDocument } from '../shape.ts'
import { damagedLake, uncomparedArchives } from '../unfinished.ts'

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
