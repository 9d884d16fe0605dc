import { constants } from 'node:fs'
import {
  chmod,
  link,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { hashOf } from '../../src/base/hash.ts'
import type { Files } from '../../src/base/ports.ts'
import { systemCode } from '../../src/node/disk-error.ts'
import { nodeFiles } from '../../src/node/files.ts'
import { nodeFsCalls, type FsCalls } from '../../src/node/fs-calls.ts'
import { probeDirectory, probeFiles } from '../../src/node/probe.ts'
import { Exchange } from '../../src/simulator/index.ts'
import { sweepTemp } from '../../src/store/lock.ts'
import { faultyCalls, SimulatedCrash, type Fault } from '../support/faulty-files.ts'
import { memFiles } from '../support/mem-files.ts'
import { simDisk, systemError, type SimDisk, type Survival } from '../support/sim-disk.ts'
import { attempt, virtualWorld } from '../support/virtual.ts'
import { filesContract } from './files.suite.ts'
import { bytesOf, put } from '../support/put.ts'

const made: string[] = []
async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'files-'))
  made.push(directory)
  return directory
}
afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true })
})

const ROOT = '/lake'
const JOB = `
version: 1
symbols: [BTCUSDT]
from: 2026-03-01
to: 2026-03-02
datasets: [{kind: klines, intervals: [1h]}]
`
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

filesContract('on this machine', async () => nodeFiles(join(await newDirectory(), 'new', 'lake')))
filesContract('in memory', async () => memFiles())
filesContract('on a simulated disk', async () => nodeFiles(ROOT, simDisk().calls))
filesContract('on a disk that writes three bytes at a time', async () =>
  nodeFiles(ROOT, simDisk({ writeBytesMax: 3 }).calls),
)
// What file systems without links were seen or may be expected to say: FAT, exFAT, SMB, FUSE, AFS, Windows.
const NO_LINKS = [
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EISDIR',
  'EACCES',
  'EINVAL',
  'EXDEV',
  'EBUSY',
  'ENOTTY',
  'UNKNOWN',
]
for (const linkRefusal of NO_LINKS)
  filesContract(`on a disk that refuses links with ${linkRefusal}`, async () =>
    nodeFiles(ROOT, simDisk({ linkRefusal }).calls),
  )

const linkless = process.env['LINKLESS_DIR']
if (linkless === undefined)
  console.log('NOT RUN on a real file system without hard links: LINKLESS_DIR names none')
