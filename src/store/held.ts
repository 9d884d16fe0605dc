/** Writing to a lake that may have been taken meanwhile. */

import { DamageError, StoreError } from '../base/errors.ts'
import type { Expected, Files, Version } from '../base/ports.ts'

/** A lake, and whether it is still ours. */
export type HeldFiles = {
  readonly files: Files
  /** Throws when another process took the lake. */
  readonly assertHeld: () => Promise<void>
}

/**
 * Replaces a small file as a whole, unless another process took the lake before it appears, even where this one was
 * stopped in between: whoever takes the lake sweeps the temporary files away, so that what was begun before cannot be
 * committed, and what is begun after is refused here. So the order is begin, check, commit; and none is begun anew.
 */
export async function replaceHeld(
  { files, assertHeld }: HeldFiles,
  path: string,
  { bytes, expected }: { readonly bytes: Uint8Array; readonly expected: Expected },
): Promise<Version> {
  const upload = await files.upload(path)
  try {
    await upload.write(bytes)
    await upload.flush()
    return await committed(assertHeld, () => upload.commit(expected))
  } finally {
    await upload.abort()
  }
}

/** Commits what is begun, if the lake is still held. */
export async function committed<T>(
  assertHeld: HeldFiles['assertHeld'],
  commit: () => Promise<T>,
): Promise<T> {
  await assertHeld()
  try {
    return await commit()
  } catch (error) {
    // Swept away, or replaced, by whoever took the lake.
    throw await failureIn(assertHeld, error)
  }
}

/** What to say of something that failed: where the lake was lost meanwhile, its files are another's, and that is why. */
export async function failureIn(
  assertHeld: HeldFiles['assertHeld'],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof DamageError) && !(error instanceof StoreError)) return error
  try {
    await assertHeld()
    return error
  } catch (lost) {
    const isLost = lost instanceof StoreError && lost.code === 'E_STORE_FENCED'
    return isLost ? lost : error
  }
}
