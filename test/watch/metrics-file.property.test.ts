/** One metrics file of several jobs: whoever writes last takes nothing away from the others. */

import fc from 'fast-check'
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { micros } from '../../src/base/time.ts'
import { updateText } from '../../src/node/text-file.ts'
import { RunMetrics } from '../../src/watch/metrics.ts'
import { valueIn, withOtherJobs } from '../../src/watch/metrics-file.ts'
import { summary } from '../support/cli-values.ts'
import { tempDir } from '../support/lake.ts'

const EXIT = 'binance_backfill_last_run_exit_code'

/** What a job's run writes over `before`. */
async function written(job: string, exit: number, before: string | undefined): Promise<string> {
  const metrics = new RunMetrics(job)
  metrics.apply(summary({}))
  const end = { exit, now: micros(1n), before, responses: new Map(), factsOf: () => undefined }
  return metrics.text(end)
}

it('each job has the samples of its last run, and each metric is described once', async () => {
  const job = fc.constantFrom('majors', 'minors', 'majors, minors', 'a"b\\c\nd', 'job="majors"')
  const runs = fc.array(fc.tuple(job, fc.nat(9)), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(runs, async (ran) => {
      let text: string | undefined
      for (const [name, exit] of ran) text = await written(name, exit, text)
      for (const [name, exit] of new Map(ran)) expect(valueIn(text, EXIT, name)).toBe(exit)
      const types = text?.match(/^# TYPE \S+/gm) ?? []
      expect(new Set(types).size).toBe(types.length)
      const lines = text?.split('\n').filter((line) => line.startsWith(`${EXIT}{`))
      expect(lines).toHaveLength(new Map(ran).size)
    }),
    { numRuns: 30 },
  )
})

it('what names no job, as files of others do, goes; a metric that only another job has stays', () => {
  const before = '# TYPE a gauge\na{job="x"} 1\na 2\na{symbol="job=\\"y\\"",job="y"} 3\n'
  expect(withOtherJobs('# TYPE b gauge\nb{job="y"} 4\n', before, 'y')).toBe(
    '# TYPE b gauge\nb{job="y"} 4\n\n# TYPE a gauge\na{job="x"} 1\n\n',
  )
})

it('writers at the same moment all get in', async () => {
  const directory = await tempDir()
  const path = join(directory, 'backfill.prom')
  const jobs = Array.from({ length: 12 }, (_, index) => `job-${index}`)
  await Promise.all(
    jobs.map((job, exit) => updateText(path, (before) => written(job, exit, before))),
  )
  const text = await readFile(path, 'utf8')
  expect(jobs.map((job) => valueIn(text, EXIT, job))).toEqual([...jobs.keys()])
  expect(await readdir(directory)).toEqual(['backfill.prom'])
})

it('a file that cannot be read is not written over, nor one for which there is no text', async () => {
  const directory = await tempDir()
  const [loop, path] = [join(directory, 'loop.prom'), join(directory, 'x.prom')]
  await symlink('loop.prom', loop)
  await expect(updateText(loop, async () => 'text')).rejects.toThrow(/cannot be read \(ELOOP\)/)
  await writeFile(path, 'a{job="x"} 1\n')
  const refuse = async (): Promise<string> => Promise.reject(new Error('no text'))
  await expect(updateText(path, refuse)).rejects.toThrow('no text')
  expect(await readFile(path, 'utf8')).toBe('a{job="x"} 1\n')
  expect(await readdir(directory)).toEqual(['loop.prom', 'x.prom'])
})
