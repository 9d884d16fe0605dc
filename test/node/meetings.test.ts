/** Processes that meet, over real sockets. */

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { Line, Meetings } from '../../src/base/ports.ts'
import { nodeMeetings } from '../../src/node/meetings.ts'

let names = 0

function newName(): string {
  return `test ${process.pid} ${names++}`
}

function meetings(): Meetings {
  const own = nodeMeetings()
  onTestFinished(() => {
    own.close()
  })
  return own
}

/** Collects what arrives on a line. */
function heardOn(line: Line): { messages: unknown[]; ended: Promise<void> } {
  const messages: unknown[] = []
  const ended = new Promise<void>((resolve) => {
    line.hear((message) => void messages.push(message), resolve)
  })
  return { messages, ended }
}

const nothing = (): object => ({})

it('the first presides, and says farewell to the others when it leaves; then one of them presides', async () => {
  const name = newName()
  const [first, second, third] = [meetings(), meetings(), meetings()]
  const joined: Line[] = []
  const farewell = (): object => ({ bye: '\u0000\n"' })
  expect(await first.meet(name, (line) => void joined.push(line), farewell)).toBeUndefined()
  const line = await second.meet(name, () => undefined, nothing)
  const heard = heardOn(line!)
  await third.meet(newName(), () => undefined, nothing)
  await expect.poll(() => joined.length).toBe(1)
  const asked = heardOn(joined[0]!)
  for (let index = 0; index < 1_000; index++) line!.send({ index })
  await expect.poll(() => asked.messages.length).toBe(1_000)
  expect(asked.messages.at(-1)).toEqual({ index: 999 })
  first.close()
  await heard.ended
  expect(heard.messages).toEqual([{ bye: '\u0000\n"' }])
  expect(await second.meet(name, () => undefined, nothing)).toBeUndefined()
  expect(await third.meet(name, () => undefined, nothing)).toBeDefined()
})

it('many that come at once find one who presides', async () => {
  const name = newName()
  const all = Array.from({ length: 20 }, meetings)
  const lines = await Promise.all(all.map((one) => one.meet(name, () => undefined, nothing)))
  expect(lines.filter((line) => line === undefined)).toHaveLength(1)
})

it('those of another state directory do not find them, and its secret is of one user', async () => {
  const name = newName()
  const [first, second, third] = [meetings(), meetings(), meetings()]
  expect(await first.meet(name, () => undefined, nothing)).toBeUndefined()
  const directory = await mkdtemp(join(tmpdir(), 'state-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  vi.stubEnv('BINANCE_BACKFILL_STATE_DIR', join(directory, 'new'))
  onTestFinished(() => void vi.unstubAllEnvs())
  const found = await Promise.all(
    [second, third].map((one) => one.meet(name, () => undefined, nothing)),
  )
  expect(found.filter((line) => line === undefined)).toHaveLength(1)
  expect(await readdir(join(directory, 'new'))).toEqual(['_secret'])
  expect((await stat(join(directory, 'new', '_secret'))).mode & 0o777).toBe(0o600)
})
