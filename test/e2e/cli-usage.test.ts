import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { command } from '../support/command.ts'
import { finished, MAIN, runCli, startCli } from './support.ts'

describe('help and version', () => {
  test('--help names every command and exit code', async () => {
    const { exit, stdout, stderr } = await runCli(['--help'])
    expect([exit, stderr]).toEqual([0, ''])
    for (const { name } of COMMANDS) expect(stdout).toContain(`\n  ${name} `)
    for (const code of ['0', '1', '2', '3', '4', '5', '6', '10', '129, 130, 143'])
      expect(stdout).toContain(`\n  ${code} `)
  })

  test.each(COMMANDS.map(({ name }) => name))('%s --help has examples', async (name) => {
    const { exit, stdout } = await command([name, '--help'])
    expect(exit).toBe(0)
    expect(stdout).toMatch(new RegExp(`^binance-backfill ${name} `))
    expect(stdout).toContain(`\n  binance-backfill ${name}`)
  })

  test('--version is that of the package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }
    expect(await runCli(['--version'])).toEqual({ exit: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('usage errors end with 2, one line, and nothing done', () => {
  test.each([
    [[]],
    [['rum']],
    [['run']],
    [['run', '--intervall', '1m']],
    [['run', 'no-such-file.yaml']],
    [['run', 'src']],
    [['run', 'jobs/majors.yaml', '--weight-share', '7']],
    [['run', 'jobs/majors.yaml', '--base-url', 'https://user:secret@api.binance.com']],
    [['run', 'jobs/majors.yaml', '--dataset', 'klines']],
    [['status', '--subset', '1/2']],
    [['validate']],
    [['run', '--__proto__', 'x']],
  ])('%j', async (args) => {
    const { exit, stdout, stderr } = await command(args)
    expect([exit, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
    expect(stderr).not.toContain('secret')
  })

  test('a bad variable is named', async () => {
    const { exit, stderr } = await command(['status'], {
      env: { BINANCE_BACKFILL_BASE_URL: 'ftp://x.example' },
    })
    expect(exit).toBe(2)
    expect(stderr).toMatch(/^error: BINANCE_BACKFILL_BASE_URL: expected a URL/)
  })
})

describe('without exchange and lake', () => {
  test('validate says ok for each job file that comes along', async () => {
    const files = ['jobs/quickstart.yaml', 'jobs/majors.yaml']
    const { exit, stdout } = await command(['validate', ...files])
    expect(exit).toBe(0)
    expect(
      stdout
        .split('\n')
        .slice(0, 2)
        .map((line) => line.split(' ')[1]),
    ).toEqual(files)
  })

  test('schema is the file that editors use', async () => {
    const { exit, stdout } = await runCli(['schema'])
    expect(exit).toBe(0)
    const file: unknown = JSON.parse(await readFile('jobs/job.schema.json', 'utf8'))
    expect(JSON.parse(stdout)).toEqual(file)
  })

  test('completion is a script that bash runs, and that the command answers', async () => {
    const { exit, stdout } = await runCli(['completion', 'bash'])
    expect(exit).toBe(0)
    const complete = async (...words: string[]): Promise<readonly string[]> => {
      const line = ['binance-backfill', ...words].map((word) => `'${word}'`).join(' ')
      const script = [
        `binance-backfill() { '${process.execPath}' '${MAIN}' "$@"; }`,
        stdout,
        `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _binance_backfill`,
        `printf '%s\\n' "\${COMPREPLY[@]}"`,
      ].join('\n')
      const { stdout: found } = await promisify(execFile)('bash', ['-c', script])
      return found.trimEnd().split('\n')
    }
    expect(await complete('ver')).toEqual(['verify'])
    expect(await complete('run', '--source', '=', 'a')).toEqual(['auto', 'archive'])
  })

  test('a reader that leaves ends it quietly', async () => {
    const child = startCli(['schema'])
    child.stdout?.destroy()
    const { stderr } = await finished(child)
    expect(stderr).toBe('')
  })

  test.runIf(existsSync('/dev/full'))('a full disk behind stdout is no success', async () => {
    const full = await open('/dev/full', 'w')
    const child = spawn(process.execPath, [MAIN, 'schema'], { stdio: ['ignore', full.fd, 'pipe'] })
    const { exit, stderr } = await finished(child)
    await full.close()
    expect([exit, stderr]).toEqual([1, 'error: stdout cannot be written (ENOSPC)\n'])
  })

  test('the script is executable by node alone', async () => {
    expect((await readFile(MAIN, 'utf8')).startsWith('#!/usr/bin/env node\n')).toBe(true)
  })
})

describe('simulate', () => {
  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('serves until %s', async (signal, exit) => {
    const child = startCli(['simulate', '--json', '--limit', '60'])
    const end = finished(child)
    const [chunk] = (await once(child.stdout!, 'data')) as [string]
    const { kind, url } = JSON.parse(chunk) as { kind: string; url: string }
    expect(kind).toBe('listening')
    const info = await fetch(`${url}/api/v3/exchangeInfo`)
    const { rateLimits } = (await info.json()) as { rateLimits: unknown }
    expect(rateLimits).toContainEqual(
      expect.objectContaining({ rateLimitType: 'REQUEST_WEIGHT', limit: 60 }),
    )
    child.kill(signal)
    expect((await end).exit).toBe(exit)
  })

  test('a port that is taken is a usage error', async () => {
    const child = startCli(['simulate', '--json'])
    const end = finished(child)
    const [chunk] = (await once(child.stdout!, 'data')) as [string]
    const { port } = JSON.parse(chunk) as { port: number }
    const { exit, stderr } = await command(['simulate', '--port', String(port)])
    expect([exit, stderr]).toEqual([
      2,
      `error: port ${port} is taken (take another, or 0 for any free one)\n`,
    ])
    child.kill('SIGTERM')
    await end
  })

  test('a fault that does not exist is a usage error', async () => {
    const { exit, stderr } = await command(['simulate', '--faults', 'hangs'])
    expect(exit).toBe(2)
    expect(stderr).toBe('error: --faults: unknown fault "hangs"; did you mean hang?\n')
  })
})
