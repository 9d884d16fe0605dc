/** Data files that say what they are not: of another series, of another period, of another number of rows. */

import { describe, expect, it } from 'vitest'
import { backfill } from '../../src/backfill/run.ts'
import { BackfillError } from '../../src/base/errors.ts'
import { parseJob } from '../../src/job/parse.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { verify } from '../../src/verify/verify.ts'
import { attempt, virtualWorld, type VirtualWorld } from '../support/virtual.ts'
import { bytesOf, put } from '../support/put.ts'

const JOB = `
version: 1
source: rest
compression: none
from: 2026-04-29
to: 2026-05-02
datasets: [{kind: klines, symbols: [BTCUSDT, ETHUSDT], intervals: [1h], partition: month}]
`
const series = (symbol: string): string => `spot/klines/interval=1h/symbol=${symbol}`
const fileOf = (symbol: string, period: string): string =>
  `${series(symbol)}/period=${period}/data.parquet`
const TARGET = fileOf('BTCUSDT', '2026-04')
const MANIFEST = `${series('BTCUSDT')}/_series.json`

async function lake(): Promise<VirtualWorld> {
  const symbols = [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }]
  const world = virtualWorld(new Exchange({ symbols }))
  expect((await attempt(JOB, { world })).exit).toBe(0)
  return world
}

/** Codes of damage that `verify` finds, or the exit code of the error that it ends with. */
async function damage(
  world: VirtualWorld,
  rebuild: boolean,
): Promise<readonly (string | number)[]> {
  const found: (string | number)[] = []
  try {
    for await (const step of verify([], { world, rebuild }))
      if (step.kind === 'finding' && step.finding.severity === 'damage')
        found.push(step.finding.code)
  } catch (error) {
    expect(error).toBeInstanceOf(BackfillError)
    found.push((error as BackfillError).exit)
  }
  return found
}

/** What a run over the lake ends with: the exit code of its summary or of its error. */
async function rerun(world: VirtualWorld): Promise<number> {
  let exit = -1
  try {
    for await (const step of backfill([parseJob(JOB, 'test.yaml')], { world }))
      if (step.kind === 'summary') exit = step.exit
  } catch (error) {
    expect(error).toBeInstanceOf(BackfillError)
    exit = (error as BackfillError).exit
  }
  return exit
}

/** The varint of `rows` as Thrift writes a number of 64 bits, behind the header of such a field. */
function fieldOf(rows: number): Buffer {
  const bytes = [0x16]
  for (let rest = rows * 2; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest >= 128 ? (rest % 128) | 128 : rest)
    if (rest < 128) return Buffer.from(bytes)
  }
}

/** The file with another number of rows wherever its footer tells it, one place at a time. */
function lies(bytes: Uint8Array, rows: number, told: number): Uint8Array[] {
  const [from, to] = [fieldOf(rows), fieldOf(told)]
  expect(to.length).toBe(from.length)
  const file = Buffer.from(bytes)
  const footer = file.length - 8 - file.readUInt32LE(file.length - 8)
  const forged: Uint8Array[] = []
  for (let at = file.indexOf(from, footer); at >= 0; at = file.indexOf(from, at + 1)) {
    const copy = Buffer.from(file)
    to.copy(copy, at)
    forged.push(new Uint8Array(copy))
  }
  return forged
}

describe.each([
  ['with its manifest', false],
  ['without its manifest', true],
])('%s', (_, isLost) => {
  const forge = async (world: VirtualWorld, bytes: Uint8Array): Promise<void> => {
    await put(world.files, TARGET, bytes)
    if (isLost) await world.files.remove(MANIFEST)
  }

  it.each([
    ['another series', fileOf('ETHUSDT', '2026-04')],
    ['another period', fileOf('BTCUSDT', '2026-05')],
  ])(
    'a file of %s is refused by verify and rebuild, and taken in by no run',
    async (__, source) => {
      const world = await lake()
      const forged = (await bytesOf(world.files, source))!
      await forge(world, forged)
      expect(await damage(world, false)).not.toEqual([])
      expect(await damage(world, true)).not.toEqual([])
      // A file of another size than the manifest says is looked at, also where there is nothing to do.
      expect(await rerun(world)).toBe(4)
      expect(await bytesOf(world.files, TARGET)).toEqual(forged)
      expect(await damage(world, false)).not.toEqual([])
    },
  )

  it('a footer that lies about its rows is damage, or no matter', async () => {
    const world = await lake()
    const honest = (await bytesOf(world.files, TARGET))!
    const [manifest, rows] = [(await bytesOf(world.files, MANIFEST))!, 48]
    const forgeries = [
      ...lies(honest, rows, 47),
      ...lies(honest, rows, 49),
      ...lies(honest, rows, 63),
    ]
    expect(forgeries.length).toBeGreaterThanOrEqual(6)
    for (const forged of forgeries) {
      await put(world.files, MANIFEST, manifest)
      await forge(world, forged)
      const before = await damage(world, false)
      expect(before).not.toEqual([])
      await damage(world, true)
      // Either it is still refused, or all that is told was read and found to be so.
      const isRefused = (await damage(world, false)).length > 0
      expect(isRefused || (await rerun(world)) === 0).toBe(true)
      if (isRefused) expect(await rerun(world)).not.toBe(-1)
    }
  })
})
