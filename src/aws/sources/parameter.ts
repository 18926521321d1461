// Parameters of Systems Manager: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
import { RetrieveError } from '../../config/retrieve.ts'
import type { AwsApi } from '../api.ts'
import type { AwsClient } from '../client.ts'
import { partitionOf } from '../partition.ts'
import { callJson, isMapping } from './call.ts'
import type { SecretName } from './name.ts'
import type { Asked } from './refusal.ts'

export const PARAMETER_API: AwsApi = {
  signingName: 'ssm',
  endpointPrefix: 'ssm',
  endpointVariable: 'SSM',
  protocol: { type: 'json', version: '1.1', targetPrefix: 'AmazonSSM' },
}

export const parameterAsked = ({ id }: SecretName, region: string): Asked => ({
  name: `ssm:${id}`,
  action: 'ssm:GetParameter',
  arn(account) {
    if (id.startsWith('arn:')) return id.replace(/(:parameter\/[^:]+):.*$/, '$1')
    const path = id.replace(/:.*$/, '').replace(/^\//, '')
    return `arn:${partitionOf(region).name}:ssm:${region}:${account}:parameter/${path}`
  },
  region,
})

/** SSM itself looks for the version behind the colon. */
export async function readParameter(
  client: AwsClient,
  { id }: SecretName,
  abort: AbortSignal,
): Promise<{ readonly text: string; readonly isSecret: boolean }> {
  const { Parameter } = await callJson(client, 'GetParameter', { Name: id, WithDecryption: true }, abort)
  const { Value, Type } = isMapping(Parameter) ? Parameter : {}
  if (typeof Value !== 'string') throw new RetrieveError('secret_not_found', `ssm:${id} has no value`)
  return { text: Value, isSecret: Type === 'SecureString' }
}
