// `sluice print-config`: what the agent has understood, as YAML that it would take again, secrets hidden.
import { printConfig } from '../config/index.ts'
import { assemble } from './assemble.ts'
import { complain, report } from './complain.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { ConfigOptions } from './program.ts'

export async function print(options: ConfigOptions, pluginApi: URL): Promise<ExitCode> {
  try {
    const { loaded, schemas, warnings } = await assemble(options, pluginApi)
    if (warnings.length > 0) process.stderr.write(report(warnings))
    process.stdout.write(printConfig(loaded, schemas))
    return EXIT.ok
  } catch (error) {
    return complain(error)
  }
}
