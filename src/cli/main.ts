#!/usr/bin/env node
/** The command `binance-backfill`. */
import { keepYoungObjectsFew } from './heap.ts'
import { run } from './dispatch.ts'
import { outliveTerminals } from './hangup.ts'
import { processIo } from './io.ts'

keepYoungObjectsFew()
outliveTerminals()
const exitCode = await run(process.argv.slice(2), processIo())
// A stream that failed has set its own.
process.exitCode ||= exitCode
