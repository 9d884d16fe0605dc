/**
 * Meetings of processes on local sockets. On Linux the name is an abstract one, which the kernel frees with its process,
 * also after `kill -9`: nothing is left behind. Elsewhere it is a file or a pipe.
 *
 * @see unix(7), "Address format", abstract
 */

import { createHash } from 'node:crypto'
import { unlink } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Line, Meetings } from '../base/ports.ts'
import { stateSecret } from './state-files.ts'

/** Changes with the messages: processes that do not understand each other do not meet. */
const VERSION = 1
/** While one ends and others come, a name may be neither free nor answered for a moment. */
const TRIES_MAX = 50
const PAUSE_MS = 20
/** Far longer than any message. */
const MESSAGE_CHARS_MAX = 1 << 20

/**
 * Meetings of the processes of this machine that share a state directory. A socket's name cannot be guessed by other
 * users, who could otherwise come to the meeting: abstract names have no rights.
 */
export function nodeMeetings(): Meetings {
  const presided: { server: Server; lines: Set<Line>; farewell: () => object }[] = []
  const joined = new Set<Line>()
  let isOver = false
  return {
    async meet(name, onJoined, farewell) {
      const address = addressOf(name, await stateSecret())
      for (let tries = 1; ; tries++) {
        if (isOver) throw new Error('this process has left')
        const lines = new Set<Line>()
        const server = await listen(address, (socket) => {
          const line = lineOver(socket, () => lines.delete(line))
          lines.add(line)
          onJoined(line)
        })
        if (server !== undefined) {
          presided.push({ server, lines, farewell })
          return undefined
        }
        const socket = await reach(address)
        if (socket !== undefined) {
          const line = lineOver(socket, () => joined.delete(line))
          joined.add(line)
          return line
        }
        if (tries === TRIES_MAX) throw new Error('others use the name and do not answer')
        await setTimeout(PAUSE_MS)
      }
    },
    close() {
      isOver = true
      for (const { server, lines, farewell } of presided) {
        // First the name is free, then the others look for who takes it.
        server.close()
        for (const line of lines) {
          line.send(farewell())
          line.close()
        }
      }
      for (const line of joined) line.close()
    },
  }
}

function addressOf(name: string, secret: string): string {
  const text = JSON.stringify([VERSION, secret, name])
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32)
  const file = `binance-backfill-${hash}`
  if (process.platform === 'linux') return `\0${file}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${file}`
  return join(tmpdir(), `${file}.sock`)
}

/** A server at the address; `undefined` when there is one already. */
async function listen(
  address: string,
  joined: (socket: Socket) => void,
): Promise<Server | undefined> {
  const server = createServer(joined)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, resolve)
    })
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return undefined
    throw error
  }
  server.on('error', () => undefined)
  return server.unref()
}

/** A connection to whoever listens; `undefined` when nobody does. */
async function reach(address: string): Promise<Socket | undefined> {
  const socket = connect(address)
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', resolve)
    })
    return socket
  } catch (error) {
    const code = codeOf(error)
    // A file that a process left behind.
    if (code === 'ECONNREFUSED' && !address.startsWith('\0'))
      await unlink(address).catch(() => undefined)
    if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET') return undefined
    throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** A message is a line of JSON. */
function lineOver(socket: Socket, onEnd: () => void): Line {
  socket.unref()
  socket.setEncoding('utf8')
  // What is wrong with a line ends it, and `close` follows.
  socket.on('error', () => undefined)
  socket.once('close', onEnd)
  return {
    send: (message) => {
      if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
    },
    hear: (heard, ended) => {
      let text = ''
      socket.on('data', (piece: string) => {
        const lines = (text + piece).split('\n')
        text = lines.pop() ?? ''
        try {
          for (const one of lines) heard(JSON.parse(one))
        } catch {
          socket.destroy()
        }
        if (text.length > MESSAGE_CHARS_MAX) socket.destroy()
      })
      if (socket.destroyed) ended()
      else socket.once('close', ended)
    },
    close: () => void socket.end(),
  }
}