else {
  describe('a real file system without hard links', () => {
    const inIt = async (): Promise<string> => {
      const directory = await mkdtemp(join(linkless, 'files-'))
      made.push(directory)
      return directory
    }

    it('has none', async () => {
      const [one, two] = [join(linkless, 'one'), join(linkless, 'two')]
      made.push(one, two)
      await writeFile(one, 'x')
      const code = await link(one, two).then(
        () => 'linked',
        (error: unknown) => systemCode(error),
      )
      expect(NO_LINKS).toContain(code)
    })

    it('lets one of many putters win, whole', async () => {
      const files = nodeFiles(await inIt())
      const names = Array.from({ length: 12 }, (_, i) => `putter ${i}`)
      const ends = await Promise.allSettled(
        names.map((name) => files.replace('d/lock', bytes(name), 'absent')),
      )
      const winners = names.filter((_, index) => ends[index]?.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      expect(await bytesOf(files, 'd/lock')).toEqual(bytes(winners[0]!))
      expect(await files.list('_tmp')).toEqual([])
    })

    it('takes a whole run, and a second that finds nothing to do', async () => {
      const files = nodeFiles(await inIt())
      const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
      const first = await attempt(JOB, { world: virtualWorld(exchange, { files }) })
      expect(first).toMatchObject({ exit: 0, summary: { rows: 24 } })
      const second = await attempt(JOB, { world: virtualWorld(exchange, { files }) })
      expect(second).toMatchObject({ exit: 0, summary: { rows: 0 } })
    })
  })
}

describe('conditions on a disk', () => {
  async function winners(
    racers: readonly Files[],
    write: (files: Files, text: string) => Promise<unknown>,
  ): Promise<number> {
    const ends = await Promise.allSettled(racers.map((files, index) => write(files, `${index}`)))
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'E_STORE_CHANGED' })
    return ends.filter(({ status }) => status === 'fulfilled').length
  }

  it('hold between all who opened it in one process', async () => {
    const root = await newDirectory()
    const racers = Array.from({ length: 20 }, () => nodeFiles(root))
    const version = await racers[0]!.replace('d/f', OLD, 'absent')
    const replace = (files: Files, text: string): Promise<unknown> =>
      files.replace('d/f', bytes(text), version)
    expect(await winners(racers, replace)).toBe(1)
  })

  it('hold between processes where a file is created, and nowhere else', async () => {
    // Each with system calls of its own, as another process has them.
    const root = await newDirectory()
    const racers = Array.from({ length: 20 }, () => nodeFiles(root, { ...nodeFsCalls }))
    const create = (files: Files, text: string): Promise<unknown> =>
      files.replace('d/f', bytes(text), 'absent')
    expect(await winners(racers, create)).toBe(1)
    expect(racers.map(({ isShared }) => isShared)).not.toContain(true)
  })

  it('are about bytes: the same ones are the same version, whoever put them there and when', async () => {
    const root = await newDirectory()
    const files = nodeFiles(root)
    const version = await files.replace('f', OLD, 'absent')
    await files.remove('f')
    await writeFile(join(root, 'f'), OLD)
    const file = (await files.open('f'))!
    expect(await file.version()).toBe(version)
    await file.close()
    await files.replace('f', NEW, version)
  })

  it('a large file is read once for its hash and its version, and once more before it is replaced', async () => {
    const disk = simDisk()
    const content = new Uint8Array(3 << 20).fill(7)
    await put(nodeFiles(ROOT, disk.calls), 'f', content)
    let count = 0
    const read: FsCalls['read'] = async (...args) => {
      const taken = await disk.calls.read(...args)
      count += taken
      return taken
    }
    const files = nodeFiles(ROOT, { ...disk.calls, read })
    const file = (await files.open('f'))!
    const [sha256, version] = [await hashOf(file), await file.version()]
    expect(String(version)).toBe(sha256)
    expect(count).toBe(content.length)
    await file.close()
    await files.replace('f', NEW, version)
    expect(count).toBe(2 * content.length)
  })
})

describe('the lake stays in its directory', () => {
  it('follows no symlink out of it, neither of a directory nor of a file', async () => {
    const outside = await newDirectory()
    const root = await newDirectory()
    await symlink(outside, join(root, 'spot'))
    await symlink(join(outside, 'secret'), join(root, 'file'))
    const files = nodeFiles(root)
    const version = await nodeFiles(outside).replace('secret', bytes('secret'), 'absent')
    const refusal = { code: 'E_STORE_IO' }
    await expect(bytesOf(files, 'spot/secret')).rejects.toMatchObject(refusal)
    await expect(files.list('spot')).rejects.toMatchObject(refusal)
    await expect(put(files, 'spot/new', bytes('x'))).rejects.toMatchObject(refusal)
    await expect(put(files, 'spot/deep/new', bytes('x'))).rejects.toMatchObject(refusal)
    await expect(files.remove('spot/secret')).rejects.toMatchObject(refusal)
    await expect(bytesOf(files, 'file')).rejects.toMatchObject(refusal)
    await expect(files.replace('file', bytes('x'), 'absent')).rejects.toMatchObject({
      code: 'E_STORE_CHANGED',
    })
    await expect(files.replace('file', bytes('x'), version)).rejects.toMatchObject(refusal)
    await files.remove('file')
    await put(files, 'file', bytes('mine'))
    expect((await readdir(outside)).toSorted()).toEqual(['_tmp', 'secret'])
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret')
  })

  it('refuses a _tmp that is a symlink to elsewhere', async () => {
    const outside = await newDirectory()
    const root = await newDirectory()
    await symlink(outside, join(root, '_tmp'))
    await expect(put(nodeFiles(root), 'f', bytes('x'))).rejects.toMatchObject({
      code: 'E_STORE_IO',
    })
    expect(await readdir(outside)).toEqual([])
  })

  it('may itself be reached through a symlink', async () => {
    const real = await newDirectory()
    const link = join(await newDirectory(), 'lake')
    await symlink(real, link)
    await put(nodeFiles(link), 'a/b', bytes('x'))
    expect(await readFile(join(real, 'a', 'b'), 'utf8')).toBe('x')
  })

  it('writes files that others may read and not write', async () => {
    const root = await newDirectory()
    await put(nodeFiles(root), 'f', bytes('x'))
    const { mode } = await stat(join(root, 'f'))
    expect(mode & 0o133).toBe(0)
  })

  it('lists a symlink as something else than a file', async () => {
    const root = await newDirectory()
    await symlink('/etc/passwd', join(root, 'link'))
    expect(await nodeFiles(root).list('')).toEqual([{ name: 'link', kind: 'other' }])
  })
})

