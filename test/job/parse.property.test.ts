import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JobError, UsageError } from '../../src/base/errors.ts'
import { formatMicros, micros } from '../../src/base/time.ts'
import { SPOT_KINDS } from '../../src/binance/dataset.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { INTERVALS } from '../../src/binance/interval.ts'
import { SYMBOL_PATTERN } from '../../src/binance/series.ts'
import { readFrom, readTo } from '../../src/job/moment.ts'
import { jobFromFlags, parseJob } from '../../src/job/parse.ts'
import { closest, editDistance } from '../../src/base/suggest.ts'
import { readSymbol } from '../../src/job/symbol.ts'

/** The problems of `text`; fails on anything but a Job or a JobError. */
function problemsOf(text: string): JobError['problems'] {
  try {
    parseJob(text, 'x.yaml')
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(JobError)
    return (error as JobError).problems
  }
}

function expectPlacesInside(text: string): void {
  const problems = problemsOf(text)
  const lines = text.split('\n')
  let last: readonly [number, number] = [1, 1]
  for (const { line, column } of problems) {
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines.length)
    expect(column).toBeGreaterThanOrEqual(1)
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1)
    expect(line > last[0] || (line === last[0] && column >= last[1])).toBe(true)
    last = [line, column]
  }
}

const day = fc
  .integer({ min: 0, max: 40_000 })
  .map((days) => formatMicros(micros(BigInt(days) * 86_400_000_000n)).slice(0, 10))
const symbol = fc.stringMatching(/^[A-Z0-9]{2,12}$/)

/** Valid entries of `datasets`, each of another kind, so that no two ask for one series. */
const entries = fc.uniqueArray(fc.constantFrom(...SPOT_KINDS), { minLength: 1 }).chain((kinds) =>
  fc.tuple(
    ...kinds.map((kind) =>
      fc.record({
        kind: fc.constant(kind),
        ...(DATASETS[kind].hasInterval && {
          intervals: fc.uniqueArray(fc.constantFrom(...INTERVALS), { minLength: 1 }),
        }),
      }),
    ),
  ),
)

const validJob = fc
  .record(
    {
      version: fc.constant(1),
      name: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
      symbols: fc.uniqueArray(symbol, { minLength: 1, maxLength: 20 }),
      from: fc.oneof(day, fc.constantFrom('listing', '30d', '12h')),
      to: fc.constantFrom('now', '1h', '2100-01-01'),
      source: fc.constantFrom('auto', 'rest'),
      numbers: fc.constantFrom('float64', 'decimal', 'string'),
      compression: fc.constantFrom('zstd', 'snappy', 'gzip', 'none'),
      settle: fc.constantFrom('0s', '90s', '7d'),
      partition: fc.constantFrom('day', 'month', 'year'),
      datasets: entries,
    },
    { requiredKeys: ['version', 'symbols', 'from', 'datasets'] },
  )
  // JSON is YAML; one line a key, so that places are worth checking.
  .map((job) => JSON.stringify(job, null, 1))

