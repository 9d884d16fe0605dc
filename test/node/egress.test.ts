/** Names of ways out. */

import { expect, it } from 'vitest'
import { readEgress } from '../../src/node/local-address.ts'

it('is a name of one way out, or none', () => {
  expect(readEgress('nat-1', [])).toBe('nat-1')
  expect(readEgress('nat-1', ['192.0.2.7'])).toBe('nat-1')
  expect(readEgress(undefined, ['192.0.2.7', '192.0.2.8'])).toBeUndefined()
})

it.each(['', '../x', 'a b', 'x'.repeat(65), 'naïve'])('is refused: %j', (name) => {
  expect(() => readEgress(name, [])).toThrow('is not a name')
})

it('cannot be one of several addresses', () => {
  expect(() => readEgress('nat', ['192.0.2.7', '192.0.2.8'])).toThrow('there are several')
})
