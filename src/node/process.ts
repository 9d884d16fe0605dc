/** Who this process is, and whether another one still lives; from /proc where there is one, else from `ps`. */

import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ProcessIdentity } from '../base/ports.ts'

/**
 * The identity of this process. Its `startedAt` names the pid namespace too, because containers that share a lake may
 * share a host name and a boot id as well, while the same pid is another process in each.
 */
export function nodeProcess(): ProcessIdentity {
  const namespace = readOr('', () => readlinkSync('/proc/self/ns/pid'))
  const self = {
    pid: process.pid,
    host: hostname(),
    bootId: readOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    startedAt: `${namespace}@${inspect(process.pid).startedAt}`,
  }
  return {
    ...self,
    isAlive: ({ pid, host, bootId, startedAt }) => {
      const [ownerNamespace, ownerStart = ''] = startedAt.split('@')
      // Host names are not unique, so another boot may be another machine that lives.
      if (host !== self.host || bootId !== self.bootId || ownerNamespace !== namespace)
        return undefined
      if (!exists(pid)) return false
      const now = inspect(pid)
      if (now.isDead) return false
      // Another start: the pid went to another process. Unknown: only the pid can be gone by.
      return ownerStart === '' || now.startedAt === '' || now.startedAt === ownerStart
    },
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and another user's.
    return (error as { code?: unknown }).code !== 'ESRCH'
  }
}

type Life = { readonly startedAt: string; readonly isDead: boolean }

function inspect(pid: number): Life {
  const stat = readOr('', () => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  if (stat === '') return { startedAt: askPs(pid), isDead: false }
  // The name in parentheses may hold spaces and parentheses itself; the rest starts after the last one.
  // See proc_pid_stat(5): field 3 is the state, field 22 the start in clock ticks since boot.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { startedAt: fields[19] ?? '', isDead: fields[0] === 'Z' || fields[0] === 'X' }
}

function askPs(pid: number): string {
  if (process.platform === 'linux' || process.platform === 'win32') return ''
  // Nothing else of the environment: it may hold keys.
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
  return readOr('', () =>
    execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env,
      timeout: 2000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim(),
  )
}

function readOr(otherwise: string, read: () => string): string {
  try {
    return read()
  } catch {
    return otherwise
  }
}