describe('parseJob', () => {
  it('accepts every valid job, the same way each time', () => {
    fc.assert(
      fc.property(validJob, (text) => {
        const job = parseJob(text, 'x.yaml')
        expect(parseJob(text, 'x.yaml')).toEqual(job)
        const { datasets, symbols } = JSON.parse(text) as { datasets: []; symbols: string[] }
        expect(job.datasets).toHaveLength(datasets.length)
        for (const dataset of job.datasets)
          expect(dataset.symbols).toEqual({ kind: 'list', symbols })
      }),
    )
  })

  it('throws nothing but JobError for any text, with every place inside of it', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), expectPlacesInside))
  })

  it('throws nothing but JobError for any bytes, as they are decoded', () => {
    const decoder = new TextDecoder()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expectPlacesInside(decoder.decode(bytes))
      }),
    )
  })

  it('throws nothing but JobError for the punctuation of YAML', () => {
    const pieces = fc.constantFrom(
      ...'{ } [ ] , : & * ! | > - ? # % @ " \' \n \t ~ < ='.split(' '),
      ...[
        ' ',
        '\n  ',
        '\n- ',
        ': ',
        '&a ',
        '*a',
        '---\n',
        '...\n',
        '!!str ',
        '<<: ',
        'version: 1\n',
      ],
      ...['datasets:\n', 'symbols', '__proto__', '0x', '.nan', 'true', '\r\n', '\ufeff', '\u2028'],
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        expectPlacesInside(parts.join(''))
      }),
      { numRuns: 1_000 },
    )
  })

  it('throws nothing but JobError for a valid job after some edits', () => {
    const edit = fc.tuple(
      fc.nat(),
      fc.nat(10),
      fc.oneof(fc.string(), fc.constantFrom('', '\n', ',')),
    )
    fc.assert(
      fc.property(validJob, fc.array(edit, { minLength: 1, maxLength: 4 }), (text, edits) => {
        const edited = edits.reduce((current, [where, removed, added]) => {
          const at = where % (current.length + 1)
          return current.slice(0, at) + added + current.slice(at + removed)
        }, text)
        expectPlacesInside(edited)
      }),
      { numRuns: 500 },
    )
  })

  it.each(['symbols', 'datasets', 'contracts'])(
    'regression: %s with a length that is no number are no list',
    (name) => {
      const job = { version: 1, symbols: ['BTCUSDT'], from: '2024-01-01', datasets: [] }
      const problems = problemsOf(JSON.stringify({ ...job, [name]: { length: {} } }))
      expect(problems).not.toEqual([])
    },
  )

  it('throws nothing but JobError for any plain data in the place of any value', () => {
    fc.assert(
      fc.property(validJob, fc.jsonValue(), fc.nat(), (text, value, where) => {
        const job = JSON.parse(text) as Record<string, unknown>
        const keys = Object.keys(job)
        job[keys[where % keys.length] ?? ''] = value
        expectPlacesInside(JSON.stringify(job, null, 1))
      }),
      { numRuns: 500 },
    )
  })

  it('keeps what a terminal would obey or hide out of its messages', () => {
    const unsafe =
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f]/
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const quoted = JSON.stringify(text)
        const lines = [`name: ${quoted}`, `symbols: [${quoted}]`, `${quoted}: 1`, `from: ${quoted}`]
        for (const { path, message } of problemsOf(lines.join('\n'))) {
          expect(`${path} ${message}`).not.toMatch(unsafe)
          expect(`${path} ${message}`).not.toContain('\n')
        }
      }),
    )
  })
})

describe('jobFromFlags', () => {
  it('throws nothing but UsageError for any texts', () => {
    const flags = fc.record(
      {
        dataset: fc.oneof(fc.constantFrom(...SPOT_KINDS), fc.string()),
        symbol: fc.array(fc.oneof(symbol, fc.string())),
        interval: fc.array(fc.oneof(fc.constantFrom(...INTERVALS), fc.string())),
        from: fc.oneof(day, fc.string()),
        to: fc.oneof(day, fc.string()),
        settle: fc.string(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(flags, (given) => {
        try {
          expect(jobFromFlags(given).datasets).toHaveLength(1)
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError)
        }
      }),
    )
  })
})

describe('readers', () => {
  it('give every day back that can be written', () => {
    fc.assert(
      fc.property(day, (text) => {
        const reading = readFrom(text)
        expect('value' in reading && reading.value.kind === 'at').toBe(true)
        expect(readTo(text)).toEqual(reading)
      }),
    )
  })

  it('give symbols in the normal form, safe in a path, and are idempotent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 45 }), (text) => {
        const reading = readSymbol(text)
        if ('problem' in reading) return
        expect(reading.value).toBe(text.normalize('NFC'))
        expect(reading.value).toMatch(SYMBOL_PATTERN)
        expect(reading.value).not.toMatch(/[a-z/\\]/)
        expect(readSymbol(reading.value)).toEqual(reading)
      }),
    )
  })
})

describe('suggestions', () => {
  const short = fc.string({ maxLength: 8 })

  it('measure a distance: zero for equals only, symmetric, with the triangle inequality', () => {
    fc.assert(
      fc.property(short, short, short, (a, b, c) => {
        expect(editDistance(a, b) === 0).toBe(a === b)
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c))
      }),
    )
  })

  it('are candidates, and a candidate is closest to itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = closest(text, SPOT_KINDS)
        if (found !== undefined) expect(SPOT_KINDS).toContain(found)
      }),
    )
    for (const kind of SPOT_KINDS) expect(closest(kind, SPOT_KINDS)).toBe(kind)
  })
})
