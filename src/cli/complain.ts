// What is wrong with a command line or a config, for the person who wrote it.
import { ConfigError, formatProblems, type LoadedConfig, problemAt } from '../config/index.ts'
import { messageOf } from '../contract/index.ts'
import { PlanError } from '../pipeline/plan.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { PluginError } from './plugins.ts'

/** Prints it, and says which exit code it deserves. What is none of the user's is thrown on. `loaded` is where places are known. */
export function complain(error: unknown, loaded?: LoadedConfig): ExitCode {
  if (error instanceof PlanError && loaded !== undefined) {
    process.stderr.write(`${formatProblems([problemAt(loaded, error.path, error.problem)])}\n`)
    return EXIT.usage
  }
  if (!(error instanceof ConfigError || error instanceof PlanError || error instanceof PluginError)) throw error
  process.stderr.write(`${messageOf(error)}\n`)
  return EXIT.usage
}
