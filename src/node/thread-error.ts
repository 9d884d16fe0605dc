/** Errors on their way from one thread to another, where classes do not survive. */

import { ArchiveError, DataError, StoreError } from '../base/errors.ts'

/** An error as plain data. */
export type PlainError = { readonly message: string; readonly hint?: string | undefined } & (
  | {
      readonly kind: 'archive'
      readonly problem: ArchiveError['problem']
      readonly path: string
    }
  | { readonly kind: 'store'; readonly code: StoreError['code'] }
  | { readonly kind: 'data' }
  | { readonly kind: 'bug'; readonly stack: string | undefined }
)

/** What has to be known of an error in another thread. */
export function plainError(error: unknown): PlainError {
  if (error instanceof ArchiveError) {
    const { problem, path, message } = error
    return { kind: 'archive', problem, path, message }
  }
  if (error instanceof StoreError) {
    const { code, message, hint } = error
    return { kind: 'store', code, message, hint }
  }
  if (error instanceof DataError) return { kind: 'data', message: error.message, hint: error.hint }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { kind: 'bug', message, stack }
}

/** The error again, so that it is met as if there were one thread. */
export function errorOf(plain: PlainError): Error {
  const { message, hint } = plain
  switch (plain.kind) {
    case 'archive':
      return new ArchiveError(plain.problem, plain.path, message)
    case 'store':
      return new StoreError(plain.code, message, { hint })
    case 'data':
      return new DataError(message, { hint })
    case 'bug':
      return Object.assign(
        new Error(message),
        plain.stack === undefined ? {} : { stack: plain.stack },
      )
  }
}
