// `sluice print-config`: what the agent has understood, as YAML that it would take again, secrets hidden.
import { formatProblems, printConfig } from '../config/index.ts'
import { assemble } from './assemble.ts'
import { complain } from './complain.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { ConfigOptions } from './program.ts'

export async function print(options: ConfigOptions, pluginApi: URL): Promise<ExitCode> {
  try {
    const { loaded, schemas, warnings } = await assemble(options, pluginApi)
    if (warnings.length > 0) process.stderr.write(`${formatProblems(warnings)}\n`)
    process.stdout.write(printConfig(loaded, schemas))
    return EXIT.ok
  } catch (error) {
    return complain(error)
  }
}