describe('what the machine refuses', () => {
  const failing = (name: keyof FsCalls, code: string): FsCalls => ({
    ...simDisk().calls,
    [name]: async () => {
      throw systemError(code, 'somewhere')
    },
  })

  it.each([
    ['write', 'ENOSPC', 'E_STORE_FULL', /space/],
    ['fsync', 'EDQUOT', 'E_STORE_FULL', /quota/],
    ['rename', 'EXDEV', 'E_STORE_IO', /_tmp/],
    ['rename', 'EIO', 'E_STORE_IO', /disk/],
    ['open', 'EMFILE', 'E_STORE_IO', /ulimit/],
    ['mkdir', 'EROFS', 'E_STORE_IO', /read-only/],
    ['open', 'EACCES', 'E_STORE_IO', /owns/],
  ] as const)('%s fails with %s → %s with a hint', async (call, code, expected, hint) => {
    const files = nodeFiles(ROOT, failing(call, code))
    const error: unknown = await uploadTo(files, 'a/b').catch((e: unknown) => e)
    expect(error).toMatchObject({ code: expected, hint: expect.stringMatching(hint) as string })
    expect(String(error)).toContain(code)
    expect(String(error)).toContain('a/b')
    expect(String(error)).not.toContain(ROOT)
  })

  it('a name that is too long is an error with the path', async () => {
    const files = nodeFiles(await newDirectory())
    await expect(put(files, 'x'.repeat(300), bytes('x'))).rejects.toMatchObject({
      code: 'E_STORE_IO',
      message: expect.stringContaining('ENAMETOOLONG') as string,
    })
  })

  it('a file that lost bytes on its way is not committed', async () => {
    const disk = simDisk()
    const lossy: FsCalls = {
      ...disk.calls,
      write: async (fd, part, position) => {
        await disk.calls.write(fd, part.subarray(1), position)
        return part.length
      },
    }
    const upload = await nodeFiles(ROOT, lossy).upload('f')
    await upload.write(bytes('abc'))
    await expect(upload.commit('absent')).rejects.toMatchObject({ code: 'E_STORE_IO' })
    await upload.abort()
    expect([...disk.files().keys()]).toEqual([])
  })
})

