/** Trades of a story, and the aggregate trades that they make. */

import { latest, micros, type Micros } from '../../../src/base/time.ts'
import { DISORDER } from '../../../src/binance/disorder.ts'
import type { Dice } from './dice.ts'
import { HOUR, SECOND, visibleAt, type Story } from './history.ts'
import type { TruthRow } from './truth.ts'

/** How long after its time a trade is there. */
const DELAY = 300_000n
/** How far time goes back from one id to the next, and how far in all, which must be less than is promised. */
const BACK_MAX_MS = 4_000
const BACK_SUM_MAX = DISORDER - 1_000_000n

/** Both, by their ids. */
export type TradeRows = {
  readonly trades: readonly TruthRow[]
  readonly aggTrades: readonly TruthRow[]
}

/** Bursts of trades over all the time that the symbol was listed. */
export function tradesOf(story: Story, dice: Dice): TradeRows {
  const trades: TruthRow[] = []
  const aggTrades: TruthRow[] = []
  let id = BigInt(dice.whole(0, 1))
  let aggId = BigInt(dice.whole(0, 1))
  for (const [index, { from, to }] of story.listed.entries()) {
    if (index > 0 && story.hasNewIds) {
      id += 10_000n
      aggId += 5_000n
    }
    for (let time = micros(from + SECOND); time < to; time = next(time, dice)) {
      const burst = dice.chance(0.15) ? dice.whole(5, 30) : dice.whole(1, 4)
      let newest = time
      for (
        let at = time, left = burst;
        left > 0 && at < to;
        at = following(at, latest(from, micros(newest - BACK_SUM_MAX)), story, dice)
      ) {
        newest = latest(newest, at)
        const count = Math.min(left, dice.whole(1, 3))
        left -= count
        const isFirst = trades.length === 0
        const visibleFrom = visibleAt(story, at, micros(at + DELAY), isFirst)
        if (visibleFrom === undefined) continue
        const first = id
        for (let member = 0; member < count; member++)
          trades.push({ key: id++, time: at, visibleFrom })
        aggTrades.push({ key: aggId++, time: at, visibleFrom, trades: [first, id - 1n] })
      }
    }
  }
  return { trades, aggTrades }
}

function next(time: Micros, dice: Dice): Micros {
  const pause = dice.chance(0.1) ? dice.whole(5 * 60, 14 * 60) : dice.whole(20, 240)
  return micros(time + (BigInt(pause) * HOUR) / 60n + BigInt(dice.whole(0, 59_999_999)))
}

/** Most follow in the same microsecond; where there is disorder, some lie before. */
function following(time: Micros, begin: Micros, { options }: Story, dice: Dice): Micros {
  if (options.hasDisorder && dice.chance(0.2)) {
    const back = micros(time - BigInt(dice.whole(1, BACK_MAX_MS)) * 1_000n)
    return back > begin ? back : time
  }
  return micros(time + BigInt(dice.pick([0, 0, 0, 1, 999, 1_000, 2_500_000])))
}
