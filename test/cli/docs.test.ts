import { format } from 'prettier'
import { expect, test } from 'vitest'
import { cliReference } from '../support/cli-reference.ts'

test('docs/CLI.md is current', async () => {
  const text = await format(cliReference(), { parser: 'markdown', printWidth: 100 })
  await expect(text).toMatchFileSnapshot('../../docs/CLI.md')
})
