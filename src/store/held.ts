/** Writing to a lake that may have been taken meanwhile. */

import type { Files } from '../base/ports.ts'

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
  bytes: Uint8Array,
): Promise<void> {
  const upload = await files.upload(path)
  try {
    await upload.write(bytes)
    await (await upload.flush()).close()
    await assertHeld()
    await upload.commit()
  } catch (error) {
    // Swept away by whoever took the lake: then that is what there is to say.
    await assertHeld()
    throw error
  } finally {
    await upload.abort()
  }
}
