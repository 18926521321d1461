// What Node has made of the sources in one test file serves in the next, and in the agents that tests start: half the CPU time of
// each start. Loaded before each test file, see .taprc.
import { enableCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const COMPILED = join(tmpdir(), 'sluice-tests-compiled')

enableCompileCache(COMPILED)
