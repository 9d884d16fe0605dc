import { expect, it } from 'vitest'
import { mergeStreams } from '../../src/backfill/streams.ts'

type Source = () => AsyncGenerator<string, void, void>

const unused = (): void => {
  throw new Error('nobody stopped early')
}

it('ends with the error of one source once the others have ended, and begins none after it', async () => {
  const told: string[] = []
  let goOn = (): void => undefined
  const gate = new Promise<void>((resolve) => (goOn = resolve))
  const failing: Source = async function* () {
    yield 'failing'
    throw new Error('broken')
  }
  const slow: Source = async function* () {
    yield 'slow begins'
    await gate
    told.push('slow has ended')
    yield 'slow ends'
  }
  const never: Source = async function* () {
    yield 'never'
  }
  const reading = (async () => {
    for await (const item of mergeStreams([failing, slow, never], 2, unused)) {
      told.push(item)
      if (told.length === 2) setImmediate(goOn)
    }
  })()
  await expect(reading.catch((error: unknown) => [...told, String(error)])).resolves.toEqual([
    'failing',
    'slow begins',
    'slow has ended',
    'slow ends',
    'Error: broken',
  ])
})

it('lets the sources end when the consumer stops early, and waits for them', async () => {
  let isStopped = false
  let hasEnded = false
  const endless: Source = async function* () {
    while (!isStopped) yield 'more'
    hasEnded = true
  }
  const stop = (): void => void (isStopped = true)
  for await (const item of mergeStreams([endless], 1, stop)) {
    expect(item).toBe('more')
    break
  }
  expect(hasEnded).toBe(true)
})
