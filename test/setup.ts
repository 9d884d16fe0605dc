/** For every test file: a seed that a failing property printed is taken up again with `FC_SEED=... npm test`. */

import fc from 'fast-check'

const seed = process.env['FC_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })
