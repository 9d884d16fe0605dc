/** What people and disks do to a lake behind the program's back. */

import { ROOT } from '../crash-machine.ts'
import type { Action } from './actions.ts'
import type { LifeMachine } from './machine.ts'
import { haveSameRows } from './stored.ts'
import { put as putFile } from '../put.ts'

/** One of the ways to spoil a lake. */
export type SpoilAction = Extract<Action, { readonly kind: 'delete' | 'restore' | 'damage' }>

/** What was spoiled; `bytes` are what the file has now, where it is there and is not what the manifest says. */
export type Spoilt = { readonly path: string; readonly bytes: Uint8Array | undefined }

/** Remembers what each file once was, so that it can be put back. */
export class Spoiler {
  readonly #machine: LifeMachine
  readonly #older = new Map<string, Uint8Array[]>()
  /** What was put in the place of files, and what the program had there. */
  readonly #put = new Map<string, { readonly bytes: Uint8Array; readonly own: Uint8Array }>()

  constructor(machine: LifeMachine) {
    this.#machine = machine
  }

  /** Looks at what is there now. */
  remember(): void {
    for (const [path, bytes] of this.#machine.disk.files()) {
      if (!path.endsWith('.parquet') && !path.endsWith('_series.json')) continue
      const known = this.#older.get(path) ?? []
      if (this.#put.get(path)?.bytes === bytes) continue
      if (known.at(-1) !== bytes) this.#older.set(path, [...known, bytes])
    }
  }

  /** Spoils a file; `undefined` when there is none to be spoiled in this way. */
  async spoil(action: SpoilAction): Promise<Spoilt | undefined> {
    const ending = action.what === 'data' ? '.parquet' : '_series.json'
    const files = this.#machine.disk.files()
    const paths = [...files.keys()].filter((path) => path.endsWith(ending)).sort()
    const path = paths[Math.floor(action.at * paths.length)]
    const now = path === undefined ? undefined : files.get(path)
    if (path === undefined || now === undefined) return undefined
    const bytes = this.#spoiltBytes(action, path, now)
    if (bytes === undefined && action.kind !== 'delete') return undefined
    const booted = this.#machine.boot(3)
    const relative = path.slice(ROOT.length + 1)
    if (bytes === undefined) await booted.world.files.remove(relative)
    else await putFile(booted.world.files, relative, bytes)
    booted.end()
    const there = this.#machine.disk.files().get(path)
    const put = this.#put.get(path)
    const own = put?.bytes === now ? put.own : now
    if (there !== undefined) this.#put.set(path, { bytes: there, own })
    return { path, bytes: (await isTrue(action, path, { own, bytes })) ? undefined : there }
  }

  /** Can all rows of a spoilt file be read, and are they those that the program had there? */
  async hasOwnRows(path: string): Promise<boolean> {
    const put = this.#put.get(path)
    return put !== undefined && haveSameRows(path, put.own, put.bytes).catch(() => false)
  }

  #spoiltBytes(action: SpoilAction, path: string, now: Uint8Array): Uint8Array | undefined {
    if (action.kind === 'delete') return undefined
    if (action.kind === 'damage') {
      const spoilt = now.slice()
      const at = Math.floor(action.byte * spoilt.length)
      spoilt[at] = (spoilt[at] ?? 0) ^ 0x10
      return spoilt
    }
    const older = (this.#older.get(path) ?? []).filter((bytes) => !Buffer.from(bytes).equals(now))
    return older[Math.floor(action.at * 7_919) % Math.max(1, older.length)]
  }
}

/** An older manifest is a true one, and so is an older file with the same rows. */
async function isTrue(
  { kind, what }: SpoilAction,
  path: string,
  { own, bytes }: { readonly own: Uint8Array; readonly bytes: Uint8Array | undefined },
): Promise<boolean> {
  if (kind === 'damage') return false
  if (bytes === undefined || what === 'manifest') return true
  return haveSameRows(path, own, bytes)
}
