// What AWS said, for the person who wrote the reference: what to allow, create or write instead.
import { RetrieveError } from '../../config/retrieve.ts'
import { messageOf } from '../../contract/index.ts'
import { AwsError } from '../api.ts'

/** What was asked for. */
export interface Asked {
  /** As it stands in the config, without a default: `secretsmanager:prod/db`. */
  readonly name: string
  /** `secretsmanager:GetSecretValue` */
  readonly action: string
  /** For a policy; the account where it is known. */
  arn(account: string): string
  /** Of IAM, beside that of the action. */
  readonly alsoDenied?: string
  readonly region: string
}

/** Whether AWS says that it is not there. */
export const isMissing = (error: unknown): boolean =>
  error instanceof AwsError && (error.refusal === 'missing' || MISSING.has(error.code))

const MISSING: ReadonlySet<string> = new Set(['ParameterNotFound', 'ParameterVersionNotFound', 'NoSuchKey'])

const OFFLINE = '"sluice validate --offline" checks everything else'

export function explain(error: unknown, asked: Asked): RetrieveError {
  const { name, region } = asked
  const said = messageOf(error)
  if (!(error instanceof AwsError))
    return new RetrieveError('source_unreachable', `cannot get ${name}: ${said}`, hintFor(said))
  if (isMissing(error))
    return new RetrieveError(
      'secret_not_found',
      `${name} is not there, in region ${region} (${said})`,
      'is the name right, and the region?',
    )
  if (isAboutKey(error))
    return new RetrieveError(
      'secret_access_denied',
      `may not decrypt ${name} (${said})`,
      'allow kms:Decrypt on the KMS key that it is encrypted with, in the policy of the role and of the key',
    )
  switch (error.refusal) {
    case 'denied':
      return new RetrieveError(
        'secret_access_denied',
        `may not read ${name} (${said})`,
        `allow ${asked.action} on ${asked.arn(accountIn(said))}${asked.alsoDenied ?? ''}`,
      )
    case 'credentials':
      return new RetrieveError(
        'credentials_not_found',
        `cannot get ${name}: ${said}`,
        `credentials come from the environment, profiles, the ECS task, the EKS pod or the EC2 instance; ${OFFLINE}`,
      )
    case 'throttled':
    case 'transient':
      return new RetrieveError(
        'source_unreachable',
        `cannot get ${name}: ${said}`,
        `without a way to the internet a VPC endpoint is needed, or AWS_ENDPOINT_URL; ${OFFLINE}`,
      )
    case 'missing':
    case 'exists':
    case 'too_large':
    case 'invalid':
      return new RetrieveError('secret_not_found', `cannot get ${name}: ${said}`)
  }
}

const hintFor = (message: string): string =>
  message.startsWith('region:') ? `set AWS_REGION, or write the whole ARN; ${OFFLINE}` : OFFLINE

const isAboutKey = ({ code, message }: AwsError): boolean =>
  code === 'DecryptionFailure' || code === 'InvalidKeyId' || /\bKMS\b|kms:Decrypt/.test(message)

const accountIn = (message: string): string => /\barn:[\w-]+:(?:sts|iam)::(\d{12}):/.exec(message)?.[1] ?? '*'
