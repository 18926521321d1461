// What is wrong with a command line or a config, for the person who wrote it.
import { ConfigError, concealProblem, formatProblems, inOrder, type Problem, problemAt } from '../config/index.ts'
import { PlanError } from '../pipeline/plan.ts'
import type { Assembled } from './assemble.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { PluginError } from './plugins.ts'

/** Prints it, and says which exit code it deserves. What is none of the user's is thrown on. With a config that was read, places are known, and its secrets. */
export function complain(error: unknown, of?: Pick<Assembled, 'loaded' | 'redaction'>): ExitCode {
  const problems = problemsIn(error, of)
  if (problems === undefined) throw error
  const text = report(problems)
  process.stderr.write(of === undefined ? text : of.redaction.text(text))
  return EXIT.usage
}

/** All of them, and once where there is more to read. */
export function report(problems: readonly Problem[]): string {
  const ordered = inOrder(problems)
  const errors = ordered.filter(({ severity }) => severity === 'error')
  const [first, ...others] = new Set([...errors, ...ordered].map(({ code }) => code))
  const more = others.length > 0 ? '; the same goes for the other codes in brackets' : ''
  return `${formatProblems(problems)}\nsluice explain ${first} says what to do${more}\n`
}

function problemsIn(
  error: unknown,
  of: Pick<Assembled, 'loaded' | 'redaction'> | undefined,
): readonly Problem[] | undefined {
  if (error instanceof ConfigError) return error.problems
  if (error instanceof PluginError) return [{ severity: 'error', code: error.code, message: error.message, path: [] }]
  if (!(error instanceof PlanError)) return undefined
  const { path, code, problem } = error
  if (of === undefined) return [{ severity: 'error', code, message: problem, path }]
  return [concealProblem(problemAt(of.loaded, path, code, problem), of.loaded)]
}
