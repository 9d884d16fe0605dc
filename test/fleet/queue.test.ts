/** Enqueueing, working off and looking, on a real Redis. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { StoppedError } from '../../src/base/errors.ts'
import { parseMicros } from '../../src/base/time.ts'
import { readQueue } from '../../src/fleet/queue.ts'
import { loadEngine } from '../../src/fleet/engine.ts'
import { readQueueUrl } from '../../src/fleet/queue-url.ts'
import { fleet, type Worked } from '../support/fleet.ts'
import { workerOf } from '../support/fleet-alone.ts'
import { readRuns } from '../../src/query/history.ts'
import { contents, run, tempDir } from '../support/lake.ts'
import { REDIS, redisServer } from '../support/redis.ts'

const JOB = `{version: 1, symbols: [BTCUSDT, ETHUSDT, BNBUSDT], from: 2026-01-01, to: 2026-01-03, source: rest, datasets: [{kind: klines, intervals: [1m, 1h]}]}`
const NAMES = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT'].flatMap((symbol) => [
  `klines/${symbol}/1m`,
  `klines/${symbol}/1h`,
])
const counts = async (queue: string): Promise<object> => {
  const { jobs, ...rest } = await readQueue({ queue })
  return { ...rest, names: jobs.map(({ series }) => series) }
}
const ofKind = ({ items }: Worked, kind: string): unknown[] =>
  items.filter((item) => item.kind === kind)

describe('the URL of a queue', () => {
  it.each([
    undefined,
    '',
    'http://host',
    'redis://',
    'queue',
    'redis://host/x',
    'redis://host?a=b',
  ])('is refused with words: %s', (text) => {
    expect(() => readQueueUrl(text)).toThrow(expect.objectContaining({ exit: 2 }) as Error)
  })

  it('is never told with its password', () => {
    expect(readQueueUrl('rediss://me:secret@host:7000/3').name).toBe('rediss://host:7000/3')
    for (const text of [
      'redis://me:secret@host/x',
      'postgres://me:secret@host/db',
      'x://a:secret@h',
    ])
      expect(() => readQueueUrl(text)).toThrow(/^(?!.*secret)/s)
  })
})

describe('without the engine', () => {
  it('the command that installs it is told', async () => {
    const missing = Object.assign(new Error('Cannot find package'), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
    await expect(loadEngine(() => Promise.reject(missing))).rejects.toMatchObject({
      exit: 2,
      hint: 'Install them: npm install bullmq@6 ioredis',
    })
  })
})

describe.runIf(REDIS !== undefined)('a queue', () => {
  it('has one job a series, in the order of the plan, however often they are put on it', async () => {
    const { enqueue, options } = await fleet()
    expect(await enqueue(JOB)).toMatchObject({ added: 6, waiting: 0, series: NAMES })
    expect(await enqueue(JOB)).toMatchObject({ added: 0, waiting: 6 })
    const none = { active: 0, delayed: 0, done: 0, failed: 0 }
    expect(await counts(options.queue!)).toEqual({ waiting: 6, ...none, names: NAMES })
  })

  it('has the series of symbols that only the archive still knows, from their listing', async () => {
    const listedAt = parseMicros('2026-05-10')
    const gone = { symbol: 'GONEUSDT', listedAt, delistedAt: parseMicros('2026-07-10') }
    const symbols = [
      { symbol: 'BTCUSDT', listedAt },
      { ...gone, listed: false },
    ]
    const { enqueue, work, simulator } = await fleet({ symbols, archive: {} })
    const more = { archiveUrl: simulator.url }
    const job = `{version: 1, symbols: {universe: all-time, quote: USDT}, from: listing, to: 2026-08-01, datasets: [{kind: klines, intervals: [1d]}]}`
    expect(await enqueue(job, more)).toMatchObject({
      series: ['klines/BTCUSDT/1d', 'klines/GONEUSDT/1d'],
    })
    const ended = await work(more)
    expect(ofKind(ended, 'summary')).toMatchObject([{ done: 2, failed: 0, rows: 83 + 61 }])
  })

  it('is worked off by several workers at once, and the lake is that of one calm run', async () => {
    const { enqueue, work, options, simulator } = await fleet()
    await enqueue(JOB)
    const ended = await Promise.all([work(), work(), work()])
    expect(ended.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
    const done = ended.flatMap((one) => ofKind(one, 'done')) as { series: string }[]
    expect(done.map(({ series }) => series).sort()).toEqual([...NAMES].sort())
    expect(await counts(options.queue!)).toMatchObject({ done: 6, failed: 0, waiting: 0 })
    const calm = await tempDir()
    await run(JOB, { dataDir: calm, baseUrls: [simulator.url] })
    expect(await contents(options.dataDir)).toEqual(await contents(calm))
  })

  it('is worked off with one record in the history a worker, and without a look at keys', async () => {
    vi.stubEnv('BINANCE_API_KEY', 'a key without its secret')
    const { enqueue, work, options, simulator } = await fleet()
    await enqueue(JOB)
    expect(ofKind(await work(), 'summary')).toMatchObject([{ done: 6 }])
    const { runs } = await readRuns(options)
    const requests = simulator.log.entries.length
    expect(runs).toMatchObject([{ exit: 0, complete: true, series: 6, rows: 8_784, requests }])
  })

  it('takes what is done anew, and a worker finds nothing to ask', async () => {
    const { enqueue, work, simulator } = await fleet()
    await enqueue(JOB)
    await work()
    const pages = (): number =>
      simulator.log.entries.filter(({ path }) => path.endsWith('klines')).length
    const before = pages()
    expect(await enqueue(JOB)).toMatchObject({ added: 6 })
    expect(ofKind(await work(), 'done')).toHaveLength(6)
    expect(pages()).toBe(before)
  })

  it('asks of a series that waits what each job asked last', async () => {
    const { enqueue, work } = await fleet()
    const other = JOB.replace('version: 1', 'version: 1, name: other').replace('BTCUSDT, ', '')
    await enqueue(other)
    await enqueue(JOB)
    await enqueue(other.replaceAll('2026-01-0', '2026-02-0'))
    await enqueue(JOB.replace('2026-01-03', '2026-01-04'))
    const [first] = ofKind(await work(), 'summary') as { rows: number }[]
    expect(first?.rows).toBe((3 * 3 + 2 * 2) * (24 * 60 + 24))
  })

  it('keeps what several jobs ask at the same moment, of what waits and of what is done', async () => {
    const { enqueue, work } = await fleet()
    const of = (day: number): string =>
      JOB.replace('version: 1', `version: 1, name: day${day}`)
        .replace('2026-01-03', `2026-01-0${day + 1}`)
        .replace('2026-01-01', `2026-01-0${day}`)
        .replace('[1m, 1h]', '[1h]')
    await Promise.all([1, 2, 3, 4].map((day) => enqueue(of(day))))
    const rows = 3 * 4 * 24
    expect(ofKind(await work(), 'summary')).toMatchObject([{ done: 3, rows }])
    await Promise.all([5, 6, 7, 8].map((day) => enqueue(of(day))))
    expect(ofKind(await work(), 'summary')).toMatchObject([{ done: 3, rows }])
  })

  it('is told and added to in full while series move on it', async () => {
    const { enqueue, options, redis } = await fleet()
    const symbols = Array.from({ length: 1_200 }, (_, index) => `A${index}USDT`)
    const many = JOB.replace('[BTCUSDT, ETHUSDT, BNBUSDT]', `[${symbols.join(', ')}]`)
    await enqueue(many.replace('[1m, 1h]', '[1h]'))
    const { bullmq } = await loadEngine()
    const { hostname: host, port } = new URL(redis.url)
    const connection = { host, port: Number(port), maxRetriesPerRequest: null }
    const mover = new bullmq.Worker('binance-backfill', () => Promise.resolve(), { connection })
    const later = many.replace('[1m, 1h]', '[1h]').replace('2026-01-03', '2026-01-04')
    const { series } = await enqueue(later)
    const { jobs } = await readQueue(options)
    await mover.close()
    expect(new Set(jobs.map((job) => job.series))).toEqual(new Set(series))
    const queue = new bullmq.Queue('binance-backfill', { connection })
    const pending = await queue.getJobs(['prioritized'])
    await queue.close()
    expect(pending.length).toBeGreaterThan(0)
    for (const { data } of pending) expect(JSON.stringify(data)).toContain('2026-01-04')
  })

  it('refuses jobs that contradict one another, and is left as it was', async () => {
    const { enqueue, options } = await fleet()
    await enqueue(JOB)
    const other = JOB.replace('version: 1', 'version: 1, name: other, numbers: string')
    await expect(enqueue(other.replace('BTCUSDT', 'LTCUSDT'))).rejects.toMatchObject({
      exit: 2,
      message: expect.stringContaining('ETHUSDT 1m: two jobs ask for it with different') as string,
    })
    const filter = other.replace('[BTCUSDT, ETHUSDT, BNBUSDT]', '{match: "*"}')
    await expect(enqueue(filter)).rejects.toMatchObject({ exit: 2 })
    expect(await counts(options.queue!)).toMatchObject({ waiting: 6, names: NAMES })
    await enqueue(JOB.replace('version: 1', 'version: 1, numbers: string'))
  })

  it('tells why a series failed for good, and tries it again when told', async () => {
    const { enqueue, work, options } = await fleet()
    await enqueue(JOB.replace('BNBUSDT', 'NONESUCH'))
    const ended = await work()
    expect(ofKind(ended, 'summary')).toMatchObject([{ done: 4, failed: 2 }])
    const { failed, jobs } = await readQueue(options)
    expect(failed).toBe(2)
    const reasons = jobs.filter(({ state }) => state === 'failed').map(({ reason }) => reason)
    expect(reasons).toEqual([expect.stringMatching(/NONESUCH/), expect.stringMatching(/NONESUCH/)])
    expect(await readQueue({ ...options, retry: true })).toMatchObject({ failed: 0, waiting: 2 })
  })

  it('gets back what a worker could not finish', async () => {
    const { enqueue, work, options } = await fleet()
    await enqueue(JOB)
    const stop = new AbortController()
    const ended = await work({ signal: stop.signal }, ({ kind }) => {
      if (kind === 'taken') stop.abort(new StoppedError('SIGTERM'))
    })
    expect(ended.error).toMatchObject({ exit: 143 })
    expect(ofKind(ended, 'returned').length).toBeGreaterThan(0)
    expect(await counts(options.queue!)).toMatchObject({ active: 0, delayed: 0, failed: 0 })
    expect(ofKind(await work(), 'summary')).toMatchObject([{ failed: 0 }])
    expect(await counts(options.queue!)).toMatchObject({ done: 6 })
  })

  it('gets back everything from a worker whose address is banned, and no series has failed', async () => {
    const fault = { kind: 'banned', seconds: 90_000 } as const
    const rules = [{ path: '/api/v3/klines', times: 1, fault }]
    const { enqueue, work, options } = await fleet({ faults: { rules } })
    await enqueue(JOB)
    expect((await work()).error).toMatchObject({ exit: 5 })
    expect(await counts(options.queue!)).toMatchObject({ waiting: 6, failed: 0, active: 0 })
  })

  it('goes on with other markets while one is banned, and ends with 5 when nothing else is left', async () => {
    const fault = { kind: 'banned', seconds: 90_000 } as const
    const rules = [{ path: '/fapi/v1/klines', times: 1, fault }]
    const um = { symbols: ['BTCUSDT', 'ETHUSDT', 'BNBUSDT'].map((symbol) => ({ symbol })) }
    const { enqueue, work, options, simulator } = await fleet({ um, faults: { rules } })
    const baseUrls = [simulator.url, `um=${simulator.url}`]
    await enqueue(JOB.replace('version: 1', 'version: 1, market: um'))
    await enqueue(JOB)
    const ended = await work({ baseUrls })
    expect(ended.error).toMatchObject({ exit: 5 })
    const done = ofKind(ended, 'done') as { series: string }[]
    expect(done.map(({ series }) => series).sort()).toEqual([...NAMES].sort())
    const { failed, waiting, delayed, jobs } = await readQueue(options)
    expect({ failed, left: waiting + delayed }).toEqual({ failed: 0, left: 6 })
    const left = jobs.filter(({ state }) => state !== 'done').map(({ series }) => series)
    for (const series of left) expect(series).toMatch(/^um/)
  })

  it('loses one series to a directory that refuses it, and no other', async () => {
    const { enqueue, work, options } = await fleet()
    const path = join(options.dataDir, 'spot/klines/interval=1h')
    await mkdir(path, { recursive: true })
    await writeFile(join(path, 'symbol=ETHUSDT'), 'a file where a directory should be')
    await enqueue(JOB)
    const stop = new AbortController()
    let left = NAMES.length
    await work({ signal: stop.signal }, ({ kind }) => {
      if (kind === 'done' || kind === 'failed') left -= 1
      if (left === 0) stop.abort(new StoppedError('SIGTERM'))
    })
    const { done, jobs } = await readQueue(options)
    expect(done).toBe(5)
    expect(jobs.filter(({ state }) => state !== 'done')).toMatchObject([
      { series: 'klines/ETHUSDT/1h', reason: expect.stringContaining('symbol=ETHUSDT') as string },
    ])
  })

  it('is no reason to stay when it is away and a worker is told to stop: what is whole is committed', async () => {
    const { enqueue, work, options, redis } = await fleet()
    await enqueue(JOB)
    const stop = new AbortController()
    const ended = await work({ signal: stop.signal }, ({ kind }) => {
      if (kind === 'committed')
        void redis.kill().then(() => {
          stop.abort(new StoppedError('SIGTERM'))
        })
    })
    expect(ended.error).toMatchObject({ exit: 143 })
    expect((await readRuns(options)).runs).toMatchObject([{ exit: 143 }])
  })

  it('survives the death of its server', async () => {
    const { enqueue, work, options, redis } = await fleet()
    await enqueue(JOB)
    let died: Promise<void> | undefined
    const ended = await work({}, ({ kind }) => {
      if (kind === 'taken') died ??= redis.kill().then(() => redis.start())
    })
    expect(ended.error).toBeUndefined()
    expect(await counts(options.queue!)).toMatchObject({ done: 6, failed: 0 })
  })

  it('serves one lake, and no lake of one machine alone', async () => {
    const { enqueue, work } = await fleet()
    const refused = { code: 'E_USAGE', exit: 2 }
    await expect(enqueue(JOB, { lakeIsShared: false })).rejects.toMatchObject(refused)
    await enqueue(JOB)
    const dataDir = await tempDir()
    await expect(enqueue(JOB, { dataDir })).rejects.toMatchObject(refused)
    expect((await work({ dataDir })).error).toMatchObject(refused)
    expect((await work({ lakeIsShared: false })).error).toMatchObject(refused)
  })

  it('refuses a user who may only look, whatever is asked of it', async () => {
    const acl = ['--user', 'reader', 'on', '>pass', '~*', '+@read', '+@connection', '+info']
    const { options, enqueue, work } = await fleet({}, acl)
    const queue = options.queue!.replace('//', '//reader:pass@')
    const refused = { exit: 2, message: expect.stringContaining('refuses this user') as string }
    await expect(enqueue(JOB, { queue })).rejects.toMatchObject(refused)
    expect((await work({ queue })).error).toMatchObject(refused)
    await expect(readQueue({ queue })).rejects.toMatchObject(refused)
    await enqueue(JOB)
  })

  it('refuses a user without rights, and tells no password', async () => {
    const { url } = await redisServer(['--requirepass', 'right'])
    for (const queue of [url, url.replace('//', '//:wrong@')]) {
      const refused = readQueue({ queue })
      await expect(refused).rejects.toMatchObject({ exit: 2 })
      await expect(refused).rejects.toThrow(/^(?!.*(wrong|right))/s)
    }
    expect(await readQueue({ queue: url.replace('//', '//:right@') })).toMatchObject({ jobs: [] })
  })
})

it('a worker that never reaches its queue ends with 1 after a minute', async () => {
  const { error, minutes } = await workerOf('redis://127.0.0.1:9/0')
  expect(error).toMatchObject({ exit: 1, code: 'E_QUEUE' })
  expect(minutes).toBeCloseTo(1, 1)
})
