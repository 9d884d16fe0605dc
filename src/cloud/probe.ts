/** Tries, before the first commit, whether a store does what every commit relies on. */

import { randomBytes } from 'node:crypto'
import { isChanged, type UsageError } from '../base/errors.ts'
import { hashOfBytes } from '../base/hash.ts'
import type { Expected, Version } from '../base/ports.ts'
import { unfitError } from './failure.ts'
import type { Body, Objects } from './objects.ts'

/** Where probes lie; each has a name of its own. */
export const PROBE_DIRECTORY = '_probe'
/** So many create one object at once: a store that checks first and writes then lets several win. */
const RACERS = 5

/**
 * Creates, replaces, lists and removes, also where it must be refused.
 *
 * @throws UsageError when conditions are not honoured there.
 */
export async function probeBucket(objects: Objects, bucket: string): Promise<void> {
  const name = `${PROBE_DIRECTORY}/${randomBytes(8).toString('hex')}`
  const unfit = (what: string): UsageError => unfitError(bucket, what)
  const made: string[] = []
  const put = (path: string, expected: Expected): Promise<Version> => {
    made.push(path)
    return objects.put(path, bodyOf(randomBytes(64)), expected)
  }
  try {
    const first = await put(name, 'absent')
    if (await isTaken(put(name, 'absent'))) throw unfit('an object was created twice')
    const second = await put(name, first)
    if (await isTaken(put(name, first))) throw unfit('an object was replaced that was another')
    const head = await objects.head(name)
    if (head?.version !== second) throw unfit('what was written is not what is there')
    await race(unfit, () => put(`${name}-new`, 'absent'))
    await race(unfit, () => put(name, second))
    if (!(await isListed(objects, name))) throw unfit('a new object is missing from the list')
  } finally {
    for (const path of new Set(made)) await objects.remove(path).catch(() => undefined)
  }
}

async function race(
  unfit: (what: string) => UsageError,
  write: () => Promise<unknown>,
): Promise<void> {
  const won = await Promise.all(Array.from({ length: RACERS }, () => isTaken(write())))
  if (won.filter(Boolean).length !== 1) throw unfit('of several writers at once not one won')
}

/** Was a write that may be refused taken? */
async function isTaken(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (isChanged(error)) return false
    throw error
  }
}

async function isListed(objects: Objects, name: string): Promise<boolean> {
  for await (const page of objects.list(name))
    if (page.objects.some(({ path }) => path === name)) return true
  return false
}

function bodyOf(bytes: Uint8Array): Body {
  return { sizeBytes: bytes.length, sha256: hashOfBytes(bytes), bytes: () => bytes }
}
