import { messageOf } from '../contract/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

const TIMEOUT_MS = 3000

/** Prints the agent's own answer. */
export async function askHealth(url: string): Promise<ExitCode> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
    process.stdout.write(`${(await response.text()).trim()}\n`)
    return response.ok ? EXIT.ok : EXIT.failed
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : ''
    process.stderr.write(`sluice: ${url} does not answer: ${messageOf(error)}${cause}\n`)
    return EXIT.failed
  }
}
