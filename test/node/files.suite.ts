/** What every implementation of the Files port promises. */

import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import type { Expected, Files, Version } from '../../src/base/ports.ts'
import { put } from '../support/put.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const decoded = (read: Uint8Array): string => new TextDecoder().decode(read)
const textAt = async (files: Files, path: string): Promise<string | undefined> => {
  const found = await files.read(path)
  return found && decoded(found.bytes)
}
/** All writes of these tests that are too late are to this file, which the error names. */
const CHANGED = { name: 'StoreError', code: 'E_STORE_CHANGED', path: 'd/f' }
/** The version of no file of these tests. */
const UNKNOWN = 'c0ffee' as Version

/** Names that the implementation keeps for itself. */
const outside = (names: readonly string[]): string[] => names.filter((name) => name !== '_tmp')

/** What a kind of files has beside the contract. */
export type FilesKind = {
  /** Object stores have none: every name may have a file, and spools lie elsewhere. */
  readonly hasDirectories?: boolean
}

export function filesContract(
  name: string,
  make: () => Promise<Files>,
  { hasDirectories = true }: FilesKind = {},
): void {
  const namesIn = async (files: Files, path: string): Promise<string[]> =>
    outside((await files.list(path)).map((entry) => entry.name))

  describe(`Files: ${name}`, () => {
    it('an absent file has no bytes, no size and no entries', async () => {
      const files = await make()
      expect(await files.read('a/b')).toBeUndefined()
      expect(await files.open('a/b')).toBeUndefined()
      expect(await files.size('a/b')).toBeUndefined()
      expect(await files.list('a')).toEqual([])
      expect(await files.list('')).toEqual([])
      await files.remove('a/b')
    })

    it('replaces a file as a whole', async () => {
      const files = await make()
      await put(files, 'a/b', bytes('a long first text'))
      await put(files, 'a/b', bytes('short'))
      expect(await textAt(files, 'a/b')).toBe('short')
      expect(await files.size('a/b')).toBe(5)
    })

    it('keeps an empty file apart from none', async () => {
      const files = await make()
      await put(files, 'empty', new Uint8Array())
      expect(await files.size('empty')).toBe(0)
      expect(await textAt(files, 'empty')).toBe('')
    })

    it('lists sorted by name, with kinds, one level deep', async () => {
      const files = await make()
      for (const path of ['d/b', 'd/a/x', 'd/a/y', 'd/B', 'd/ä', 'e/z'])
        await put(files, path, bytes(path))
      expect(await files.list('d')).toEqual([
        { name: 'B', kind: 'file' },
        { name: 'a', kind: 'directory' },
        { name: 'b', kind: 'file' },
        { name: 'ä', kind: 'file' },
      ])
      expect(await namesIn(files, '')).toEqual(['d', 'e'])
    })

    it('removes a file', async () => {
      const files = await make()
      await put(files, 'a/b', bytes('x'))
      await files.remove('a/b')
      expect(await files.read('a/b')).toBeUndefined()
    })

    it('prunes directories that are empty, up to one that is not', async () => {
      const files = await make()
      for (const path of ['a/b/c/f', 'a/b/d/f', 'a/x']) await put(files, path, bytes(path))
      await files.prune('a/b/c')
      expect(await textAt(files, 'a/b/c/f')).toBe('a/b/c/f')
      await files.remove('a/b/c/f')
      await files.prune('a/b/c')
      expect(await namesIn(files, 'a/b')).toEqual(['d'])
      await files.remove('a/b/d/f')
      await files.prune('a/b/d')
      expect(await namesIn(files, 'a')).toEqual(['x'])
      await files.prune('a/b/never/there')
      await put(files, 'a/b/c/f', bytes('again'))
      expect(await textAt(files, 'a/b/c/f')).toBe('again')
    })

    it('reads any range', async () => {
      const files = await make()
      await put(files, 'f', bytes('0123456789'))
      const file = (await files.open('f'))!
      expect(file.sizeBytes).toBe(10)
      expect(decoded(await file.read(0, 10))).toBe('0123456789')
      expect(decoded(await file.read(3, 7))).toBe('3456')
      expect(decoded(await file.read(5, 5))).toBe('')
      for (const [from, to] of [
        [0, 11],
        [-1, 2],
        [4, 3],
      ] as const)
        await expect(file.read(from, to)).rejects.toMatchObject({ code: 'E_STORE_CORRUPT' })
      await file.close()
      await file.close()
    })

    it('an open file is of one version, whatever becomes of its name', async () => {
      const files = await make()
      const old = await files.replace('f', bytes('old'), 'absent')
      const [asked, unasked] = [(await files.open('f'))!, (await files.open('f'))!]
      expect(await asked.version()).toBe(old)
      await files.replace('f', bytes('new'), old)
      for (const file of [asked, unasked]) {
        const read = file.read(0, 3).then(decoded)
        expect(await read.catch((error: unknown) => error)).toSatisfy(
          (seen) => seen === 'old' || (seen as StoreError).code === CHANGED.code,
        )
        expect(await file.version()).toBe(old)
      }
      await files.remove('f')
      expect(await asked.version()).toBe(old)
      for (const file of [asked, unasked]) await file.close()
    })

    it('shows an upload only once it is committed', async () => {
      const files = await make()
      const upload = await files.upload('a/b/data.parquet')
      const chunk = bytes('hello ')
      await upload.write(chunk)
      // The array may be reused.
      chunk.fill(0)
      await upload.write(bytes('world'))
      const back = await upload.flush()
      expect(back.sizeBytes).toBe(11)
      expect(decoded(await back.read(0, 11))).toBe('hello world')
      expect(upload.sha256()).toMatch(/^b94d27b9934d3e08.*e9$/)
      expect(await files.read('a/b/data.parquet')).toBeUndefined()
      await upload.commit('absent')
      expect(await textAt(files, 'a/b/data.parquet')).toBe('hello world')
      expect(await files.list('_tmp')).toEqual([])
      await upload.abort()
      expect(await files.size('a/b/data.parquet')).toBe(11)
    })

    it('takes writes after a flush', async () => {
      const files = await make()
      const upload = await files.upload('f')
      await upload.write(bytes('a'))
      await upload.flush()
      await upload.write(bytes('b'))
      await upload.commit('absent')
      expect(await textAt(files, 'f')).toBe('ab')
    })

    it('an upload replaces what was there, and leaves it alone when aborted', async () => {
      const files = await make()
      const before = await files.replace('f', bytes('before'), 'absent')
      const first = await files.upload('f')
      await first.write(bytes('lost'))
      await first.abort()
      await first.abort()
      expect(await textAt(files, 'f')).toBe('before')
      expect(await files.list('_tmp')).toEqual([])
      await expect(first.write(bytes('x'))).rejects.toThrow(StoreError)
      await expect(first.commit(before)).rejects.toThrow(StoreError)
      const second = await files.upload('f')
      await second.write(bytes('after'))
      const after = await second.commit(before)
      expect(await textAt(files, 'f')).toBe('after')
      await expect(second.commit(after)).rejects.toThrow(StoreError)
    })

    it('keeps uploads to one name apart', async () => {
      const files = await make()
      const [a, b] = await Promise.all([files.upload('f'), files.upload('f')])
      await Promise.all([a.write(bytes('from a')), b.write(bytes('from b'))])
      await b.commit(await a.commit('absent'))
      expect(await textAt(files, 'f')).toBe('from b')
    })

    if (hasDirectories)
      it('never shows a temporary name that readers would take for data', async () => {
        const files = await make()
        const upload = await files.upload('data.parquet')
        await upload.write(bytes('x'))
        const temps = await files.list('_tmp')
        expect(temps).toHaveLength(1)
        expect(temps[0]?.name).toMatch(/\.tmp$/)
        await upload.abort()
      })

    it.each([
      '/etc/passwd',
      '../x',
      'a/../../x',
      'a/..',
      './x',
      'a//b',
      'a/',
      'a\0b',
      'a\\..\\b',
      '..',
    ])('refuses the path %j', async (path) => {
      const files = await make()
      const refusal = { code: 'E_STORE_IO' }
      await expect(files.read(path)).rejects.toMatchObject(refusal)
      await expect(files.open(path)).rejects.toMatchObject(refusal)
      await expect(files.size(path)).rejects.toMatchObject(refusal)
      await expect(files.list(path)).rejects.toMatchObject(refusal)
      await expect(files.upload(path)).rejects.toMatchObject(refusal)
      for (const expected of ['absent', UNKNOWN] as const)
        await expect(files.replace(path, bytes('x'), expected)).rejects.toMatchObject(refusal)
      await expect(files.remove(path)).rejects.toMatchObject(refusal)
    })

    if (hasDirectories)
      it('refuses a file where a directory is, and the other way round', async () => {
        const files = await make()
        await put(files, 'dir/file', bytes('x'))
        await expect(files.read('dir')).rejects.toThrow(StoreError)
        for (const path of ['dir', 'dir/file/below'])
          for (const expected of ['absent', UNKNOWN] as const) {
            await expect(files.replace(path, bytes('x'), expected)).rejects.toThrow(StoreError)
            const upload = await files.upload(path)
            await expect(upload.commit(expected)).rejects.toThrow(StoreError)
            await upload.abort()
          }
        expect(await files.read('dir/file/below')).toBeUndefined()
        expect(await textAt(files, 'dir/file')).toBe('x')
        expect(await files.list('_tmp')).toEqual([])
      })

    it('holds names in any script', async () => {
      const files = await make()
      await put(files, 'symbol=币安人生USDT/f', bytes('x'))
      expect(await namesIn(files, '')).toEqual(['symbol=币安人生USDT'])
    })
  })

  versionsContract(name, make)
}

