import { expect, test } from 'vitest'
import { checkLake } from '../../src/store/lake.ts'
import { strangersOutside } from '../../src/verify/foreign-files.ts'
import { memFiles } from '../support/mem-files.ts'

async function directoryWith(...paths: readonly string[]): Promise<ReturnType<typeof memFiles>> {
  const files = memFiles()
  for (const path of paths) await files.replace(path, new Uint8Array([1]), 'absent')
  return files
}

test('a volume that is new but for what its file system keeps may become a lake', async () => {
  const volume = await directoryWith('lost+found/#12', '.snapshot/x', '_tmp/y')
  await expect(checkLake(volume)).resolves.toBe(false)
})

test('a directory of something else may not', async () => {
  const photos = await directoryWith('lost+found/#12', 'photos/1.jpg')
  await expect(checkLake(photos)).rejects.toThrow('not a lake: it holds "photos"')
  const nested = await directoryWith('spot/lost+found/1', 'metrics.prom')
  await expect(checkLake(nested)).rejects.toThrow('it holds "metrics.prom"')
})

test('what a file system keeps is nothing to warn of, unless it lies among the data', async () => {
  const lake = await directoryWith('lost+found/#12', 'spot/lost+found/x', 'metrics.prom')
  const found: string[] = []
  for await (const { path } of strangersOutside(lake, [])) found.push(path)
  expect(found.sort()).toEqual(['metrics.prom', 'spot/lost+found/x'])
})
