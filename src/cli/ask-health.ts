import { messageOf } from '../contract/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

const TIMEOUT_MS = 3000

/** Prints the agent's own answer. */
export async function askHealth(url: string): Promise<ExitCode> {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    process.stderr.write(`sluice: ${url} is no URL; one is for example http://127.0.0.1:13133/\n`)
    return EXIT.usage
  }
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
    process.stdout.write(`${(await response.text()).trim()}\n`)
    return response.ok ? EXIT.ok : EXIT.failed
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : ''
    process.stderr.write(
      `sluice: ${url} does not answer: ${messageOf(error)}${cause}\n` +
        'Is the agent running, with the extension health_check, at that address?\n',
    )
    return EXIT.failed
  }
}
