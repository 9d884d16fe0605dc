/** K8: keys that lie in the environment are in nothing that the program writes, says or shows, whatever goes wrong. */

import { generateKeyPairSync } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { inspect } from 'node:util'
import { processLake, serveHistory, startRun, type ProcessLake } from '../support/process.ts'
import type { FaultOptions } from '../../src/simulator/index.ts'

const KEY = 'CANARYkeyCANARYkeyCANARYkeyCANARYkeyCANARYkeyCANARYkeyCANARYkey1'
const SECRET = 'CANARYsecretCANARYsecretCANARYsecretCANARYsecretCANARYsecretCANA'
const PASSPHRASE = 'CANARYpassphrase'
const CANARIES = [KEY, SECRET, PASSPHRASE, 'CANARY']
const env = { BINANCE_API_KEY: KEY, BINANCE_API_SECRET: SECRET, BINANCE_ACCOUNT_LABEL: 'main' }

const ACCOUNT_JOB = `
version: 1
source: rest
symbols: [BTCUSDT]
from: 2026-04-28
to: 2026-04-30
datasets: [{kind: myTrades}, {kind: allOrders}]
`

/** All bytes under a directory. */
async function everything(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const texts = await Promise.all(
    entries
      .filter((one) => one.isFile())
      .map((one) => readFile(join(one.parentPath, one.name), 'latin1')),
  )
  return texts.join('\n')
}

function expectNone(text: string): void {
  for (const canary of CANARIES) {
    const coded = Buffer.from(canary)
    expect(text.includes(canary)).toBe(false)
    expect(text.includes(coded.toString('hex'))).toBe(false)
    // Short ones are in the coded long ones, wherever those begin.
    if (coded.length > 20) expect(text.includes(coded.toString('base64').slice(0, 20))).toBe(false)
  }
}

async function runWith(
  lake: ProcessLake,
  faults: FaultOptions,
  more: Readonly<Record<string, string>> = env,
): Promise<{ exit: number; requests: readonly { path: string; query: string }[] }> {
  const watched = await serveHistory({ faults })
  const keys: string[] = []
  const handle = watched.simulator.exchange.handle.bind(watched.simulator.exchange)
  watched.simulator.exchange.handle = (request, now) => {
    if (request.headers['x-mbx-apikey'] !== undefined) keys.push(request.path)
    return handle(request, now)
  }
  const running = startRun(lake, watched, {
    env: more,
    args: ['--verbose', '--max-wait', '1', '--concurrency', '1'],
  })
  const shown = readFile(`/proc/${running.child.pid}/cmdline`, 'utf8').catch(() => '')
  const { exit, stdout, stderr } = await running.done
  expectNone(stdout)
  expectNone(stderr)
  expectNone(await shown)
  expectNone(await everything(join(lake.dataDir, '..')))
  // The key goes to the account's own endpoints alone.
  for (const path of keys)
    expect(path).toMatch(/^\/api\/v3\/(myTrades|allOrders|openOrders|account)$/)
  return { exit, requests: watched.simulator.log.entries }
}

const always = (fault: NonNullable<FaultOptions['rules']>[number]['fault']): FaultOptions => ({
  rules: [
    { path: '/api/v3/klines', times: Infinity, fault },
    { path: '/api/v3/myTrades', times: Infinity, fault },
  ],
})

const FAULTS: readonly (readonly [name: string, faults: FaultOptions])[] = [
  ['all is well', {}],
  ['429', always({ kind: 'limited', seconds: 300 })],
  ['418', always({ kind: 'banned', seconds: 300 })],
  ['403', always({ kind: 'blocked', seconds: 300 })],
  ['451', always({ kind: 'region' })],
  ['-1121', always({ kind: 'error', code: -1121 })],
  ['-2015', always({ kind: 'error', code: -2015, status: 401 })],
  ['a redirect', always({ kind: 'redirect' })],
  ['a lie', always({ kind: 'page', page: 'impossible' })],
]

describe('public data: keys are not even read', () => {
  it.each([FAULTS[0]!, FAULTS[5]!])('%s', async (_, faults) => {
    const { requests } = await runWith(await processLake(), faults)
    for (const { query } of requests) expect(query).not.toContain('signature')
  })
})

describe('account data', () => {
  it.each(FAULTS)('%s', async (_, faults) => {
    await runWith(await processLake(ACCOUNT_JOB), faults)
  })

  it.each([
    ['a key that is none', { ...env, BINANCE_API_KEY: `${KEY}\nCANARY` }],
    ['two secrets', { ...env, BINANCE_PRIVATE_KEY_FILE: '/nowhere' }],
    [
      'a key file that is absent',
      { BINANCE_API_KEY: KEY, BINANCE_ACCOUNT_LABEL: 'main', BINANCE_PRIVATE_KEY_FILE: '/nowhere' },
    ],
    ['a label that leads elsewhere', { ...env, BINANCE_ACCOUNT_LABEL: '../CANARY' }],
  ])('%s: refused, nothing sent', async (_, wrong) => {
    const lake = await processLake(ACCOUNT_JOB)
    const watched = await serveHistory()
    const { exit, stdout, stderr } = await startRun(lake, watched, {
      env: wrong,
      args: ['--verbose'],
    }).done
    expect(exit).toBe(2)
    for (const text of [stdout, stderr])
      for (const canary of [KEY, SECRET]) expect(text).not.toContain(canary)
    expect(watched.simulator.log.count).toBe(0)
  })

  it('an encrypted private key with a wrong passphrase: neither is told', async () => {
    const lake = await processLake(ACCOUNT_JOB)
    const { privateKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: {
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: 'right',
      },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    const file = join(lake.dataDir, '..', 'key.pem')
    await writeFile(file, privateKey, { mode: 0o600 })
    const watched = await serveHistory()
    const { exit, stdout, stderr } = await startRun(lake, watched, {
      env: {
        BINANCE_API_KEY: KEY,
        BINANCE_ACCOUNT_LABEL: 'main',
        BINANCE_PRIVATE_KEY_FILE: file,
        BINANCE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE,
      },
      args: ['--verbose'],
    }).done
    expect(exit).toBe(2)
    for (const canary of [KEY, PASSPHRASE, privateKey.split('\n')[1]!]) {
      expect(stdout).not.toContain(canary)
      expect(stderr).not.toContain(canary)
    }
  })
})

it('a secret shows itself to nobody who does not ask for it by name', () => {
  const secret = new Secret(SECRET)
  const error = new Error('something', { cause: { secret } })
  for (const text of [
    String(secret),
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: 10, getters: true }),
    inspect(error, { showHidden: true, depth: 10 }),
    Object.keys(secret).join(),
    JSON.stringify(Object.entries(secret)),
  ])
    expectNone(text)
  expect(secret.reveal()).toBe(SECRET)
})
