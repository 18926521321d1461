// `lambda`: what AWS Lambda says in the environment.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
import type { ResourceDetectionConfig } from '../config.ts'
import { AbsentError, type Around, collecting, type Detect } from '../detector.ts'

export function createLambdaDetector(
  { lambda }: ResourceDetectionConfig,
  { machine: { environment } }: Around,
): Detect {
  const attributes = collecting(lambda.resource_attributes)
  return async () => {
    const name = environment.AWS_LAMBDA_FUNCTION_NAME
    if (!name) throw new AbsentError('AWS_LAMBDA_FUNCTION_NAME is not set')
    const found = attributes.begin()
    found.set('cloud.provider', 'aws')
    found.set('cloud.platform', 'aws_lambda')
    found.set('faas.name', name)
    const {
      AWS_REGION: region,
      AWS_LAMBDA_FUNCTION_VERSION: version,
      AWS_LAMBDA_LOG_STREAM_NAME: stream,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory,
      AWS_LAMBDA_LOG_GROUP_NAME: group,
    } = environment
    if (region !== undefined) found.set('cloud.region', region)
    if (version !== undefined) found.set('faas.version', version)
    if (stream !== undefined) found.set('faas.instance', stream)
    if (memory !== undefined) found.set('faas.max_memory', memory)
    if (group !== undefined) found.set('aws.log.group.names', [group])
    if (stream !== undefined) found.set('aws.log.stream.names', [stream])
    return found.done()
  }
}
