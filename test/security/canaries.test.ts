/** Every secret that the command can be given, at once: it is in nothing that the command writes, says or asks. */

import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { runCli } from '../e2e/support.ts'
import { processLake, serveHistory } from '../support/process.ts'

const CANARY = 'CANARY'
const KEY = `${CANARY}key`.padEnd(64, 'k')
const PASSPHRASE = `${CANARY}passphrase`
const PRIVATE = generateKeyPairSync('ed25519', {
  privateKeyEncoding: {
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: PASSPHRASE,
  },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey
const JOB = `
version: 1
source: rest
symbols: [BTCUSDT]
from: 2026-04-28
to: 2026-04-29
datasets: [{kind: klines, intervals: [1h]}, {kind: myTrades}]
`

type Asked = { readonly url: string; readonly headers: IncomingHttpHeaders }

/** A server that answers every request, and refuses every tunnel; and what it was asked. */
async function listening(): Promise<{ port: number; asked: readonly Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(({ url = '', headers }, response) => {
    asked.push({ url, headers })
    response.end()
  })
  server.on('connect', ({ url = '', headers }, socket) => {
    asked.push({ url, headers })
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, asked }
}

async function everything(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((one) => one.isFile() && one.name !== 'key.pem')
  const texts = await Promise.all(
    files.map((one) => readFile(join(one.parentPath, one.name), 'latin1')),
  )
  return texts.join('\n')
}

function expectNone(text: string): void {
  for (const secret of [CANARY, Buffer.from(`user:${CANARY}`).toString('base64')])
    expect(text).not.toContain(secret.replace(/=+$/, ''))
  expect(text).not.toContain(PRIVATE.split('\n')[2])
}

it('keys, a passphrase, a proxy’s password and the users of URLs: in no output, chain, page, metric or beat', async () => {
  const lake = await processLake(JOB)
  const directory = join(lake.dataDir, '..')
  const keyFile = join(directory, 'key.pem')
  await writeFile(keyFile, PRIVATE, { mode: 0o600 })
  const proxy = await listening()
  const beats = await listening()
  const { simulator } = await serveHistory()
  const env = {
    BINANCE_API_KEY: KEY,
    BINANCE_ACCOUNT_LABEL: 'main',
    BINANCE_PRIVATE_KEY_FILE: keyFile,
    BINANCE_PRIVATE_KEY_PASSPHRASE: PASSPHRASE,
    HTTPS_PROXY: `http://user:${CANARY}@127.0.0.1:${proxy.port}`,
  }
  const common = ['--data-dir', lake.dataDir]
  const run = ['run', lake.jobFile, ...common, '--verbose', '--max-wait', '1']
  const told = ['--metrics-file', join(directory, 'metrics.prom')]
  const beat = ['--heartbeat-url', `http://127.0.0.1:${beats.port}/id`]
  const here = ['--base-url', simulator.url]
  const there = ['--base-url', 'https://api.binance.invalid']
  const user = `https://user:${CANARY}@api.binance.com`
  const lines: readonly (readonly [args: readonly string[], exits: readonly number[]])[] = [
    [
      [...run, ...here, ...told, ...beat],
      [0, 3],
    ],
    [[...run, ...there, ...told, ...beat, '--log-format', 'json', '--json'], [3]],
    [
      ['doctor', ...common, ...there, '--json'],
      [0, 1, 3],
    ],
    [['report', ...common, '--out', join(directory, 'report.html')], [0]],
    [[...run, '--base-url', user], [2]],
    [[...run, ...here, '--archive-url', user], [2]],
    [[...run, ...here, '--heartbeat-url', user], [2]],
    [['doctor', ...common, '--base-url', user], [2]],
    [[...run, ...here, '--base-url', `${user}:99999`], [2]],
  ]
  for (const [args, exits] of lines) {
    const { exit, stdout, stderr } = await runCli(args, { env })
    expect(exits, `${args.join(' ')}\n${stderr}`).toContain(exit)
    expectNone(stdout + stderr)
  }
  expectNone(await everything(directory))
  expect(await readFile(join(directory, 'metrics.prom'), 'utf8')).toMatch(
    /last_run_exit_code\{job="[^"]+"\} 3/,
  )
  // The proxy was really used, and it alone was given its password.
  expect(proxy.asked.length).toBeGreaterThan(0)
  for (const { url } of proxy.asked) expectNone(url)
  expect(proxy.asked[0]?.headers['proxy-authorization']).toMatch(/^Basic /)
  expect(beats.asked.length).toBeGreaterThan(0)
  for (const { url, headers } of beats.asked) {
    expectNone(url + JSON.stringify(headers))
    expect(url).toMatch(/^\/id(\/start|\/fail)?$/)
    expect(headers['proxy-authorization']).toBeUndefined()
  }
})
