/** Files that somebody else replaces between the moment when a run read them and the one when it writes them. */

import { describe, expect, it } from 'vitest'
import type { Files, Upload } from '../../src/base/ports.ts'
import { parseMicros } from '../../src/base/time.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { expectSameLake } from '../support/chaos.ts'
import { memFiles } from '../support/mem-files.ts'
import { bytesOf, put } from '../support/put.ts'
import { simDisk } from '../support/sim-disk.ts'
import { attempt, lakeOf, virtualWorld, type Ended } from '../support/virtual.ts'

const job = (to: string): string => `
version: 1
compression: none
source: rest
symbols: [BTCUSDT]
from: 2026-03-01
to: ${to}
datasets:
  - {kind: klines, intervals: [1h], partition: day}
  - {kind: aggTrades}
`
const [PART, MORE, WHOLE] = [
  job('2026-03-01T12:00:00Z'),
  job('2026-03-01T18:00:00Z'),
  job('2026-03-02'),
]
const SERIES = 'spot/klines/interval=1h/symbol=BTCUSDT'
const DATA = `${SERIES}/period=2026-03-01/data.parquet`
const MANIFEST = `${SERIES}/_series.json`

function run(yaml: string, files: Files): Promise<Ended> {
  const exchange = new Exchange({
    symbols: [{ symbol: 'BTCUSDT', listedAt: parseMicros('2026-02-01'), aggTradesPerDay: 300 }],
  })
  return attempt(yaml, { world: virtualWorld(exchange, { files }) })
}

type Lake = Readonly<Record<string, Uint8Array>>

async function lakeOfJob(yaml: string): Promise<Lake> {
  const files = memFiles()
  expect(await run(yaml, files)).toMatchObject({ exit: 0 })
  return lakeOf(files)
}

/** `files`, where `theirs` is put at `path` right before something else is committed there for the first time. */
function meddling(files: Files, path: string, theirs: Uint8Array): Files {
  let isDone = false
  const upload = async (to: string): Promise<Upload> => {
    const own = await files.upload(to)
    const commit: Upload['commit'] = async (expected) => {
      if (to === path && !isDone) {
        isDone = true
        await put(files, path, theirs)
      }
      return own.commit(expected)
    }
    return {
      write: (bytes) => own.write(bytes),
      sha256: () => own.sha256(),
      flush: () => own.flush(),
      commit,
      abort: () => own.abort(),
    }
  }
  return { ...files, upload }
}

it('a manifest that is replaced while what a run published is adopted: the other series are done', async () => {
  const files = memFiles()
  expect(await run(WHOLE, files)).toMatchObject({ exit: 0 })
  const [older, theirs] = [(await lakeOfJob(PART))[MANIFEST]!, (await lakeOfJob(MORE))[MANIFEST]!]
  await put(files, MANIFEST, older)
  const { exit, summary } = await run(WHOLE, meddling(files, MANIFEST, theirs))
  expect(exit).toBe(3)
  expect(summary?.series.map(({ error }) => error?.code)).toEqual(['E_STORE_CHANGED', undefined])
  expect(await bytesOf(files, MANIFEST)).toEqual(theirs)
  expect(await run(WHOLE, files)).toMatchObject({ exit: 0, error: undefined })
  expectSameLake(await lakeOf(files), await lakeOfJob(WHOLE))
})

describe.each([
  ['in memory', (): Files => memFiles()],
  ['on a disk', (): Files => nodeFiles('/lake', simDisk().calls)],
])('%s', (_, make) => {
  // What was there before, and what somebody else puts there meanwhile.
  it.each([
    ['a partition that is new', DATA, undefined, PART],
    ['a partition that is there', DATA, PART, MORE],
    ['a manifest that is new', MANIFEST, undefined, PART],
    ['a manifest that is there', MANIFEST, PART, MORE],
  ])('%s is left as somebody else put it, and the next run goes on from it', async (...row) => {
    const [, path, before, meanwhile] = row
    const files = make()
    if (before !== undefined) expect(await run(before, files)).toMatchObject({ exit: 0 })
    const theirs = (await lakeOfJob(meanwhile))[path]!
    const { exit, summary } = await run(WHOLE, meddling(files, path, theirs))
    expect(exit).toBe(3)
    expect(summary).toMatchObject({ complete: false })
    expect(summary?.series.map(({ error, complete }) => [error?.code, complete])).toEqual([
      ['E_STORE_CHANGED', false],
      [undefined, true],
    ])
    expect(Buffer.from(theirs).equals((await bytesOf(files, path))!)).toBe(true)
    expect(await run(WHOLE, files)).toMatchObject({ exit: 0, error: undefined })
    expectSameLake(await lakeOf(files), await lakeOfJob(WHOLE))
  })
})
