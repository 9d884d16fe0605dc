/**
 * A prefix of a bucket as the {@link Files} port. One object is one file: it appears whole, and is replaced only where it
 * still is what was read. No object stands for a directory, a lock or something unfinished.
 */

import { hostname } from 'node:os'
import { UsageError } from '../base/errors.ts'
import { hashOfBytes } from '../base/hash.ts'
import type { Expected, FileEntry, Files, TreeFile, Version } from '../base/ports.ts'
import { checkPath } from '../node/tree.ts'
import { Objects, type Body } from './objects.ts'
import { openObject } from './open-object.ts'
import { PATIENT, type Patience } from './patience.ts'
import type { Place } from './place.ts'
import { probeBucket } from './probe.ts'
import { connect, type Client } from './sdk.ts'
import { beginSpool } from './spool.ts'

/** What records of runs lie in: each has a name of its own, so that no condition matters. */
const RECORDS = '_runs/'

/** How a bucket is reached; tests have their own. */
export type CloudOptions = {
  readonly connect?: (bucket: string) => Promise<Client>
  readonly patience?: Patience
  readonly writer?: string
  readonly probe?: typeof probeBucket
}

/** Files below a prefix. The SDK is loaded, and the bucket reached, by the first call. */
export function s3Files(place: Place, options: CloudOptions = {}): Files {
  const { patience = PATIENT, writer = thisProcess(), probe: tryOut = probeBucket } = options
  let reached: Promise<Objects> | undefined
  let probed: Promise<void> | undefined
  const reach = async (): Promise<Objects> => {
    const client = await (options.connect ?? connect)(place.bucket)
    return new Objects({ ...place, client, patience, writer })
  }
  const objects = (): Promise<Objects> => (reached ??= reach())
  const probe = (): Promise<void> => (probed ??= objects().then(prove))
  const prove = async (all: Objects): Promise<void> => {
    await tryOut(all, place.bucket)
    all.underWay()
  }

  const put = async (path: string, body: Body, expected: Expected): Promise<Version> => {
    if (body.sizeBytes > PUT_BYTES_MAX) throw tooLarge(path)
    if (!path.startsWith(RECORDS)) await probe()
    const all = await objects()
    const version = await all.put(checkPath(path), body, expected)
    all.underWay()
    return version
  }

  return {
    isShared: true,
    probe,
    read: async (path) => (await objects()).get(checkPath(path)),
    open: async (path) => openObject(await objects(), checkPath(path)),
    size: async (path) => (await (await objects()).head(checkPath(path)))?.sizeBytes,
    list: async (path) => listLevel(await objects(), startOf(path)),
    tree: async (path) => listBelow(await objects(), startOf(path)),
    upload: async (path) => {
      checkPath(path)
      return beginSpool(path, (body, expected) => put(path, body, expected))
    },
    replace: async (path, bytes, expected) => {
      checkPath(path)
      const whole = new Uint8Array(bytes)
      const body = { sizeBytes: whole.length, sha256: hashOfBytes(whole), bytes: () => whole }
      return put(path, body, expected)
    },
    // What is there lasts, and directories are nothing but the beginnings of names.
    settle: async (path) => void checkPath(path),
    prune: async (directory) => void checkPath(directory),
    remove: async (path) => (await objects()).remove(checkPath(path)),
    freeBytes: async () => undefined,
  }
}

/** What one request may put; our largest partitions are far below. */
const PUT_BYTES_MAX = 5 * 2 ** 30

function tooLarge(path: string): UsageError {
  return new UsageError(`${path} is larger than 5 GiB, which no store takes in one piece`, {
    hint: 'Partition the series by shorter periods: partition: day.',
  })
}

/** For those who lose to us: printable, and plain enough for a header. */
function thisProcess(): string {
  return `pid ${process.pid} on ${hostname()
    .replace(/[^\w.-]/g, '?')
    .slice(0, 64)}`
}

/** What everything in a directory begins with. */
function startOf(directory: string): string {
  return directory === '' ? '' : `${checkPath(directory)}/`
}

async function listLevel(objects: Objects, start: string): Promise<readonly FileEntry[]> {
  const entries: FileEntry[] = []
  for await (const { objects: files, below } of objects.list(start, '/')) {
    for (const { path } of files) entries.push({ name: path.slice(start.length), kind: 'file' })
    for (const path of below)
      entries.push({ name: path.slice(start.length, -1), kind: 'directory' })
  }
  // Consoles make empty objects that end with a slash, to show a directory.
  return entries.filter(({ name }) => name !== '').sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function listBelow(objects: Objects, start: string): Promise<readonly TreeFile[]> {
  const files: TreeFile[] = []
  for await (const page of objects.list(start))
    files.push(...page.objects.filter(({ path }) => !path.endsWith('/')))
  return files
}
