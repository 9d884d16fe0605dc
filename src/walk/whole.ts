/**
 * The walk over rows that come whole: one answer has the history of all time, in any order. So nothing lies between two
 * requests, and a stretch without rows is no gap; only an answer without any row needs something that agrees with it.
 *
 * @see developers.binance.com, derivatives, "Quarterly Contract Settlement Price": the pair is its only parameter.
 */

import { clip } from '../base/coverage.ts'
import { micros, type Window } from '../base/time.ts'
import { oldBefore } from '../binance/lag.ts'
import type { Step } from '../rows/step.ts'
import { KlineEvidence } from './kline-evidence.ts'
import { inOrder } from './kline-steps.ts'
import type { TimeWalkOptions } from './times.ts'
import { askTwice, type AskPage } from './walk.ts'

const FOREVER = micros(2n ** 62n)

/** Takes the rows of `window` from the one answer. The next run asks again for what a host that lags may lack yet. */
export async function* walkWhole(
  window: Window,
  ask: AskPage,
  { limit, hasRowsBefore, signal, otherEvidence }: TimeWalkOptions,
): AsyncGenerator<Step, void, void> {
  const page = await askTwice({ limit }, ask, () => undefined, signal)
  const evidence = new KlineEvidence(ask, { ...otherEvidence, hasRowsBefore }, signal)
  const { gaps, failure } =
    page.rowCount === 0 ? await evidence.explain([window]) : { gaps: [], failure: undefined }
  const young = clip([{ from: oldBefore(otherEvidence.now), to: FOREVER }], window)
  yield* inOrder({ pages: [page], gaps: [], young, reached: window.to }, window.from, gaps)
  if (failure !== undefined) throw failure.error
}