describe('the probe of a directory', () => {
  it('leaves nothing behind', async () => {
    const root = join(await newDirectory(), 'lake')
    await probeDirectory(nodeFiles(root), root)
    expect(await readdir(root)).toEqual(['_tmp'])
    expect(await readdir(join(root, '_tmp'))).toEqual([])
  })

  it('refuses a file as a usage error', async () => {
    const root = join(await newDirectory(), 'file')
    await writeFile(root, 'x')
    await expect(probeDirectory(nodeFiles(root), root)).rejects.toMatchObject({
      code: 'E_USAGE',
      exit: 2,
    })
  })

  it('refuses what it may not write to as a usage error', async () => {
    const root = await newDirectory()
    await chmod(root, 0o500)
    const isRoot = process.getuid?.() === 0
    const calls: FsCalls = isRoot
      ? {
          ...nodeFsCalls,
          mkdir: async () => {
            throw systemError('EACCES', root)
          },
        }
      : nodeFsCalls
    await expect(probeDirectory(nodeFiles(root, calls), root)).rejects.toMatchObject({
      code: 'E_USAGE',
      exit: 2,
    })
    await chmod(root, 0o700)
  })

  it('tells a full disk as what it is', async () => {
    const { calls } = faultyCalls(simDisk().calls, { at: 6, kind: 'ENOSPC' })
    await expect(probeDirectory(nodeFiles(ROOT, calls), ROOT)).rejects.toMatchObject({
      code: 'E_STORE_FULL',
    })
  })

  it('notices a disk that reads back something else', async () => {
    const disk = simDisk()
    const calls: FsCalls = {
      ...disk.calls,
      read: async (fd, into, position) => {
        const count = await disk.calls.read(fd, into, position)
        into.fill(0, 0, count)
        return count
      },
    }
    await expect(probeDirectory(nodeFiles(ROOT, calls), ROOT)).rejects.toMatchObject({
      code: 'E_STORE_IO',
    })
  })

  it('notices a file system that renames by copying, which readers would see half of', async () => {
    const { calls } = simDisk()
    const copying = { ...calls, rename: copyingRename(calls) }
    await expect(probeDirectory(nodeFiles(ROOT, copying), ROOT)).rejects.toThrow(
      'renames files by copying them',
    )
  })

  it('is done by a run before it asks for anything', async () => {
    const { calls } = simDisk()
    const files = nodeFiles(ROOT, { ...calls, rename: copyingRename(calls) })
    const exchange = new Exchange({ symbols: [{ symbol: 'BTCUSDT' }] })
    const ended = await attempt(JOB, { world: virtualWorld(exchange, { files }) })
    expect(ended.error).toMatchObject({ code: 'E_STORE_IO', hint: expect.any(String) as string })
    expect(exchange.log.count).toBe(0)
  })

  it('takes a system that does not replace a file while somebody reads it', async () => {
    const disk = simDisk()
    const calls: FsCalls = {
      ...disk.calls,
      rename: async (from, to) => {
        if (disk.openCount() > 0) throw systemError('EBUSY', to)
        await disk.calls.rename(from, to)
      },
    }
    await probeFiles(nodeFiles(ROOT, calls))
    expect([...disk.files().keys()]).toEqual([])
  })
})

/** As a network mount without a rename of its own may do it: into the file that is there, then the old name is removed. */
function copyingRename(calls: FsCalls): FsCalls['rename'] {
  return async (from, to) => {
    const source = await calls.open(from, constants.O_RDONLY)
    const isThere = await calls.lstat(to).then(
      () => true,
      () => false,
    )
    const target = await calls.open(to, constants.O_RDWR | (isThere ? 0 : constants.O_CREAT))
    const content = new Uint8Array((await calls.fstat(source)).sizeBytes)
    await calls.read(source, content, 0)
    await calls.write(target, content, 0)
    await calls.close(source)
    await calls.close(target)
    await calls.unlink(from)
  }
}

