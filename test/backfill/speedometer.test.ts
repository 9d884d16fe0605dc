import { expect, test } from 'vitest'
import { Speedometer } from '../../src/backfill/speedometer.ts'
import { Stopwatch } from '../../src/backfill/stopwatch.ts'
import type { Clock, Http, HttpAnswer, World } from '../../src/base/ports.ts'
import { bytesPerSecond, fileSeconds } from '../../src/plan/cost.ts'
import { speedOf } from '../../src/plan/speed.ts'
import { simWorld } from '../support/sim-world.ts'

/** A clock that is set by hand. */
function handClock(): { clock: Clock; pass: (ms: number) => void } {
  let now = 0
  const { clock } = simWorld()
  return { clock: { ...clock, monotonicMs: () => now }, pass: (ms) => void (now += ms) }
}

const REQUEST = { headers: {}, timeoutMs: 1_000, sizeBytesMax: 1_000 }

function answering(status: number, takes: () => void): World {
  const body = new Uint8Array(0)
  const answer: HttpAnswer = { status, header: () => undefined, body }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(6_000_000)
  }
  const http: Http = {
    get: async () => {
      takes()
      return answer
    },
    stream: async () => ({ ...answer, chunks: chunks() }),
    close: async () => undefined,
  }
  return { ...simWorld(), http }
}

test('the middle answer counts; refusals and what fails do not', async () => {
  const { clock, pass } = handClock()
  const meter = new Speedometer(clock)
  expect(meter.measured()).toEqual({})
  for (const ms of [100, 5_000, 120])
    await meter
      .rest(
        answering(200, () => {
          pass(ms)
        }),
      )
      .http.get({ ...REQUEST, url: 'https://x/time' })
  await meter
    .rest(
      answering(429, () => {
        pass(1)
      }),
    )
    .http.get({ ...REQUEST, url: 'https://x/time' })
  expect(meter.measured()).toEqual({ pageSeconds: 0.12 })
})

test('a file takes two trips; that of a listing is only supposed to be as long', async () => {
  const { clock, pass } = handClock()
  const meter = new Speedometer(clock)
  const { http } = meter.archive(
    answering(200, () => {
      pass(300)
    }),
  )
  await http.get({ ...REQUEST, url: 'https://x/?prefix=data/' })
  expect(meter.measured()).toEqual({})
  expect(meter.supposed()).toEqual({ fileSeconds: 0.6 })
  await meter
    .archive(
      answering(200, () => {
        pass(50)
      }),
    )
    .http.get({ ...REQUEST, url: 'https://x/a.zip.CHECKSUM' })
  expect(meter.measured()).toEqual({ fileSeconds: 0.1 })
})

test('bytes count while files are stored, once there are enough of them', async () => {
  const { clock, pass } = handClock()
  const meter = new Speedometer(clock)
  async function* storing(): AsyncGenerator<number, void, void> {
    const { chunks } = await meter.archive(answering(200, () => undefined)).http.stream({
      ...REQUEST,
      url: 'https://x/a.zip',
    })
    for await (const chunk of chunks) yield chunk.length
    pass(2_000)
  }
  for await (const size of meter.storing(storing())) expect(size).toBe(6_000_000)
  pass(60_000)
  const { bytesPerSecond: measured = 0 } = meter.measured()
  expect(measured).toBeGreaterThan(2_900_000)
  expect(measured).toBeLessThan(3_100_000)
  expect(meter.measured(7_000_000)).toEqual({})
})

test('what was measured foretells as long as it took, besides the time to get under way', () => {
  const work = { files: 60, bytes: 200_000_000 }
  const rate = bytesPerSecond(work, 100, 0.3)
  const speed = speedOf(
    { weightPerMinute: 1, pagesAtOnce: 1 },
    { fileSeconds: 0.3, bytesPerSecond: rate },
  )
  expect(fileSeconds(work, speed)).toBeCloseTo(100 - 0.3)
})

test('a stopwatch counts work once, however much of it there is, and no pause', async () => {
  const { clock, pass } = handClock()
  const watch = new Stopwatch(clock)
  async function* work(): AsyncGenerator<number, void, void> {
    yield 1
  }
  pass(1_000)
  const [a, b] = [watch.during(work()), watch.during(work())]
  await a.next()
  pass(2_000)
  await b.next()
  pass(3_000)
  watch.pause(4_000)
  pass(5_000)
  await a.next()
  pass(500)
  await b.next()
  pass(9_000)
  expect(watch.seconds()).toBe(6.5)
})
