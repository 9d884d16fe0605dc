/** The runs that a lake remembers, and one of them by the beginning of its id. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRun, readRuns } from '../../src/query/history.ts'
import { runPath } from '../../src/store/runs.ts'
import { memFiles } from '../support/mem-files.ts'
import { put } from '../support/put.ts'
import { NOON, writeRuns } from '../support/run-records.ts'
import { simWorld, type SimWorld } from '../support/sim-world.ts'

const HOUR = 3_600_000

async function lakeWith(
  moments: readonly number[],
): Promise<{ world: SimWorld; ids: readonly string[] }> {
  const files = memFiles()
  return { world: simWorld({ files }), ids: await writeRuns(files, moments) }
}

it('newest first, as many as are asked for, and how many more there are', async () => {
  const { world, ids } = await lakeWith([NOON, NOON + 2 * HOUR, NOON + HOUR])
  const all = await readRuns({ world })
  expect(all.runs.map(({ id }) => id)).toEqual([ids[1], ids[2], ids[0]])
  expect(all).toMatchObject({ problems: [], more: 0 })
  const last = await readRuns({ world, limit: 1 })
  expect(last).toMatchObject({ runs: [{ id: ids[1], rows: 1 }], more: 2 })
})

it('any beginning of an id that no other has names the run; one that several have names none', async () => {
  const moments = fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(
      moments,
      fc.nat(),
      fc.integer({ min: 1, max: 40 }),
      async (at, pick, length) => {
        const { world, ids } = await lakeWith(at.map((quarter) => NOON + (quarter * HOUR) / 4))
        const id = ids[pick % ids.length]!
        const name = id.slice(0, length)
        const same = ids.filter((other) => other.startsWith(name))
        const found = readRun(name, { world })
        if (same.length === 1) expect((await found).id).toBe(id)
        else await expect(found).rejects.toMatchObject({ code: 'E_USAGE', exit: 2 })
      },
    ),
  )
})

describe('words for what cannot be shown', () => {
  it('a run that is not there: the nearest, or the newest', async () => {
    const { world, ids } = await lakeWith([NOON, NOON + HOUR])
    await expect(readRun('2026-04-05T12-01', { world })).rejects.toMatchObject({
      exit: 2,
      message: 'the lake remembers no run "2026-04-05T12-01"',
      hint: `Did you mean ${ids[0]}? \`binance-backfill history\` lists all.`,
    })
    await expect(readRun('../_lake', { world })).rejects.toMatchObject({
      hint: `The newest is ${ids[1]}; \`binance-backfill history\` lists them.`,
    })
    await expect(readRun('', { world })).rejects.toMatchObject({ exit: 2 })
    await expect(readRun('2026', { world })).rejects.toThrow(
      `"2026" is the beginning of 2 runs: ${ids[1]}, ${ids[0]}`,
    )
  })

  it('a torn record is damage of its own, one of a newer version wants a newer program', async () => {
    const { world, ids } = await lakeWith([NOON, NOON + HOUR])
    const [torn = '', newer = ''] = ids
    await put(world.files, runPath(torn), new TextEncoder().encode('{"for'))
    await put(world.files, runPath(newer), new TextEncoder().encode('{"format": 2}'))
    await expect(readRun(torn, { world })).rejects.toMatchObject({ code: 'E_DAMAGED', exit: 4 })
    await expect(readRun(newer, { world })).rejects.toMatchObject({
      exit: 2,
      hint: 'Upgrade binance-backfill.',
    })
  })

  it('a directory that is no lake, though it be empty', async () => {
    const empty = simWorld()
    await expect(readRuns({ world: empty })).rejects.toMatchObject({
      exit: 2,
      message: 'there is no lake at data',
    })
    const other = simWorld()
    await put(other.files, 'holiday.jpg', new Uint8Array(3))
    await expect(readRuns({ world: other, dataDir: 'photos' })).rejects.toMatchObject({ exit: 2 })
  })

  it('a lake that remembers no run', async () => {
    const world = simWorld()
    await put(world.files, '_lake.json', new TextEncoder().encode('{"format":1}\n'))
    expect(await readRuns({ world })).toEqual({ runs: [], problems: [], more: 0 })
    await expect(readRun('2026', { world })).rejects.toThrow('the lake remembers no run')
  })
})