/** Both ways to put a file in the place of another. */
const WRITES: Readonly<
  Record<string, (files: Files, text: string, expected: Expected) => Promise<Version>>
> = {
  replace: (files, text, expected) => files.replace('d/f', bytes(text), expected),
  commit: async (files, text, expected) => {
    const upload = await files.upload('d/f')
    try {
      await upload.write(bytes(text))
      return await upload.commit(expected)
    } finally {
      await upload.abort()
    }
  },
}
const RACERS = Array.from({ length: 20 }, (_, index) => `racer ${index}`)

function versionsContract(name: string, make: () => Promise<Files>): void {
  describe.each(Object.entries(WRITES))(`Files: ${name}: %s if unchanged`, (_, write) => {
    it('creates a file where none is, and leaves alone what is there', async () => {
      const files = await make()
      await write(files, 'first', 'absent')
      await expect(write(files, 'second', 'absent')).rejects.toMatchObject(CHANGED)
      expect(await textAt(files, 'd/f')).toBe('first')
    })

    it('replaces the version that is there, however it was learnt', async () => {
      const files = await make()
      const first = await write(files, 'first', 'absent')
      expect((await files.read('d/f'))?.version).toBe(first)
      const second = await write(files, 'second', first)
      expect(second).not.toBe(first)
      const file = (await files.open('d/f'))!
      expect(await file.version()).toBe(second)
      await file.close()
      const third = await write(files, 'third', second)
      expect((await files.read('d/f'))?.version).toBe(third)
      expect(await textAt(files, 'd/f')).toBe('third')
    })

    it('writes nothing where another version is there, or none', async () => {
      const files = await make()
      const first = await write(files, 'first', 'absent')
      const second = await write(files, 'second', first)
      for (const expected of [first, UNKNOWN, 'absent'] as const)
        await expect(write(files, 'third', expected)).rejects.toMatchObject(CHANGED)
      expect((await files.read('d/f'))?.version).toBe(second)
      expect(await textAt(files, 'd/f')).toBe('second')
      await files.remove('d/f')
      await expect(write(files, 'third', second)).rejects.toMatchObject(CHANGED)
      expect(await files.read('d/f')).toBeUndefined()
      expect(await files.list('_tmp')).toEqual([])
    })

    it('lets one of many racers win, and tells all others', async () => {
      const files = await make()
      let expected: Expected = 'absent'
      for (let round = 0; round < 3; round++) {
        const from: Expected = expected
        const ends = await Promise.allSettled(
          RACERS.map((racer) => write(files, `${racer}, round ${round}`, from)),
        )
        const lost = ends.filter((end) => end.status === 'rejected')
        expect(lost).toHaveLength(RACERS.length - 1)
        for (const { reason } of lost) expect(reason).toMatchObject(CHANGED)
        const winner = ends.findIndex(({ status }) => status === 'fulfilled')
        expect(await textAt(files, 'd/f')).toBe(`${RACERS[winner]!}, round ${round}`)
        expected = (await files.read('d/f'))!.version
        expect(ends[winner]).toMatchObject({ value: expected })
      }
      expect(await files.list('_tmp')).toEqual([])
    })
  })

  it(`Files: ${name}: one wins among racers of both ways, whether the file is there or not`, async () => {
    for (const isThere of [false, true]) {
      const files = await make()
      const expected = isThere ? await files.replace('d/f', bytes('before'), 'absent') : 'absent'
      const ends = await Promise.allSettled(
        RACERS.map((racer, index) => {
          const write = index % 2 === 0 ? WRITES['replace']! : WRITES['commit']!
          return write(files, racer, expected)
        }),
      )
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    }
  })

  it(`Files: ${name}: nothing is lost where each adds to what it read, and tries again`, async () => {
    const files = await make()
    const add = async (racer: string): Promise<void> => {
      const found = await files.read('d/f')
      const text = `${found === undefined ? '' : decoded(found.bytes)}[${racer}]`
      try {
        await files.replace('d/f', bytes(text), found?.version ?? 'absent')
      } catch (error) {
        expect(error).toMatchObject(CHANGED)
        await add(racer)
      }
    }
    await Promise.all(RACERS.map(add))
    const all = (await textAt(files, 'd/f'))!
    expect(all.match(/\[.*?\]/g)?.toSorted()).toEqual(
      RACERS.map((racer) => `[${racer}]`).toSorted(),
    )
  })
}
