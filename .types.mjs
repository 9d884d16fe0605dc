// The package has the declarations that its index leads to; what only the program itself imports has no reader.
import { readdirSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'

const IMPORT = /(?:from|import)\s*\(?\s*['"](\.[^'"]+)\.(?:js|ts)['"]/g

const reached = new Set(['dist/index.d.ts'])
for (const path of reached)
  for (const [, to = ''] of readFileSync(path, 'utf8').matchAll(IMPORT))
    reached.add(`${join(dirname(path), to)}.d.ts`)

for (const name of readdirSync('dist', { recursive: true })) {
  const path = join('dist', String(name))
  if (path.endsWith('.d.ts') && !reached.has(path)) unlinkSync(path)
}
for (const name of readdirSync('dist', { recursive: true }).sort().reverse()) {
  try {
    rmdirSync(join('dist', String(name)))
  } catch (error) {
    // A file, or a folder with something in it.
    if (error?.code !== 'ENOTDIR' && error?.code !== 'ENOTEMPTY') throw error
  }
}
