/** For every test file: a seed that a failing property printed is taken up again with `FC_SEED=... npm test`. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'

// What tests are told of bans is no news for the user's own runs.
if (process.env['BINANCE_BACKFILL_STATE_DIR'] === undefined) {
  const state = mkdtempSync(join(tmpdir(), 'binance-backfill-state-'))
  process.env['BINANCE_BACKFILL_STATE_DIR'] = state
  process.on('exit', () => {
    rmSync(state, { recursive: true, force: true })
  })
}

const seed = process.env['FC_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })
