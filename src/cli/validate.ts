// `sluice validate`: as far as `run` goes before anything listens.
import { type Assembled, assemble } from './assemble.ts'
import { tryPlan } from './build.ts'
import { complain, report } from './complain.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { ConfigOptions } from './program.ts'

export async function validate(options: ConfigOptions, pluginApi: URL): Promise<ExitCode> {
  let assembled: Assembled | undefined
  try {
    assembled = await assemble(options, pluginApi)
    const isWhole = assembled.unread.length === 0
    if (isWhole) tryPlan(assembled.plan)
    if (assembled.warnings.length > 0) process.stderr.write(report(assembled.warnings))
    const { pipelines } = assembled.plan
    const asFar = isWhole ? '' : `, as far as can be seen without ${assembled.unread.join(', ')}`
    process.stdout.write(`valid: ${pipelines.length} pipeline${pipelines.length === 1 ? '' : 's'}${asFar}\n`)
    for (const { id, receivers, processors, exporters } of pipelines) {
      process.stdout.write(
        `  ${id}: ${[receivers, processors, exporters]
          .filter((ids) => ids.length > 0)
          .map((ids) => ids.join(', '))
          .join(' -> ')}\n`,
      )
    }
    return EXIT.ok
  } catch (error) {
    return complain(error, assembled)
  }
}
