import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { parseFaults } from '../../src/cli/command/simulate.ts'
import '../support/cli-library.ts'

test.each([
  ['limited=5@10', { fault: { kind: 'limited', seconds: 5 }, nth: 10, times: 1 }],
  ['status=503@3x2', { fault: { kind: 'status', status: 503 }, nth: 3, times: 2 }],
  ['error=-1007', { fault: { kind: 'error', code: -1007 }, nth: 1, times: 1 }],
  ['hangx*', { fault: { kind: 'hang' }, nth: 1, times: Infinity }],
  ['reset=0.5@7', { fault: { kind: 'reset', fraction: 0.5 }, nth: 7, times: 1 }],
  ['body=garbage@5', { fault: { kind: 'body', body: 'garbage' }, nth: 5, times: 1 }],
])('%s', (spec, rule) => {
  expect(parseFaults(spec, 1)).toEqual({ rules: [rule] })
})

test('several stand with commas, chance among them', () => {
  const { rules, random } = parseFaults('closeAfter@2, random=0.05', 7)
  expect(rules).toHaveLength(1)
  expect(random).toMatchObject({ seed: 7, probability: 0.05 })
})

test.each([
  '',
  'hang@0',
  'hangx0',
  'hang=2',
  'status=200',
  'status',
  'page=odd',
  'random',
  'random=2',
  'constructor',
  'limited=soon',
  'truncatedGzip',
])('"%s" is refused', (spec) => {
  expect(() => parseFaults(spec, 1)).toThrow(/^--faults: /)
})

describe('the help of simulate', () => {
  const [, text = ''] = COMMANDS.find(({ name }) => name === 'simulate')!.long
  const [, list = ''] = /Kinds: (.*); and random/.exec(text) ?? []

  test.each(list.split(', '))('names %s, which parses', (written) => {
    const spec = written
      .replace('SECONDS', '5')
      .replace('status=CODE', 'status=503')
      .replace('error=CODE', 'error=-1007')
      .replace('FRACTION', '0.5')
      .replace('BYTES', '10')
      .replace(/=([a-z]+)\|.*/, '=$1')
    expect(parseFaults(spec, 1).rules).toHaveLength(1)
  })
})
