#!/usr/bin/env node
/** The command `binance-backfill`. */
import { run } from './dispatch.ts'
import { processIo } from './io.ts'

const exitCode = await run(process.argv.slice(2), processIo())
// A stream that failed has set its own.
process.exitCode ||= exitCode
