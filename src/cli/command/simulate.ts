/** `simulate`: serves the exchange's stand-in until a signal. */

import {
  quickstartExchange,
  replayOptions,
  startSimulator,
  stopOnSignals,
  type ExchangeOptions,
} from '../../index.ts'
import type { Execute } from '../commands.ts'
import { exitOf } from '../failure.ts'
import { parseFaults } from '../faults.ts'
import type { Values } from '../flags.ts'
import { Misuse } from '../misuse.ts'

const DEFAULT_SEED = 1

export const execute: Execute = async ({ values, print }) => {
  const exchange = await exchangeOf(values)
  const { port = 0, latency = 0 } = values
  const simulator = await startSimulator({ exchange, port, latencyMs: latency }).catch(
    (error: unknown) => {
      throw explain(error, port)
    },
  )
  const stop = stopOnSignals()
  try {
    const { url } = simulator
    if (values.json === true) await print.json({ kind: 'listening', url, port: simulator.port })
    else await print.result(`${url}\n`)
    await print.say(`Serving until Ctrl-C. Try: binance-backfill run JOB --base-url ${url}`)
    await aborted(stop.signal)
  } finally {
    stop.dispose()
    await simulator.close()
  }
  return exitOf(stop.signal.reason)
}

async function exchangeOf(values: Values): Promise<ExchangeOptions> {
  const { replay, seed, limit, faults } = values
  const base = replay === undefined ? quickstartExchange() : await replayOptions(replay)
  return {
    ...base,
    ...(seed === undefined ? {} : { seed }),
    ...(limit === undefined ? {} : { limits: { ...base.limits, rules: [weightRule(limit)] } }),
    ...(faults === undefined ? {} : { faults: parseFaults(faults, seed ?? DEFAULT_SEED) }),
  }
}

function weightRule(
  limit: number,
): NonNullable<NonNullable<ExchangeOptions['limits']>['rules']>[number] {
  return { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit }
}

function explain(error: unknown, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return new Misuse(`port ${port} is taken`, 'take another, or 0 for any free one')
  if (code === 'EACCES')
    return new Misuse(`port ${port} is not allowed`, 'take one above 1023, or 0 for any free one')
  return error
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true })
  })
}
