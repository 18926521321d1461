// Secrets of Secrets Manager: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
import { RetrieveError } from '../../config/retrieve.ts'
import type { AwsApi } from '../api.ts'
import type { AwsClient } from '../client.ts'
import { partitionOf } from '../partition.ts'
import { callJson } from './call.ts'
import type { SecretName } from './name.ts'
import type { Asked } from './refusal.ts'

export const SECRET_API: AwsApi = {
  signingName: 'secretsmanager',
  endpointPrefix: 'secretsmanager',
  endpointVariable: 'SECRETS_MANAGER',
  protocol: { type: 'json', version: '1.1', targetPrefix: 'secretsmanager' },
}

export const secretAsked = ({ id }: SecretName, region: string): Asked => ({
  name: `secretsmanager:${id}`,
  action: 'secretsmanager:GetSecretValue',
  // What Secrets Manager adds to a name: a dash and six characters.
  arn: (account) =>
    id.startsWith('arn:')
      ? id
      : `arn:${partitionOf(region).name}:secretsmanager:${region}:${account}:secret:${id}-??????`,
  region,
})

export async function readSecret(
  client: AwsClient,
  { id, stage, version }: SecretName,
  abort: AbortSignal,
): Promise<{ readonly text: string; readonly isSecret: true }> {
  const answer = await callJson(
    client,
    'GetSecretValue',
    {
      SecretId: id,
      ...(stage !== undefined && { VersionStage: stage }),
      ...(version !== undefined && { VersionId: version }),
    },
    abort,
  )
  const { SecretString: text, SecretBinary: binary } = answer
  if (typeof text === 'string') return { text, isSecret: true }
  if (typeof binary === 'string') return { text: decodeBinary(binary, id), isSecret: true }
  throw new RetrieveError('secret_not_found', `secretsmanager:${id} has no value`)
}

function decodeBinary(base64: string, id: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'))
  } catch {
    throw new RetrieveError(
      'bad_reference',
      `secretsmanager:${id} is binary and no UTF-8`,
      'a setting takes text: store it as a text',
    )
  }
}
