/** A lake of simulated rows is marked, so that nobody takes them for real ones. */

import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFiles } from '../../src/node/files.ts'
import { lakeOrigin, markLakeOrigin } from '../../src/query/origin.ts'
import { readOrigin, writeOrigin } from '../../src/store/origin.ts'
import { tempDir } from '../support/lake.ts'
import { memFiles } from '../support/mem-files.ts'
import { put } from '../support/put.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe.each([
  ['in memory', async () => memFiles()],
  ['on a disk', async () => nodeFiles(join(await tempDir(), 'lake'))],
])('%s', (_, make) => {
  it('an empty lake is nobody’s, and one with rows and no mark holds real ones', async () => {
    const files = await make()
    expect(await readOrigin(files)).toBeUndefined()
    await put(files, 'spot/klines/x', bytes('x'))
    expect(await readOrigin(files)).toBe('binance')
  })

  it('says what was written last', async () => {
    const files = await make()
    for (const origin of ['simulator', 'simulator', 'binance'] as const) {
      await writeOrigin(files, origin)
      expect(await readOrigin(files)).toBe(origin)
    }
  })

  it('is not written again where it says the same already', async () => {
    const files = await make()
    await put(files, '_origin.json', bytes('{ "origin": "simulator" }'))
    const before = await files.read('_origin.json')
    await writeOrigin(files, 'simulator')
    expect(await files.read('_origin.json')).toEqual(before)
  })

  it.each(['', '{"origin":"moon"}', 'x'.repeat(2_000) + '{"origin":"simulator"}'])(
    'what is no mark marks nothing: %j',
    async (text) => {
      const files = await make()
      await put(files, '_origin.json', bytes(text))
      expect(await readOrigin(files)).toBeUndefined()
      await writeOrigin(files, 'simulator')
      expect(await readOrigin(files)).toBe('simulator')
    },
  )
})

it('a link in its place is neither followed nor written through', async () => {
  const [outside, dataDir] = [join(await tempDir(), 'mark'), await tempDir()]
  await writeFile(outside, '{"origin":"simulator"}')
  await symlink(outside, join(dataDir, '_origin.json'))
  expect(await lakeOrigin({ dataDir })).toBeUndefined()
  await mkdir(join(dataDir, 'spot'))
  expect(await lakeOrigin({ dataDir })).toBe('binance')
  await markLakeOrigin('simulator', { dataDir })
  expect(await lakeOrigin({ dataDir })).toBe('simulator')
  expect(await readFile(outside, 'utf8')).toBe('{"origin":"simulator"}')
  expect(await readdir(join(dataDir, '_tmp'))).toEqual([])
})

it('a file in the place of the lake is the caller’s to mend', async () => {
  const dataDir = join(await tempDir(), 'file')
  await writeFile(dataDir, 'x')
  await expect(markLakeOrigin('simulator', { dataDir })).rejects.toMatchObject({ exit: 2 })
  expect(await lakeOrigin({ dataDir })).toBeUndefined()
})
