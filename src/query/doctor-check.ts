/** What a check of `doctor` is: one row of a list, looked at by itself and reported whatever it comes to. */

import type { OneWay } from '../base/egress.ts'
import { BackfillError, describeError, TransportError } from '../base/errors.ts'
import type { Market } from '../binance/series.ts'
import type { BudgetUse } from '../pull/budget.ts'

/** What is looked at. */
export type DoctorKind = 'node' | 'directory' | 'rest' | 'clock' | 'archive' | 'listing'

/** Figures of a host. */
type Figures = {
  readonly latencyMs?: number
  /** The exchange's clock minus this machine's. */
  readonly skewMs?: number
  /** Request weight spent by this address, and the exchange's limit. */
  readonly weight?: BudgetUse
}

/** One check and how it came out. */
export type DoctorCheck = Figures & {
  readonly name: string
  readonly kind: DoctorKind
  /** Of a REST host. */
  readonly market?: Market
  /** Of a host. */
  readonly url?: string
  readonly ok: boolean
  /** Of a host asked from an address that the user named. */
  readonly localAddress?: string
  /** What was seen, in one line. */
  readonly seen: string
  /** What to do about it. Of a check that is `ok`: what to know although it is. */
  readonly hint?: string
  /** Of a check that failed: stable, as of errors. */
  readonly code?: string
}

/** What was seen where nothing failed. */
export type Seen = Figures & { readonly seen: string; readonly hint?: string }

/** What is to be looked at, and how. */
export type Check = {
  readonly of: Pick<DoctorCheck, 'name' | 'kind' | 'market' | 'url' | 'localAddress'>
  /** Throws where the check fails. */
  readonly look: () => Promise<Seen>
}

/** What a machine lacks that no other error tells. */
export class UnfitError extends BackfillError {
  readonly code = 'E_UNFIT'
  readonly exit = 1
}

/** Looks; a failure is the result of its check, and stops no other. */
export async function madeCheck({ of, look }: Check): Promise<DoctorCheck> {
  try {
    return { ...of, ok: true, ...(await look()) }
  } catch (error) {
    return failedCheck(of, error)
  }
}

/** A check made from the address of one way out, after a look at whether this machine has it. */
export function checkFrom({ egress }: OneWay, { of, look }: Check): Check {
  if (egress === undefined) return { of, look }
  return {
    of: { ...of, name: `${of.name} from ${egress.name}`, localAddress: egress.name },
    look: async () => {
      await egress.check?.()
      return look()
    },
  }
}

/** A check that failed with `error`. */
export function failedCheck(of: Check['of'], error: unknown): DoctorCheck {
  const { message, code, hint } = describeError(error)
  return {
    ...of,
    ok: false,
    seen: reasonIn(error) ?? message,
    code,
    ...(hint === undefined ? {} : { hint }),
  }
}

/** Of a host that does not answer: why the last attempt failed, without what was asked and how often. */
function reasonIn(error: unknown): string | undefined {
  if (error instanceof TransportError) return error.message
  return error instanceof BackfillError ? reasonIn(error.cause) : undefined
}
