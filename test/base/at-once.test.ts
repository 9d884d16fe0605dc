import { expect, test } from 'vitest'
import { atOnce } from '../../src/base/at-once.ts'

test('many at once, never more than so many, and in order', async () => {
  let [under, most] = [0, 0]
  const doubled = await atOnce(3, [5, 1, 4, 2, 3, 0], async (item) => {
    most = Math.max(most, ++under)
    for (let turn = 0; turn < item; turn++) await Promise.resolve()
    under--
    return item * 2
  })
  expect([doubled, most]).toEqual([[10, 2, 8, 4, 6, 0], 3])
  expect(await atOnce(3, [], async (item) => item)).toEqual([])
})

test('what fails first is thrown once all that had begun is over; nothing else is begun', async () => {
  const [begun, over]: [number[], number[]] = [[], []]
  const working = atOnce(2, [1, 2, 3, 4], async (item) => {
    begun.push(item)
    await Promise.resolve()
    if (item === 1) throw new Error('one')
    await Promise.resolve()
    over.push(item)
  })
  await expect(working).rejects.toThrow('one')
  expect([begun, over]).toEqual([[1, 2], [2]])
})
