// Credentials of an ECS task or an EKS pod, from the endpoint beside it. The SDK's provider does the same (a test compares
// them); it costs 20 MB, in the place where memory is dearest.
import { readFile } from 'node:fs/promises'
import type { Environment } from '../net/proxy.ts'
import { askMetadata } from './metadata.ts'
import type { Credentials } from './sign.ts'

/** Whether the environment names such an endpoint. */
export const hasContainerEndpoint = (environment: Environment): boolean =>
  Boolean(environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || environment.AWS_CONTAINER_CREDENTIALS_FULL_URI)

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
export async function containerCredentials(environment: Environment): Promise<Credentials> {
  const url = endpointOf(environment)
  const token = await tokenOf(environment)
  const headers = token === undefined ? {} : { authorization: token }
  for (let attempt = 1; ; attempt++) {
    try {
      return parseCredentials(await askMetadata(url, { headers, timeoutMs: TIMEOUT_MS }), url.host)
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}

const ATTEMPTS = 3
const TIMEOUT_MS = 2000

function endpointOf(environment: Environment): URL {
  const relative = environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
  if (relative) return new URL(`http://169.254.170.2${relative}`)
  const url = new URL(environment.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isBeside(url.hostname)))
    throw new Error(
      `AWS_CONTAINER_CREDENTIALS_FULL_URI: ${url.host} must be https, this machine, or the endpoint of ECS or EKS`,
    )
  return url
}

const isBeside = (host: string): boolean =>
  ['localhost', '[::1]', '169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'].includes(host) ||
  /^127\.\d+\.\d+\.\d+$/.test(host)

/** Read each time: EKS puts a new one in the file every hour. */
async function tokenOf(environment: Environment): Promise<string | undefined> {
  const file = environment.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  const token = file ? (await readFile(file, 'utf8')).trimEnd() : environment.AWS_CONTAINER_AUTHORIZATION_TOKEN
  if (token && /[\r\n]/.test(token))
    throw new Error('the authorization token of the credential endpoint has a line break')
  return token || undefined
}

/** Messages never show the answer. */
function parseCredentials(text: string, where: string): Credentials {
  const wrong = (what: string): Error => new Error(`${where}: the answer has no ${what}`)
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw wrong('JSON')
  }
  const member = (name: string): string => {
    const value = typeof answer === 'object' && answer !== null ? new Map(Object.entries(answer)).get(name) : undefined
    if (typeof value !== 'string' || value === '') throw wrong(name)
    return value
  }
  const expiresAt = Date.parse(member('Expiration'))
  if (Number.isNaN(expiresAt)) throw wrong('time in Expiration')
  return {
    accessKeyId: member('AccessKeyId'),
    secretAccessKey: member('SecretAccessKey'),
    sessionToken: member('Token'),
    expiresAt,
  }
}
