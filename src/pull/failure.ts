/** Turns verdicts and failed attempts into errors. */

import {
  BackfillError,
  DataError,
  RejectedError,
  TransportError,
  UnreachableError,
} from '../base/errors.ts'
import type { HttpAnswer } from '../base/ports.ts'
import type { Verdict } from '../binance/verdict.ts'

/** The error for an answer that was not accepted. */
export function refusal(
  status: number,
  verdict: Exclude<Verdict, { kind: 'accept' }>,
): BackfillError {
  if (verdict.kind !== 'reject') return new TransportError(verdict.reason)
  const { exchangeCode, hint } = verdict
  return new RejectedError(verdict.reason, { status, exchangeCode, hint })
}

/** The result of `read` for an accepted answer, or the error for any other. */
export function accept<T>(
  { answer, verdict }: { answer: HttpAnswer; verdict: Verdict },
  read: (answer: HttpAnswer) => T,
): { readonly value: T } | BackfillError {
  if (verdict.kind !== 'accept') return refusal(answer.status, verdict)
  try {
    return { value: read(answer) }
  } catch (error) {
    if (error instanceof TransportError || error instanceof DataError) return error
    throw error
  }
}

/** Was an accepted answer's body not what was requested? Another host may do better. */
export function isUnreadable(
  { verdict }: { readonly verdict: Verdict },
  settled: BackfillError,
): boolean {
  return verdict.kind === 'accept' && settled instanceof TransportError
}

/** The verdict on a failure without an answer to judge. */
export function retryOf(error: BackfillError): Verdict {
  const isTransient = !(error instanceof TransportError) || error.isTransient
  return isTransient
    ? { kind: 'retry', reason: error.message, atLeastMs: 0, isSmaller: false }
    : { kind: 'reject', reason: error.message, exchangeCode: undefined, hint: error.hint }
}

/** Every attempt failed. */
export function gaveUp(
  { path }: { readonly path: string },
  attempts: number,
  cause: BackfillError,
): BackfillError {
  return new UnreachableError(`${path}: gave up after ${attempts} attempts: ${cause.message}`, {
    cause,
    hint: 'Run again when the exchange answers.',
  })
}

/** The firewall blocks this very request, even after others passed. */
export function blockedFor({ path }: { readonly path: string }, reason: string): BackfillError {
  return new RejectedError(`${path}: blocked by the firewall twice: ${reason}`, {
    status: 403,
    hint: 'Other requests continue; if all fail like this, this address is blocked: wait and run again.',
  })
}
