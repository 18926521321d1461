// What Node has made of the sources in one test file serves in the next, and in the agents that tests start: half the CPU time of
// each start. Loaded before each test file, see .taprc.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Inside of the clone: whoever writes there says what runs. */
export const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/tests-compiled', import.meta.url))

enableCompileCache(COMPILED)
