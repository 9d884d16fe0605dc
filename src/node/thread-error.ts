/** Errors on their way from one thread to another, where classes do not survive. */

import { ArchiveError, StoreError, ThreadError } from '../base/errors.ts'

/** An error as plain data. */
export type PlainError =
  | {
      readonly kind: 'archive'
      readonly problem: ArchiveError['problem']
      readonly path: string
      readonly message: string
    }
  | { readonly kind: 'store'; readonly code: StoreError['code']; readonly message: string }
  | { readonly kind: 'other'; readonly message: string }

/** What has to be known of an error in another thread. */
export function plainError(error: unknown): PlainError {
  if (error instanceof ArchiveError) {
    const { problem, path, message } = error
    return { kind: 'archive', problem, path, message }
  }
  if (error instanceof StoreError)
    return { kind: 'store', code: error.code, message: error.message }
  return {
    kind: 'other',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}

/** The error again. */
export function errorOf(plain: PlainError): Error {
  switch (plain.kind) {
    case 'archive':
      return new ArchiveError(plain.problem, plain.path, plain.message)
    case 'store':
      return new StoreError(plain.code, plain.message)
    case 'other':
      return new ThreadError(`a thread failed: ${plain.message}`)
  }
}
