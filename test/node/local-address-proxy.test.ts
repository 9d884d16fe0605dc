/** A local address and a proxy contradict each other. */

import { expect, it } from 'vitest'
import { checkEgresses } from '../../src/base/egress.ts'
import { nodeWorld } from '../../src/node/world.ts'
import { memFiles } from '../support/mem-files.ts'

it.each([
  [{}, undefined],
  [{ HTTPS_PROXY: 'http://proxy.example:3128' }, 'through a proxy'],
])('a local address is used without a proxy only: %j', async (env, why) => {
  const files = memFiles()
  const world = nodeWorld({ files, env, localAddresses: ['127.0.0.1'] })
  const checked = checkEgresses(world).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  )
  expect(await checked).toEqual(why === undefined ? undefined : expect.stringContaining(why))
})
