/** A real Redis or Valkey, where there is one: started for a test, killed and started again as the test wants. */

import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { tempDir } from './lake.ts'

/** The server's program; `undefined` where there is none. */
export const REDIS: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((directory) => ['redis-server', 'valkey-server'].map((name) => join(directory, name)))
  .find((path) => existsSync(path))

if (REDIS === undefined)
  console.warn(
    '\n*** NO REDIS: the tests of the queue did NOT run. `apt-get install redis-server` brings one. ***\n',
  )

/** A server of a test's own. */
export type RedisServer = {
  /** Of its database 0. */
  readonly url: string
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
}

/** Starts a server; what it holds survives its death. It ends with the test. */
export async function redisServer(args: readonly string[] = []): Promise<RedisServer> {
  const directory = await tempDir()
  const port = await freePort()
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '']
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = spawn(REDIS ?? '', [...own, '--appendonly', 'yes', ...args], { stdio: 'ignore' })
    while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const kill = async (): Promise<void> => {
    const ended = child
    child = undefined
    if (ended === undefined || ended.exitCode !== null) return
    await new Promise((resolve) => {
      ended.once('exit', resolve)
      ended.kill('SIGKILL')
    })
  }
  onTestFinished(kill)
  await start()
  return { url: `redis://127.0.0.1:${port}/0`, start, kill }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => {
      resolve(false)
    })
  })
}
