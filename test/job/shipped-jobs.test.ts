import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { JobError } from '../../src/base/errors.ts'
import { parseJob } from '../../src/job/parse.ts'
import { parseMicros } from '../../src/base/time.ts'

const FOLDER = new URL('../../jobs/', import.meta.url)
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))

function textOf(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8')
}

describe('jobs/', () => {
  it('has the quickstart and five other jobs at least', () => {
    expect(FILES).toContain('quickstart.yaml')
    expect(FILES.length).toBeGreaterThanOrEqual(6)
  })

  it.each(FILES)('%s is valid, named after its file, and says what it is for', (name) => {
    const text = textOf(name)
    expect(parseJob(text, name).name).toBe(name.replace('.yaml', ''))
    const [modeline, , purpose = ''] = text.split('\n')
    expect(modeline).toBe('# yaml-language-server: $schema=./job.schema.json')
    expect(purpose).toMatch(/^# .{20,}/)
  })

  it('has the range and the series of the quickstart, from REST', () => {
    const { datasets } = parseJob(textOf('quickstart.yaml'), 'quickstart.yaml')
    const at = (text: string): object => ({ kind: 'at', time: parseMicros(text) })
    expect(datasets).toMatchObject([
      {
        kind: 'klines',
        intervals: ['1m', '1h'],
        symbols: { kind: 'list', symbols: ['BTCUSDT', 'ETHUSDT', '币安人生USDT'] },
        from: at('2026-11-02'),
        to: at('2026-11-09'),
        source: 'rest',
      },
      {
        kind: 'aggTrades',
        symbols: { kind: 'list', symbols: ['BTCUSDT'] },
        from: at('2026-11-04'),
        to: at('2026-11-05'),
        source: 'rest',
      },
    ])
  })
})

const GUIDE = readFileSync(new URL('../../docs/JOBS.md', import.meta.url), 'utf8')

/** The sections of the guide that begin with a key: its name and its text. */
const SECTIONS = GUIDE.split(/^### /m)
  .slice(1)
  .map((section) => {
    const [, key = ''] = /^`([\w.]+)`\n/.exec(section) ?? []
    return { key, section: section.split(/^## /m)[0] ?? '' }
  })

/** A valid job with `snippet`, which is written as `key: value`, in its place. */
function jobWith(snippet: string, key: string): string {
  const [name = ''] = snippet.split(':')
  const lines = new Map([
    ['version', 'version: 1'],
    ['symbols', 'symbols: [BTCUSDT]'],
    ['from', 'from: 2024-01-01'],
    ['datasets', 'datasets: [{kind: aggTrades}]'],
  ])
  if (key === 'kind') lines.set('datasets', `datasets: [{${snippet}}]`)
  else if (key === 'intervals') lines.set('datasets', `datasets: [{kind: klines, ${snippet}}]`)
  else {
    lines.delete(name)
    lines.set(name, snippet)
  }
  // The key under test on line 4, or the datasets.
  const last = lines.get(key) === undefined ? 'datasets' : name
  return [...lines]
    .sort(([a], [b]) => Number(a === last) - Number(b === last))
    .map(([, line]) => line)
    .join('\n')
}

describe('docs/JOBS.md', () => {
  type Schema = {
    properties?: Record<string, Schema>
    anyOf?: Schema[]
    items?: Schema
    default?: string
  }
  const schema = JSON.parse(textOf('job.schema.json')) as Required<Schema>
  const dataset = schema.properties['datasets']?.items?.properties ?? {}
  const filter = schema.properties['symbols']?.anyOf?.[1]?.properties ?? {}
  const known = new Map([
    ...Object.entries(schema.properties),
    ...Object.entries(dataset),
    ...Object.entries(filter).map(([key, value]) => [`symbols.${key}`, value] as const),
  ])

  it('documents each key of the schema, once, and no other', () => {
    expect(SECTIONS.map(({ key }) => key).sort()).toEqual([...known.keys()].sort())
  })

  it.each(SECTIONS)(
    'tells type, default, example and refusals of $key truly',
    ({ key, section }) => {
      expect(section).toMatch(/^- Type: .+/m)
      const [, byDefault = ''] = /^- Default: (.+)/m.exec(section) ?? []
      const value = known.get(key)?.default
      if (value === undefined) expect(byDefault).not.toMatch(/^`/)
      else expect(byDefault).toBe(`\`${value}\``)
      const [, example = ''] = /^- Example: `(.+)`$/m.exec(section) ?? []
      expect(parseJob(jobWith(example, key), 'x').datasets.length).toBeGreaterThan(0)
      const refusals = [...section.matchAll(/^ {2}- `(.+?)` → `(.+)`$/gm)]
      expect(refusals.length).toBeGreaterThan(0)
      for (const [, snippet = '', message] of refusals)
        expect(messagesOf(jobWith(snippet, key))).toContain(message)
    },
  )

  function messagesOf(text: string): string[] {
    try {
      parseJob(text, 'x')
      return []
    } catch (error) {
      return (error as JobError).problems.map(({ message }) => message)
    }
  }

  it('shows whole jobs that are valid', () => {
    const blocks = [...GUIDE.matchAll(/```yaml\n([^]*?)```/g)].map(([, block = '']) => block)
    expect(blocks.length).toBeGreaterThan(0)
    for (const block of blocks) expect(parseJob(block, 'x').datasets.length).toBeGreaterThan(0)
  })
})