describe('a link that is refused', () => {
  it.each([
    ['ENOSPC', 'E_STORE_FULL'],
    ['EDQUOT', 'E_STORE_FULL'],
    ['EIO', 'E_STORE_IO'],
    ['EROFS', 'E_STORE_IO'],
    ['EMFILE', 'E_STORE_IO'],
    ['ENFILE', 'E_STORE_IO'],
    ['ENOMEM', 'E_STORE_IO'],
    ['ESTALE', 'E_STORE_IO'],
    ['ETIMEDOUT', 'E_STORE_IO'],
  ])('by a disk in trouble (%s) is told as that, and nothing is there', async (code, expected) => {
    const disk = simDisk({ linkRefusal: code })
    await expect(nodeFiles(ROOT, disk.calls).replace('f', NEW, 'absent')).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining(code) as string,
    })
    expect([...disk.files().keys()]).toEqual([])
  })

  it('for want of rights is told as that when the file is refused too', async () => {
    const disk = simDisk({ linkRefusal: 'EACCES' })
    const open: FsCalls['open'] = async (path, flags, mode) => {
      if (path === `${ROOT}/f`) throw systemError('EACCES', path)
      return disk.calls.open(path, flags, mode)
    }
    const files = nodeFiles(ROOT, { ...disk.calls, open })
    await expect(files.replace('f', NEW, 'absent')).rejects.toMatchObject({
      hint: expect.stringMatching(/owns/) as string,
    })
    expect([...disk.files().keys()]).toEqual([])
  })

  const put = async (
    fault?: Fault,
  ): Promise<{ disk: SimDisk; steps: number; outcome: unknown }> => {
    const disk = simDisk({ linkRefusal: 'EISDIR', writeBytesMax: 20 })
    const { calls, steps } = faultyCalls(disk.calls, fault)
    const outcome: unknown = await nodeFiles(ROOT, calls)
      .replace('d/f', NEW, 'absent')
      .catch((error: unknown) => error)
    return { disk, steps: steps(), outcome }
  }

  it('leaves nothing, an empty file or the whole, whatever a crash leaves', async () => {
    const { steps } = await put()
    expect(steps).toBeGreaterThan(8)
    const left = new Set<string>()
    for (const survival of ['all', 'synced', 'names'] satisfies Survival[])
      for (const kind of ['crash', 'crashAfter', 'tear'])
        for (let at = 1; at <= steps; at++) {
          const { disk, outcome } = await put({ at, kind })
          expect(outcome).toBeInstanceOf(SimulatedCrash)
          disk.crash(survival)
          const content = disk.files().get(`${ROOT}/d/f`)
          left.add(content === undefined ? 'nothing' : new TextDecoder().decode(content))
        }
    expect([...left].sort()).toEqual(['', 'nothing', new TextDecoder().decode(NEW)].sort())
  })

  it('what it resolved for survives a power cut', async () => {
    const { disk, outcome } = await put()
    expect(typeof outcome).toBe('string')
    disk.crash('synced')
    expect(disk.files().get(`${ROOT}/d/f`)).toEqual(NEW)
  })

  it('a step that fails leaves nothing or the whole, and no descriptor open', async () => {
    const { steps } = await put()
    for (const kind of ['ENOSPC', 'EIO', 'EMFILE'])
      for (let at = 1; at <= steps; at++) {
        const { disk, outcome } = await put({ at, kind })
        const content = disk.files().get(`${ROOT}/d/f`)
        if (content !== undefined) expect(content).toEqual(NEW)
        if (typeof outcome !== 'string') expect(outcome).toMatchObject({ name: 'StoreError' })
        expect(disk.openCount()).toBe(0)
      }
  })

  it('a temporary file that is swept away meanwhile is written again', async () => {
    const disk = simDisk({ linkRefusal: 'ENOSYS' })
    let sweeps = 0
    const rename: FsCalls['rename'] = async (from, to) => {
      if (sweeps++ < 2) await disk.calls.unlink(from)
      await disk.calls.rename(from, to)
    }
    expect(
      await nodeFiles(ROOT, { ...disk.calls, rename }).replace('f', NEW, 'absent'),
    ).toBeDefined()
    expect(disk.files().get(`${ROOT}/f`)).toEqual(NEW)
  })
})

