/** K3: names that would lead elsewhere become neither a URL nor a path, whoever gives them. */

import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { command } from '../support/command.ts'
import { expectSafe } from '../support/hostile.ts'
import { serve, tempDir } from '../support/lake.ts'
import { twist } from '../support/twist.ts'

const NAMES = [
  '../../etc/passwd',
  '..',
  '%2e%2e',
  'A/B',
  'A\\B',
  'A\u0000B',
  'BTC\u202eUSDT',
  'BTC\u200bUSDT',
  'BTC\nUSDT',
  'BTCUSDT?x=1',
  'BTCUSDT&symbol=X',
  'A'.repeat(41),
]
const job = (symbols: string): string =>
  `version: 1\nsource: rest\nfrom: 2026-04-28\nto: 2026-04-29\nsymbols: ${symbols}\ndatasets: [{kind: klines, intervals: [1h]}]\n`

describe.each(NAMES)('%j', (name) => {
  it('of a job is refused before anything is asked', async () => {
    const { url, log } = await serve({ exchange: { symbols: [{ symbol: 'BTCUSDT' }] } })
    const directory = await tempDir()
    await writeFile(join(directory, 'job.yaml'), job(`[${JSON.stringify(name)}]`))
    const lake = ['--data-dir', join(directory, 'lake'), '--base-url', url]
    const flags = ['--dataset', 'klines', '--interval', '1h', '--from', '2026-04-28']
    for (const argv of [[join(directory, 'job.yaml')], [...flags, '--symbol', name]]) {
      const { exit, stderr } = await command(['run', ...argv, ...lake])
      expect(exit).toBe(2)
      expectSafe(stderr)
    }
    expect(log.count).toBe(0)
    expect(await readdir(directory)).toEqual(['job.yaml'])
  })

  it('of a hostile server is refused when a job’s filter meets it', async () => {
    const { url, log, exchange } = await serve({
      exchange: { symbols: [{ symbol: 'BTCUSDT' }, { symbol: 'ETHUSDT' }] },
    })
    twist(exchange, '/api/v3/exchangeInfo', 200, (text) =>
      text.replaceAll('"ETHUSDT"', JSON.stringify(name)),
    )
    const directory = await tempDir()
    await writeFile(join(directory, 'job.yaml'), job('{quote: USDT}'))
    const lake = ['--data-dir', join(directory, 'lake'), '--base-url', url]
    const { exit, stderr } = await command(['run', join(directory, 'job.yaml'), ...lake])
    expect(exit).toBe(4)
    expect(stderr).toContain('which is no symbol')
    expectSafe(stderr)
    expect(new Set(log.entries.map(({ path }) => path))).toEqual(
      new Set(['/api/v3/time', '/api/v3/exchangeInfo']),
    )
    expect(await readdir(join(directory, 'lake'))).not.toContain('spot')
  })
})
