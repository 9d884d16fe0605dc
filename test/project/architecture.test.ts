/** docs/ARCHITECTURE.md draws the house that stands. */

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { drawRooms } from '../support/rooms.ts'

const text = readFileSync('docs/ARCHITECTURE.md', 'utf8')

test('the picture of the rooms is what the imports make', () => {
  const drawn = /<!-- rooms -->\n+```\n([\s\S]*?)\n```/.exec(text)?.[1]
  expect(drawn).toBe(drawRooms())
})

test('every room and every loose file is described', () => {
  for (const entry of readdirSync('src', { withFileTypes: true }))
    expect(text).toContain(`\`${entry.name}${entry.isDirectory() ? '/' : ''}\``)
})

test('every command has its call', () => {
  for (const { name } of COMMANDS) expect(text).toContain(`\`${name}\``)
})