describe('a directory that is pruned just before a file gets its name there', () => {
  const caught = (call: 'link' | 'rename'): Files => {
    const { calls } = simDisk()
    const other = nodeFiles(ROOT, calls)
    let isFirst = true
    const hit = async (from: string, to: string): Promise<void> => {
      if (isFirst) await other.prune('a/b')
      isFirst = false
      return calls[call](from, to)
    }
    return nodeFiles(ROOT, { ...calls, [call]: hit })
  }

  it('is made again for a new file', async () => {
    const files = caught('link')
    await files.replace('a/b/f', bytes('x'), 'absent')
    expect(await files.size('a/b/f')).toBe(1)
  })

  it('is made again for an upload', async () => {
    const files = caught('rename')
    const upload = await files.upload('a/b/f')
    await upload.write(bytes('x'))
    await upload.commit('absent')
    expect(await files.size('a/b/f')).toBe(1)
  })
})

describe('a directory that is not to be pruned', () => {
  it.each(['EBUSY', 'EPERM', 'EACCES', 'ENOTEMPTY', 'EEXIST'])('stays on %s', async (code) => {
    const disk = simDisk()
    const rmdir = (path: string): Promise<void> => Promise.reject(systemError(code, path))
    const files = nodeFiles(ROOT, { ...disk.calls, rmdir })
    await files.replace('a/f', bytes('x'), 'absent')
    await files.remove('a/f')
    await files.prune('a')
    expect((await files.list('')).map(({ name }) => name)).toContain('a')
  })

  it('is told where the disk fails', async () => {
    const rmdir = (path: string): Promise<void> => Promise.reject(systemError('EIO', path))
    const files = nodeFiles(ROOT, { ...simDisk().calls, rmdir })
    await files.replace('a/f', bytes('x'), 'absent')
    await expect(files.prune('a')).rejects.toMatchObject({ code: 'E_STORE_IO' })
  })
})

describe('a file system that cannot fsync directories', () => {
  it.each(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EPERM', 'EBADF'])(
    'and says %s is written to all the same',
    async (code) => {
      const disk = simDisk()
      const fsync: FsCalls['fsync'] = async (fd) => {
        if ((await disk.calls.fstat(fd)).kind === 'directory') throw systemError(code, 'directory')
        await disk.calls.fsync(fd)
      }
      const files = nodeFiles(ROOT, { ...disk.calls, fsync })
      await probeFiles(files)
      expect(await files.replace('a/b', NEW, 'absent')).toBeDefined()
      expect(disk.openCount()).toBe(0)
    },
  )

  it.each(['EIO', 'ENOSPC', 'EDQUOT', 'EROFS'])('but %s is told', async (code) => {
    const disk = simDisk()
    const fsync: FsCalls['fsync'] = async (fd) => {
      if ((await disk.calls.fstat(fd)).kind === 'directory') throw systemError(code, 'directory')
      await disk.calls.fsync(fd)
    }
    const files = nodeFiles(ROOT, { ...disk.calls, fsync })
    await expect(put(files, 'a/b', NEW)).rejects.toMatchObject({ name: 'StoreError' })
  })
})

// Every step of a publication × every way to fail × every thing that a crash may leave.
const OLD = bytes('the old content')
const NEW = bytes('the new content, which is longer')

async function prepare(): Promise<SimDisk> {
  const disk = simDisk({ writeBytesMax: 20 })
  await put(nodeFiles(ROOT, disk.calls), 's/data.parquet', OLD)
  return disk
}

async function uploadTo(files: Files, path: string): Promise<void> {
  const expected = (await files.read(path))?.version ?? 'absent'
  const upload = await files.upload(path)
  try {
    await upload.write(NEW.subarray(0, 9))
    await upload.write(NEW.subarray(9))
    await upload.commit(expected)
  } catch (error) {
    await upload.abort()
    throw error
  }
}

const publications: Record<string, (files: Files) => Promise<unknown>> = {
  upload: (files) => uploadTo(files, 's/data.parquet'),
  'upload to a new name': (files) => uploadTo(files, 's/u/data.parquet'),
  replace: (files) => put(files, 's/data.parquet', NEW),
  'replace where there is none': (files) => put(files, 't/u/data.parquet', NEW),
}

