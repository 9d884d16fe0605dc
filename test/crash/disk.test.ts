/** Disks for real: full, read-only, and in two pieces. On small file systems of their own, which only root may mount. */

import { spawnSync } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { contents } from '../support/lake.ts'
import {
  calmContents,
  expectSoundLake,
  processLake,
  serveHistory,
  startRun,
  type ProcessLake,
} from '../support/process.ts'

function mount(...args: string[]): boolean {
  return spawnSync('mount', args).status === 0
}

/** Is there a tmpfs at `path` now? Says so loudly when there cannot be. */
async function mountTmpfs(path: string, size: string): Promise<boolean> {
  await mkdir(path, { recursive: true })
  const isMounted = mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path)
  if (!isMounted)
    console.warn(
      'NOT TESTED: mounting a tmpfs needs root; full and read-only disks are simulated only',
    )
  onTestFinished(async () => {
    // Twice where it was mounted over.
    while (isMounted && spawnSync('umount', [path], { stdio: 'ignore' }).status === 0);
    await rm(path, { recursive: true, force: true })
  })
  return isMounted
}

async function expectGoesOn(
  lake: ProcessLake,
  watched: Awaited<ReturnType<typeof serveHistory>>,
): Promise<void> {
  const { exit, stderr } = await startRun(lake, watched).done
  expect(exit, stderr).toBe(0)
  expect(await contents(lake.dataDir)).toEqual(await calmContents())
  expect(await readdir(join(lake.dataDir, '_tmp'))).toEqual([])
}

it.each(['64k', '160k', '320k', '480k', '640k'])(
  'a disk of %s is full: told so, sound, and the rest follows when there is room',
  async (size) => {
    const lake = await processLake()
    if (!(await mountTmpfs(lake.dataDir, size))) return
    const watched = await serveHistory()
    const { exit, stdout, stderr } = await startRun(lake, watched).done
    expect(exit, stderr).toBe(1)
    expect(stdout + stderr).toContain('E_STORE_FULL')
    expect(stderr).not.toMatch(/E_BUG|\n\s+at /)
    await expectSoundLake(lake.dataDir, `full at ${size}`)
    expect(mount('-o', 'remount,size=64m', lake.dataDir)).toBe(true)
    await expectGoesOn(lake, watched)
  },
)

it('a read-only disk is told before anything is asked for', async () => {
  const lake = await processLake()
  if (!(await mountTmpfs(lake.dataDir, '64m'))) return
  expect(mount('-o', 'remount,ro', lake.dataDir)).toBe(true)
  const watched = await serveHistory()
  const { exit, stderr } = await startRun(lake, watched).done
  expect(exit, stderr).toBe(1)
  expect(stderr).toContain('EROFS')
  expect(watched.simulator.log.count).toBe(0)
  expect(mount('-o', 'remount,rw', lake.dataDir)).toBe(true)
  await expectGoesOn(lake, watched)
})

it('temporary files on another file system are told before anything is asked for', async () => {
  const lake = await processLake()
  const temp = join(lake.dataDir, '_tmp')
  if (!(await mountTmpfs(temp, '64m'))) return
  const watched = await serveHistory()
  const { exit, stderr } = await startRun(lake, watched).done
  expect(exit, stderr).toBe(1)
  expect(stderr).toContain('EXDEV')
  expect(stderr).toContain('same file system')
  expect(watched.simulator.log.count).toBe(0)
})
