/** Loads the library for tests that call functions of the CLI themselves, as the command does before it calls them. */

import { loadLibrary } from '../../src/cli/library.ts'

await loadLibrary()
