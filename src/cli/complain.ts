// What is wrong with a command line or a config, for the person who wrote it.
import { ConfigError, concealProblem, formatProblems, problemAt } from '../config/index.ts'
import { messageOf } from '../contract/index.ts'
import { PlanError } from '../pipeline/plan.ts'
import type { Assembled } from './assemble.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { PluginError } from './plugins.ts'

/** Prints it, and says which exit code it deserves. What is none of the user's is thrown on. With a config that was read, places are known, and its secrets. */
export function complain(error: unknown, of?: Pick<Assembled, 'loaded' | 'redaction'>): ExitCode {
  if (error instanceof PlanError && of !== undefined) {
    const problem = concealProblem(problemAt(of.loaded, error.path, error.problem), of.loaded)
    process.stderr.write(`${of.redaction.text(formatProblems([problem]))}\n`)
    return EXIT.usage
  }
  if (!(error instanceof ConfigError || error instanceof PlanError || error instanceof PluginError)) throw error
  process.stderr.write(`${messageOf(error)}\n`)
  return EXIT.usage
}
