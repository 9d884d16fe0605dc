/** Moto, an object store of others' making, where Python has it. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** A store that runs. */
export type Moto = { readonly url: string; close(): Promise<void> }

/** Can it be started here? */
export function hasMoto(): boolean {
  return spawnSync('python3', ['-c', 'import moto.server'], { stdio: 'ignore' }).status === 0
}

/**
 * Moto as it starts itself, but for one request at a time: by itself it looks at a condition and writes in two steps, and
 * another thread may come between, as the probe finds out when the machine is busy.
 */
const PROGRAM = `
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
app = DomainDispatcherApplication(create_backend_app)
run_simple('127.0.0.1', int(sys.argv[1]), app, threaded=False)
`

/** Starts it, with a bucket named `lake`. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort()
  const child = spawn('python3', ['-c', PROGRAM, String(port)], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const ended = once(child, 'exit')
  for (;;) {
    const answer = await fetch(`${url}/lake`, { method: 'PUT' }).catch(() => undefined)
    if (answer?.ok === true) break
    if (child.exitCode !== null) throw new Error('moto did not start')
    await setTimeout(100)
  }
  return {
    url,
    close: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
