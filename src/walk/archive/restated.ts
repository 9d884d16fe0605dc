/** Restatements: files of the archive that are not what they were when rows were taken from them. */

import { crc32 } from 'node:zlib'
import { ArchiveError } from '../../base/errors.ts'
import { quoteText } from '../../base/text.ts'
import type { Options } from '../../options.ts'
import { ReadAhead } from '../walk.ts'
import type { Flaw } from '../../store/flaw.ts'
import type { ArchiveEntry, Manifest } from '../../store/manifest.ts'
import type { ArchiveSession } from './files.ts'

/** Checksums asked for ahead; how many are asked at once is the client's to say. */
const CHECKS_AHEAD = 8

/** What became of one file that rows were taken from. */
export type Restated = {
  /** `unknown`: its checksum could not be read. */
  readonly state: 'same' | 'replaced' | 'gone' | 'unknown'
  /** In the archive. */
  readonly path: string
  readonly period: string
  /** What there is to say, in words. */
  readonly message: string
}

/** Reads the checksums of these files again, past caches, in their order. */
export async function* restatedArchives(
  session: ArchiveSession,
  archives: Iterable<readonly [string, ArchiveEntry]>,
  signal?: AbortSignal,
): AsyncGenerator<Restated, void, void> {
  const entries = [...archives]
  const ahead = new ReadAhead(
    (entry: readonly [string, ArchiveEntry], aborted) => restated(session, entry, aborted),
    CHECKS_AHEAD,
    signal,
  )
  try {
    for (;;) {
      const taken = await ahead.take(() => entries.shift())
      if (taken === undefined) return
      yield taken.value
    }
  } finally {
    ahead.close()
  }
}

async function restated(
  session: ArchiveSession,
  [path, { sha256, period }]: readonly [string, ArchiveEntry],
  signal: AbortSignal,
): Promise<Restated> {
  const name = quoteText(path)
  try {
    const now = await session.checksum(path, signal)
    if (now === sha256) return { state: 'same', path, period, message: `${name}: as it was` }
    if (now === undefined)
      return { state: 'gone', path, period, message: `${name}: not published any more` }
    const message = `${name}: its SHA-256 was ${sha256}, now it is ${now}`
    return { state: 'replaced', path, period, message }
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    return { state: 'unknown', path, period, message: error.message }
  }
}

const SEVERITY = {
  replaced: ['warning', 'archive-replaced'],
  gone: ['note', 'archive-gone'],
  unknown: ['warning', 'archive-unknown'],
} as const

/** Which archives to look at. */
export type RemoteOptions = Pick<Options, 'signal'> & {
  readonly subset?: { readonly index: number; readonly count: number }
}

/**
 * What `verify --remote` finds of one series: archives that were replaced, that are gone, or that do not answer. With
 * `subset` a share of them, chosen by name.
 */
export async function* remoteFlaws(
  session: ArchiveSession,
  manifest: Manifest,
  { subset, signal }: RemoteOptions,
): AsyncGenerator<Flaw & { readonly path: string }, void, void> {
  const isIn = (path: string): boolean =>
    subset === undefined || crc32(path) % subset.count === subset.index - 1
  const archives = [...manifest.archives].filter(([path]) => isIn(path))
  for await (const { state, path, message } of restatedArchives(session, archives, signal)) {
    if (state === 'same') continue
    const [severity, code] = SEVERITY[state]
    const flaw = { severity, code, path, message }
    yield state === 'replaced' ? { ...flaw, hint: 'binance-backfill run --refresh-archives' } : flaw
  }
}
