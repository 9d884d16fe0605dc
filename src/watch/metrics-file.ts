/** A metrics file that several jobs share: what the run of one writes takes the place of its own samples alone. */

/** One metric: what it is, and its samples of any job. */
type Family = { readonly head: string[]; readonly samples: string[] }

/** A sample's first label, which is the job in all that we write; without its escapes undone. */
const JOB = /^\w+\{job="((?:[^"\\]|\\.)*)"[,}]/

/**
 * The text for the file.
 *
 * @param own - All metrics of this job, in Prometheus' text format.
 * @param before - What the file held.
 * @param job - Whose samples are replaced; those that name no job are nobody's, and go too.
 */
export function withOtherJobs(own: string, before: string | undefined, job: string): string {
  const families = familiesOf(own)
  for (const [name, { head, samples }] of familiesOf(before ?? '')) {
    const others = samples.filter(
      (line) => ![undefined, escaped(job)].includes(JOB.exec(line)?.[1]),
    )
    if (others.length === 0) continue
    const family = families.get(name)
    if (family === undefined) families.set(name, { head, samples: others })
    else family.samples.push(...others)
  }
  const lines = [...families.values()].flatMap(({ head, samples }) => [...head, ...samples, ''])
  return lines.map((line) => `${line}\n`).join('')
}

/** The value of a metric of `job` that has no other label; `undefined` when the file has none. */
export function valueIn(text: string | undefined, name: string, job: string): number | undefined {
  const start = `${name}{job="${escaped(job)}"} `
  const line = familiesOf(text ?? '')
    .get(name)
    ?.samples.find((sample) => sample.startsWith(start))
  const value = Number(line?.slice(start.length))
  return line !== undefined && Number.isFinite(value) ? value : undefined
}

function familiesOf(text: string): Map<string, Family> {
  const families = new Map<string, Family>()
  for (const line of text.split('\n')) {
    const name = /^(?:# (?:HELP|TYPE) )?([a-zA-Z_:][\w:]*)/.exec(line)?.[1]
    if (name === undefined) continue
    const family = families.get(name) ?? { head: [], samples: [] }
    families.set(name, family)
    if (line.startsWith('#')) family.head.push(line)
    else family.samples.push(line)
  }
  return families
}

function escaped(value: string): string {
  return value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
}
