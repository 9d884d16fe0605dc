/** Errors of other threads are met like one's own: the same class, code, words and hint. */

import { expect, test } from 'vitest'
import { ArchiveError, DataError, StoreError } from '../../src/base/errors.ts'
import { errorOf, plainError } from '../../src/node/thread-error.ts'

const across = (error: unknown): Error => errorOf(structuredClone(plainError(error)))

test.each([
  new ArchiveError('rows', 'a/b.zip', 'a/b.zip: not a row'),
  new StoreError('E_STORE_IO', 'read: EIO', { hint: 'Check the disk.' }),
  new DataError('a price of 20 digits', { hint: 'Store numbers as string.' }),
])('%s', (error) => {
  const met = across(error)
  expect(met).toBeInstanceOf(error.constructor)
  expect(met).toEqual(error)
  expect(Object.entries(met)).toEqual(Object.entries(error))
})

test('a bug stays one, with the place where it is', () => {
  const bug = new TypeError('x is not a function')
  const met = across(bug)
  expect([met.message, met.stack]).toEqual([bug.message, bug.stack])
  expect(across('a text that was thrown').message).toBe('a text that was thrown')
})
