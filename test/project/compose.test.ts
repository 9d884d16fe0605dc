/** The services of docs/examples/compose.yaml, as far as they can be looked at without containers. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { parseCommandLine } from '../../src/cli/parse.ts'

const PATH = join(import.meta.dirname, '..', '..', 'docs', 'examples', 'compose.yaml')

type Service = {
  readonly command: readonly string[]
  readonly network_mode?: string
  readonly depends_on?: object
}

it('compose.yaml starts what a queue takes, with commands that the program understands', async () => {
  const document = parseDocument(await readFile(PATH, 'utf8'), { merge: true })
  expect([...document.errors, ...document.warnings]).toEqual([])
  const { services } = document.toJS() as { services: Readonly<Record<string, Service>> }
  const { simulator, valkey, store, enqueue, worker } = services
  for (const service of [simulator, enqueue, worker])
    expect(await parseCommandLine(service?.command ?? [], {})).toMatchObject({ kind: 'call' })
  expect(valkey?.command).toContain('noeviction')
  for (const service of [valkey, store, enqueue, worker])
    expect(service?.network_mode).toBe('service:simulator')
  const named = Object.values(services).flatMap(({ depends_on: on = {} }) => Object.keys(on))
  expect(Object.keys(services)).toEqual(expect.arrayContaining(named))
})
