// What is wrong with a command line or a config, for the person who wrote it.
import { ConfigError } from '../config/index.ts'
import { messageOf } from '../contract/index.ts'
import { PlanError } from '../pipeline/plan.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { PluginError } from './plugins.ts'

/** Prints it, and says which exit code it deserves. What is none of the user's is thrown on. */
export function complain(error: unknown): ExitCode {
  if (!(error instanceof ConfigError || error instanceof PlanError || error instanceof PluginError)) throw error
  process.stderr.write(`${messageOf(error)}\n`)
  return EXIT.usage
}
