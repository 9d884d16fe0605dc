/** Longer klines of recorded ones are those that the exchange itself gave out for the same time. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseMicros } from '../../src/base/time.ts'
import { DATASETS } from '../../src/binance/market.ts'
import { resampleGrid } from '../../src/resample/grid.ts'
import { resample } from '../../src/resample/klines.ts'
import { parseMeasure } from '../../src/resample/measure.ts'
import { rowTexts } from '../../src/rows/value-text.ts'
import { decodePage } from '../../src/rows/scan.ts'

const RECORDED = join(import.meta.dirname, '../../../shared/recorded/rest')
const isThere = existsSync(RECORDED)
if (!isThere) console.warn(`recorded answers are not there (${RECORDED}): their tests cannot run`)

/** BTCUSDT as the exchange has it: open, high, low, close, volume. The week of the outage of 2020-06-28 is one of them. */
const PUBLISHED = {
  '1w': {
    '2020-05-04': '8894.15 10067.0 8117.0 8722.77 780478.849466',
    '2020-05-18': '9681.11 9950.0 8700.0 8720.34 517248.177536',
    '2020-06-01': '9448.27 10380.0 9266.0 9746.99 427822.495347',
    '2020-06-22': '9294.69 9780.0 8833.0 9116.35 343601.083154',
  },
  '3d': {
    '2020-05-03': '8972.58 9200.0 8522.0 9021.83 251025.343316',
    '2020-05-18': '9681.11 9950.0 9326.0 9511.43 235470.102127',
    '2020-06-02': '10202.71 10228.99 9266.0 9789.06 212679.519059',
    '2020-06-26': '9249.49 9298.0 8833.0 9116.35 127271.404811',
  },
} as const

test.runIf(isThere).each(['1w', '3d'] as const)(
  '%s of BTCUSDT, from recorded hours',
  async (interval) => {
    const made = new Map<string, string>()
    const measure = parseMeasure(interval)
    if (measure.kind !== 'interval') throw new Error('not an interval')
    const how = {
      dataset: DATASETS.klines,
      numbers: 'decimal',
      interval: '1h',
      // The first day of BTCUSDT was 2017-08-17.
      grid: resampleGrid(measure, '1h', parseMicros('2017-08-17')),
      coverage: [{ from: parseMicros('2020-05-01'), to: parseMicros('2020-07-01') }],
    } as const
    for await (const batch of resample(hours(), how))
      for (let row = 0; row < batch.numRows; row++) {
        const { open_time, open, high, low, close, volume } = rowTexts(DATASETS.klines, batch, row)
        made.set(open_time!.slice(0, 10), [open, high, low, close, volume].map(Number).join(' '))
      }
    for (const [day, texts] of Object.entries(PUBLISHED[interval]))
      expect([day, made.get(day)]).toEqual([day, texts.split(' ').map(Number).join(' ')])
  },
)

async function* hours(): AsyncGenerator<ReturnType<typeof decodePage>['batch']> {
  for (const name of readdirSync(RECORDED).sort())
    if (name.startsWith('klines-BTCUSDT-1h-'))
      yield decodePage(DATASETS.klines, 'decimal', readFileSync(join(RECORDED, name)), 'ms').batch
}
