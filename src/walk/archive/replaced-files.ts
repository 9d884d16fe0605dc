/** Replaced files: archives that changed since rows were taken from them. */

import { crc32 } from 'node:zlib'
import { ArchiveError } from '../../base/errors.ts'
import { quoteText } from '../../base/text.ts'
import type { Options } from '../../options.ts'
import { ReadAhead } from '../walk.ts'
import type { Flaw } from '../../store/flaw.ts'
import type { ArchiveEntry, Manifest } from '../../store/manifest.ts'
import type { ArchiveSession } from './files.ts'

/** Checksums read ahead; the client limits how many are requested at once. */
const CHECKS_AHEAD = 8

/** The present state of a file that rows were taken from. */
export type ArchiveCheck = {
  /** `unknown`: its checksum could not be read. */
  readonly state: 'same' | 'replaced' | 'gone' | 'unknown'
  /** Its path in the archive. */
  readonly path: string
  readonly period: string
  /** A description. */
  readonly message: string
}

/** Reads the checksums of these files again, past caches, in order. */
export async function* replacedArchives(
  session: ArchiveSession,
  archives: Iterable<readonly [string, ArchiveEntry]>,
  signal?: AbortSignal,
): AsyncGenerator<ArchiveCheck, void, void> {
  const entries = [...archives]
  const ahead = new ReadAhead(
    (entry: readonly [string, ArchiveEntry], aborted) => checkArchive(session, entry, aborted),
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

async function checkArchive(
  session: ArchiveSession,
  [path, { sha256, period }]: readonly [string, ArchiveEntry],
  signal: AbortSignal,
): Promise<ArchiveCheck> {
  const name = quoteText(path)
  try {
    const now = await session.checksum(path, signal)
    if (now === sha256) return { state: 'same', path, period, message: `${name}: unchanged` }
    if (now === undefined)
      return { state: 'gone', path, period, message: `${name}: no longer published` }
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

/** Which archives to check. */
export type RemoteOptions = Pick<Options, 'signal'> & {
  readonly subset?: { readonly index: number; readonly count: number }
}

/**
 * What `verify --remote` finds in one series: archives that were replaced, are gone, or do not answer. With `subset`, a
 * share of them, chosen by name.
 */
export async function* remoteFlaws(
  session: ArchiveSession,
  manifest: Manifest,
  { subset, signal }: RemoteOptions,
): AsyncGenerator<Flaw & { readonly path: string }, void, void> {
  const isIn = (path: string): boolean =>
    subset === undefined || crc32(path) % subset.count === subset.index - 1
  const archives = [...manifest.archives].filter(([path]) => isIn(path))
  for await (const { state, path, message } of replacedArchives(session, archives, signal)) {
    if (state === 'same') continue
    const [severity, code] = SEVERITY[state]
    const flaw = { severity, code, path, message }
    yield state === 'replaced' ? { ...flaw, hint: 'binance-backfill run --refresh-archives' } : flaw
  }
}
