import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/base/errors.ts'
import { jobFromFlags, parseJob, type JobFlags } from '../../src/job/parse.ts'

function complaints(flags: JobFlags): string[] {
  try {
    jobFromFlags(flags)
  } catch (error) {
    if (error instanceof UsageError) return error.message.split('\n')
    throw error
  }
  return []
}

const VALID: JobFlags = { dataset: 'trades', symbol: ['BTCUSDT'], from: '2024-01-01' }

describe('jobFromFlags', () => {
  it('makes the job that a file with the same words makes', () => {
    const { datasets } = jobFromFlags({
      dataset: 'klines',
      symbol: ['BTCUSDT', 'ETHUSDT'],
      interval: ['1h', '1mo'],
      from: '2024-01-01',
      to: '2024-02-01',
      source: 'rest',
      numbers: 'decimal',
      compression: 'gzip',
      partition: 'year',
      settle: '0s',
    })
    const file = `version: 1
symbols: [BTCUSDT, ETHUSDT]
from: 2024-01-01
to: 2024-02-01
source: rest
numbers: decimal
compression: gzip
partition: year
settle: 0s
datasets: [{kind: klines, intervals: [1h, 1mo]}]`
    expect(datasets).toEqual(parseJob(file, 'x').datasets)
  })

  it('takes flags that are undefined or empty as absent', () => {
    const job = jobFromFlags({ ...VALID, to: undefined, interval: [], partition: undefined })
    expect(job.datasets).toHaveLength(1)
    expect(job.datasets[0]?.to).toEqual({ kind: 'now' })
  })

  it.each<[JobFlags, string]>([
    [{ interval: ['1h'] }, '--interval: trades have no intervals; leave them out'],
    [{ dataset: 'klines' }, '--interval: is missing'],
    [
      { dataset: 'klines', interval: ['1Min'] },
      '--interval: "1Min" is not an interval; did you mean "1m"?',
    ],
    [{ symbol: ['btcusdt'] }, '--symbol: "btcusdt" is not a symbol; did you mean "BTCUSDT"?'],
    [{ symbol: ['A', 'A'] }, '--symbol: "A" occurs twice; first as --symbol "A"'],
    [{ to: '2023-01-01' }, '--to: "2023-01-01" is not after from, "2024-01-01"'],
    [{ from: undefined }, '--from: is missing'],
    [{ symbol: [] }, '--symbol: is missing'],
    [{ dataset: undefined }, '--dataset: is missing'],
    [{ settle: '8d' }, '--settle: "8d" is more than 7 days'],
    [{ numbers: 'double' }, '--numbers: "double" is not float64, decimal or string'],
    [{ partition: 'week' }, '--partition: "week" is not day, month or year'],
  ])('%j is refused', (flags, message) => {
    expect(complaints({ ...VALID, ...flags })).toEqual([message])
  })

  it('tells all problems at once, as a usage error and not as one of a file', () => {
    expect(complaints({})).toEqual([
      '--dataset: is missing',
      '--symbol: is missing',
      '--from: is missing',
    ])
    expect(() => jobFromFlags({})).toThrow(expect.objectContaining({ code: 'E_USAGE', exit: 2 }))
  })
})
