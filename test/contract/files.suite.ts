/** What every implementation of the Files port promises. */

import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import type { Files } from '../../src/base/ports.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (read: Uint8Array | undefined): string | undefined =>
  read === undefined ? undefined : new TextDecoder().decode(read)

/** Names that the implementation keeps for itself. */
const outside = (names: readonly string[]): string[] => names.filter((name) => name !== '_tmp')

export function filesContract(name: string, make: () => Promise<Files>): void {
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
      await files.replace('a/b', bytes('a long first text'))
      await files.replace('a/b', bytes('short'))
      expect(text(await files.read('a/b'))).toBe('short')
      expect(await files.size('a/b')).toBe(5)
    })

    it('keeps an empty file apart from none', async () => {
      const files = await make()
      await files.replace('empty', new Uint8Array())
      expect(await files.size('empty')).toBe(0)
      expect(await files.read('empty')).toHaveLength(0)
    })

    it('puts a file only if there is none', async () => {
      const files = await make()
      expect(await files.putIfAbsent('a/b', bytes('first'))).toBe(true)
      expect(await files.putIfAbsent('a/b', bytes('second'))).toBe(false)
      expect(text(await files.read('a/b'))).toBe('first')
    })

    it('lets one of many putters win', async () => {
      const files = await make()
      const names = Array.from({ length: 12 }, (_, i) => `putter ${i}`)
      const won = await Promise.all(
        names.map((putter) => files.putIfAbsent('dir/lock', bytes(putter))),
      )
      expect(won.filter(Boolean)).toHaveLength(1)
      expect(text(await files.read('dir/lock'))).toBe(names[won.indexOf(true)])
    })

    it('lists sorted by name, with kinds, one level deep', async () => {
      const files = await make()
      for (const path of ['d/b', 'd/a/x', 'd/a/y', 'd/B', 'd/ä', 'e/z'])
        await files.replace(path, bytes(path))
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
      await files.replace('a/b', bytes('x'))
      await files.remove('a/b')
      expect(await files.read('a/b')).toBeUndefined()
    })

    it('reads any range', async () => {
      const files = await make()
      await files.replace('f', bytes('0123456789'))
      const file = (await files.open('f'))!
      expect(file.sizeBytes).toBe(10)
      expect(text(await file.read(0, 10))).toBe('0123456789')
      expect(text(await file.read(3, 7))).toBe('3456')
      expect(text(await file.read(5, 5))).toBe('')
      for (const [from, to] of [
        [0, 11],
        [-1, 2],
        [4, 3],
      ] as const)
        await expect(file.read(from, to)).rejects.toMatchObject({ code: 'E_STORE_CORRUPT' })
      await file.close()
      await file.close()
    })

    it('an open file keeps its bytes when the name is replaced', async () => {
      const files = await make()
      await files.replace('f', bytes('old'))
      const file = (await files.open('f'))!
      await files.replace('f', bytes('new'))
      expect(text(await file.read(0, 3))).toBe('old')
      await file.close()
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
      expect(text(await back.read(0, 11))).toBe('hello world')
      await back.close()
      expect(await files.read('a/b/data.parquet')).toBeUndefined()
      await upload.commit()
      expect(text(await files.read('a/b/data.parquet'))).toBe('hello world')
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
      await upload.commit()
      expect(text(await files.read('f'))).toBe('ab')
    })

    it('an upload replaces what was there, and leaves it alone when aborted', async () => {
      const files = await make()
      await files.replace('f', bytes('before'))
      const first = await files.upload('f')
      await first.write(bytes('lost'))
      await first.abort()
      await first.abort()
      expect(text(await files.read('f'))).toBe('before')
      expect(await files.list('_tmp')).toEqual([])
      await expect(first.write(bytes('x'))).rejects.toThrow(StoreError)
      await expect(first.commit()).rejects.toThrow(StoreError)
      const second = await files.upload('f')
      await second.write(bytes('after'))
      await second.commit()
      expect(text(await files.read('f'))).toBe('after')
      await expect(second.commit()).rejects.toThrow(StoreError)
    })

    it('keeps uploads to one name apart', async () => {
      const files = await make()
      const [a, b] = await Promise.all([files.upload('f'), files.upload('f')])
      await Promise.all([a.write(bytes('from a')), b.write(bytes('from b'))])
      await a.commit()
      await b.commit()
      expect(text(await files.read('f'))).toBe('from b')
    })

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
      await expect(files.replace(path, bytes('x'))).rejects.toMatchObject(refusal)
      await expect(files.putIfAbsent(path, bytes('x'))).rejects.toMatchObject(refusal)
      await expect(files.remove(path)).rejects.toMatchObject(refusal)
    })

    it('refuses a file where a directory is, and the other way round', async () => {
      const files = await make()
      await files.replace('dir/file', bytes('x'))
      await expect(files.read('dir')).rejects.toThrow(StoreError)
      await expect(files.replace('dir', bytes('x'))).rejects.toThrow(StoreError)
      await expect(files.replace('dir/file/below', bytes('x'))).rejects.toThrow(StoreError)
      expect(await files.read('dir/file/below')).toBeUndefined()
      expect(text(await files.read('dir/file'))).toBe('x')
    })

    it('holds names in any script', async () => {
      const files = await make()
      await files.replace('symbol=币安人生USDT/f', bytes('x'))
      expect(await namesIn(files, '')).toEqual(['symbol=币安人生USDT'])
    })
  })
}
