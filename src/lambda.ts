// The agent inside a Lambda function of AWS: the module whose `handler` the function names.
import { createHandler } from './cli/lambda.ts'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** The config is what SLUICE_CONFIG names (several, separated by commas), else `sluice.yaml` beside the function's code. */
export const handler = createHandler(new URL(`./plugin.${extension}`, import.meta.url))