/** Everything under a name that readers take for data. */
function data(disk: SimDisk): string[] {
  return [...disk.files()]
    .filter(([path]) => path.endsWith('.parquet'))
    .map(([, content]) => new TextDecoder().decode(content))
}

describe.each(Object.keys(publications))('%s, stopped at every step', (name) => {
  const publication = publications[name]!
  const whole = [OLD, NEW].map((content) => new TextDecoder().decode(content))

  async function attempt(
    fault?: Fault,
  ): Promise<{ disk: SimDisk; steps: number; log: readonly string[]; error: unknown }> {
    const disk = await prepare()
    const { calls, steps, log } = faultyCalls(disk.calls, fault)
    const error: unknown = await publication(nodeFiles(ROOT, calls)).then(
      () => undefined,
      (e: unknown) => e,
    )
    return { disk, steps: steps(), log: log(), error }
  }

  it('leaves the old or the new, whole, whatever a crash leaves', async () => {
    const { steps } = await attempt()
    expect(steps).toBeGreaterThan(5)
    for (const survival of ['all', 'synced', 'names'] satisfies Survival[]) {
      for (const kind of ['crash', 'crashAfter', 'tear']) {
        for (let at = 1; at <= steps; at++) {
          const { disk, error } = await attempt({ at, kind })
          expect(error).toBeInstanceOf(SimulatedCrash)
          disk.crash(survival)
          for (const content of data(disk)) expect(whole).toContain(content)
          expect(data(disk).length).toBeGreaterThanOrEqual(1)
          // The next run goes on as if nothing had been, and sweeps.
          const files = nodeFiles(ROOT, disk.calls)
          await publication(files)
          await sweepTemp(files)
          expect(data(disk)).toContain(whole[1])
          expect([...disk.files().keys()].filter((path) => path.includes('_tmp'))).toEqual([])
        }
      }
    }
  })

  it('what it resolved for survives a power cut', async () => {
    const { disk, error } = await attempt()
    expect(error).toBeUndefined()
    disk.crash('synced')
    expect(data(disk)).toContain(whole[1])
  })

  it.each(['ENOSPC', 'EIO', 'EACCES', 'EMFILE'])(
    'leaves the old or the new when a step fails with %s, and no descriptor open',
    async (kind) => {
      const { steps } = await attempt()
      for (let at = 1; at <= steps; at++) {
        const { disk, error } = await attempt({ at, kind })
        for (const content of data(disk)) expect(whole).toContain(content)
        expect(disk.openCount()).toBe(0)
        if (error !== undefined)
          expect(error).toMatchObject({
            code: kind === 'ENOSPC' ? 'E_STORE_FULL' : 'E_STORE_IO',
            hint: expect.any(String) as string,
          })
      }
    },
  )
})

it('a full disk stays full: the error is told and the temporary file goes', async () => {
  const disk = await prepare()
  const { calls } = faultyCalls(disk.calls, { at: 2, kind: 'ENOSPC', lasting: true })
  const files = nodeFiles(ROOT, calls)
  for (let run = 0; run < 3; run++)
    await expect(put(files, 's/data.parquet', NEW)).rejects.toMatchObject({
      code: 'E_STORE_FULL',
    })
  expect([...disk.files().keys()]).toEqual([`${ROOT}/s/data.parquet`])
})

it('a small write whose temporary file is swept away starts over', async () => {
  const disk = simDisk()
  let sweeps = 0
  const calls: FsCalls = {
    ...disk.calls,
    rename: async (from, to) => {
      if (sweeps++ < 2) await disk.calls.unlink(from)
      await disk.calls.rename(from, to)
    },
  }
  await put(nodeFiles(ROOT, calls), 'f', NEW)
  expect(disk.files().get(`${ROOT}/f`)).toEqual(NEW)
})
