/** The file that a new one will replace, held against its hash: no damage is carried over into a file with a hash of its own. */

import { DamageError, StoreError } from '../base/errors.ts'
import { hashOf } from '../base/hash.ts'
import type { Files, Readable, StoredFile } from '../base/ports.ts'
import { isAhead, lookInto, otherFile } from './adopt.ts'
import { reading } from './damaged.ts'
import { partitionPath } from './layout.ts'
import type { Manifest } from './manifest.ts'

/**
 * Opens the file of `period` to be merged with: rows that only the recorded one had would be lost for good, since
 * their time is covered, and damage would be taken for what was fetched.
 *
 * @returns `undefined` when there is none and none is recorded.
 * @throws DamageError, naming the file, when it is not byte for byte what was recorded, nor a later one that is sound;
 * where many write, StoreError `E_STORE_CHANGED` for any other than the recorded one: whoever has read the series anew
 * knows more.
 */
export async function openRecorded(
  files: Files,
  manifest: Manifest,
  period: string,
): Promise<StoredFile | undefined> {
  const path = partitionPath(manifest.key, period)
  const file = await files.open(path)
  if (file === undefined) {
    if (!manifest.partitions.has(period)) return undefined
    throw files.isShared ? another(path) : meanwhile(path, 'removed')
  }
  try {
    if (!files.isShared) await assertTrusted(manifest, period, file)
    else if ((await hashOf(file)) !== manifest.partitions.get(period)?.sha256) throw another(path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function assertTrusted(manifest: Manifest, period: string, file: Readable): Promise<void> {
  const path = partitionPath(manifest.key, period)
  const entry = manifest.partitions.get(period)
  if (entry === undefined) throw meanwhile(path, 'put there')
  const sha256 = await reading(path, () => hashOf(file))
  if (sha256 === entry.sha256) return
  const found = await lookInto(file, manifest.key, period)
  // Says where, if it can tell.
  await found.assertSound()
  if (await isAhead(manifest, found)) return
  const isSameCount = found.rows === entry.rows
  throw otherFile(
    path,
    isSameCount
      ? `SHA-256 ${sha256}, the manifest says ${entry.sha256}`
      : `${found.rows} rows, the manifest says ${entry.rows}`,
  )
}

function another(path: string): StoreError {
  return new StoreError('E_STORE_CHANGED', `${path}: another run wrote it`, {
    path,
    hint: 'Let the other run end, then run again.',
  })
}

function meanwhile(path: string, what: string): DamageError {
  return new DamageError(`${path}: ${what} while the lake was being written`, {
    hint: 'Run again: it looks at the file anew, and asks for what is missing.',
  })
}
