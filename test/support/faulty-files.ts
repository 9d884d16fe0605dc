/**
 * System calls that go wrong at the k-th step. To enumerate: run once without a fault and read `steps()`; then run
 * again for every k up to it.
 */

import { constants } from 'node:fs'
import type { FsCalls } from '../../src/node/fs-calls.ts'
import { systemError } from './sim-disk.ts'

/** What happens at step `at`, counted from 1. */
export type Fault = {
  readonly at: number
  /**
   * - `crash`: the process ends before the call has an effect; all calls after it fail too
   * - `crashAfter`: it ends right after the effect
   * - `tear`: half of a write is done, then it ends; other calls crash
   * - a code of the system, e.g. `ENOSPC`: the call fails with it; a `close` that fails ends the descriptor all the same
   *   (Linux, close(2), "Dealing with error returns from close()")
   */
  readonly kind: 'crash' | 'crashAfter' | 'tear' | (string & {})
  /** Do later calls of the same name fail with that code too? A full disk stays full. */
  readonly lasting?: boolean
}

/** Thrown by every call once the simulated process has ended. Nothing may catch it and go on. */
export class SimulatedCrash extends Error {
  constructor(step: string) {
    super(`simulated crash at ${step}`)
    this.name = 'SimulatedCrash'
  }
}

/** Calls with a fault, and what happened. */
export type FaultyCalls = {
  readonly calls: FsCalls
  /** How many steps were counted. */
  readonly steps: () => number
  /** Their names, in order. */
  readonly log: () => readonly string[]
  /** Did the fault happen? */
  hasFired(): boolean
}

const READING = new Set(['read', 'fstat', 'lstat', 'readdir', 'realpath', 'freeBytes'])

/**
 * `inner` with `fault`. Steps are the calls that change something; with `countReads` all calls are.
 */
export function faultyCalls(
  inner: FsCalls,
  fault?: Fault,
  { countReads = false }: { readonly countReads?: boolean } = {},
): FaultyCalls {
  const log: string[] = []
  let isOver = false
  let failing: string | undefined
  let fired = false

  function isStep(name: string, args: readonly unknown[]): boolean {
    if (countReads) return true
    if (name === 'open') return (Number(args[1]) & constants.O_CREAT) !== 0
    return !READING.has(name)
  }

  async function run(
    name: string,
    args: readonly unknown[],
    call: () => Promise<unknown>,
  ): Promise<unknown> {
    if (isOver) throw new SimulatedCrash(`a call after the end: ${name}`)
    if (isStep(name, args)) log.push(name)
    const isNow = isStep(name, args) && log.length === fault?.at
    if (failing === name && !isNow) return refuse(name, call, String(fault?.kind))
    if (!isNow) return call()
    fired = true
    const step = `step ${fault.at} (${name})`
    if (fault.kind === 'crash' || fault.kind === 'crashAfter' || fault.kind === 'tear') {
      isOver = true
      if (fault.kind === 'crashAfter') await call()
      if (fault.kind === 'tear' && name === 'write') {
        const [fd, bytes, position] = args as [number, Uint8Array, number]
        await inner.write(fd, bytes.subarray(0, Math.ceil(bytes.length / 2)), position)
      }
      throw new SimulatedCrash(step)
    }
    if (fault.lasting === true) failing = name
    return refuse(name, call, fault.kind)
  }

  async function refuse(name: string, call: () => Promise<unknown>, code: string): Promise<never> {
    if (name === 'close') await call()
    throw systemError(code, name)
  }

  const wrapped = Object.entries(inner).map(([name, call]) => [
    name,
    (...args: unknown[]) =>
      run(name, args, () => (call as (...args: unknown[]) => Promise<unknown>)(...args)),
  ])
  return {
    calls: Object.fromEntries(wrapped) as FsCalls,
    steps: () => log.length,
    log: () => log,
    hasFired: () => fired,
  }
}
