// Where credentials come from: the setting's files, the environment, profiles, web identity, the endpoints of ECS, EKS and
// EC2, in the order of the AWS SDK; then, if asked for, a role. What needs no SDK does without: loading it costs 15 to 20 MB.
import { lookup } from 'node:dns'
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import type { Agent as HttpsAgent } from 'node:https'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Logger, messageOf } from '../contract/index.ts'
import { type Environment, proxyFor } from '../net/proxy.ts'
import { tunnelThrough } from '../net/tunnel.ts'
import type { AwsConfig } from './config.ts'
import { containerCredentials, hasContainerEndpoint } from './container.ts'
import { hasProfile } from './profile.ts'
import { SdkLog } from './sdk-log.ts'
import type { Credentials } from './sign.ts'

/** Asks the source anew, each time. Rejects with what every link of the chain said. */
export type LoadCredentials = () => Promise<Credentials>

/** What only `sigv4auth` can say besides. */
export interface RoleOptions {
  readonly sessionName?: string | undefined
  /** The region of STS, when not the service's. */
  readonly stsRegion?: string | undefined
  /** Takes on the role with the token in that file instead of with other credentials. */
  readonly webIdentityTokenFile?: string | undefined
}

interface Surroundings {
  readonly config: AwsConfig
  readonly region: string
  readonly environment: Environment
  readonly log: Logger
  readonly role?: RoleOptions | undefined
}

/** `base` caches what the role is taken on with. */
export function credentialChain(of: Surroundings, cached: (load: LoadCredentials) => LoadCredentials): LoadCredentials {
  const { config, role = {} } = of
  if (config.role_arn === '') return baseCredentials(of)
  if (role.webIdentityTokenFile !== undefined) return webIdentity(of, role.webIdentityTokenFile)
  return assumedRole(of, cached(baseCredentials(of)))
}

function baseCredentials(of: Surroundings): LoadCredentials {
  const { config, environment } = of
  return async () => {
    if (config.profile === '' && config.shared_credentials_file.length === 0 && !environment.AWS_PROFILE) {
      const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = environment
      if (id && secret) return { accessKeyId: id, secretAccessKey: secret, ...(token && { sessionToken: token }) }
      if (hasContainerEndpoint(environment) && !(await hasEarlierLink(environment)))
        return containerCredentials(environment)
    }
    return config.shared_credentials_file.length > 0 ? fromFiles(of) : fromSdk(of)
  }
}

/** Whether the SDK's chain has something to look at before it comes to the container's endpoint. */
async function hasEarlierLink(environment: Environment): Promise<boolean> {
  if (environment.AWS_WEB_IDENTITY_TOKEN_FILE) return true
  const folder = join(environment.HOME || homedir(), '.aws')
  const files = [
    environment.AWS_SHARED_CREDENTIALS_FILE || join(folder, 'credentials'),
    environment.AWS_CONFIG_FILE || join(folder, 'config'),
  ]
  const found = await Promise.allSettled(files.map((file) => access(file, constants.F_OK)))
  return found.some(({ status }) => status === 'fulfilled')
}

/** A profile that is asked for must be there: as somebody else, from the next link of the chain, nobody wants to send. */
async function fromSdk(of: Surroundings): Promise<Credentials> {
  const { fromNodeProviderChain } = await import('./sdk-credentials.ts')
  const { config, environment } = of
  const name = config.profile || environment.AWS_PROFILE
  if (name && !(await hasProfile(name, environment)))
    throw new Error(`profile ${name}: it is in none of the shared files of AWS (~/.aws/config, ~/.aws/credentials)`)
  return withClient(of, async (init) => {
    const profile = name ? { profile: name } : {}
    try {
      return await fromNodeProviderChain({ ...init, ...profile, maxRetries: config.imds_retries })()
    } catch (error) {
      const { reasons } = init.logger
      throw reasons.length === 0 ? error : new Error(`${messageOf(error)} (${reasons.join('; ')})`, { cause: error })
    }
  })
}

/** A later file over an earlier one. */
async function fromFiles(of: Surroundings): Promise<Credentials> {
  const { fromIni } = await import('./sdk-credentials.ts')
  const { profile, shared_credentials_file: files } = of.config
  return withClient(of, async (init) => {
    let reason: unknown
    for (const filepath of files.toReversed()) {
      try {
        return await fromIni({ ...init, filepath, ...(profile !== '' && { profile }) })()
      } catch (error) {
        reason ??= error
      }
    }
    throw reason
  })
}

function assumedRole(of: Surroundings, base: LoadCredentials): LoadCredentials {
  const { role_arn, external_id } = of.config
  return async () => {
    const { fromTemporaryCredentials } = await import('./sdk-credentials.ts')
    const { accessKeyId, secretAccessKey, sessionToken } = await base()
    return withClient(of, async ({ clientConfig, logger }) =>
      fromTemporaryCredentials({
        clientConfig,
        logger,
        masterCredentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
        params: {
          RoleArn: role_arn,
          RoleSessionName: of.role?.sessionName ?? SESSION_NAME,
          ...(external_id !== '' && { ExternalId: external_id }),
        },
      })().catch((error: unknown) => refusedRole(role_arn, error)),
    )
  }
}

function webIdentity(of: Surroundings, webIdentityTokenFile: string): LoadCredentials {
  return async () => {
    const { fromWebToken } = await import('./sdk-credentials.ts')
    const webIdentityToken = (await readFile(webIdentityTokenFile, 'utf8')).trim()
    return withClient(of, async (init) =>
      fromWebToken({
        ...init,
        webIdentityToken,
        roleArn: of.config.role_arn,
        roleSessionName: of.role?.sessionName ?? SESSION_NAME,
      })().catch((error: unknown) => refusedRole(of.config.role_arn, error)),
    )
  }
}

/** STS does not always name the role, and its messages not the error. */
function refusedRole(role: string, error: unknown): never {
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : ''
  throw new Error(`role ${role}: ${name}${messageOf(error)}`, { cause: error })
}

const SESSION_NAME = 'sluice'
const STS_TIMEOUT_MS = 5000

interface SdkCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

/** What the SDK's providers reach STS by: our proxy, the authorities we trust; files are read anew. */
async function withClient(
  { config, region, environment, log, role }: Surroundings,
  load: (init: {
    readonly clientConfig: { readonly region: string; readonly requestHandler: { httpsAgent: HttpsAgent } }
    readonly logger: SdkLog
    readonly ignoreCache: true
  }) => Promise<SdkCredentials>,
): Promise<Credentials> {
  const { Agent } = await import('node:https')
  const { Agent: PlainAgent } = await import('node:http')
  const { certificate_file_path: path, proxy_address: proxy } = config
  const tls = path === '' ? undefined : { ca: await readFile(path), rejectUnauthorized: true }
  const over = new AbortController()
  const httpsAgent = new Agent(tls)
  tunnelThrough(httpsAgent, (destination) => proxyFor(destination, proxy, environment), {
    lookup,
    tls,
    abort: over.signal,
  })
  const httpAgent = new PlainAgent({ proxyEnv: proxy === '' ? { ...environment } : { HTTP_PROXY: proxy } })
  const timeouts = { connectionTimeout: STS_TIMEOUT_MS, requestTimeout: STS_TIMEOUT_MS }
  try {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await load({
      clientConfig: {
        region: role?.stsRegion || region,
        requestHandler: { httpsAgent, httpAgent, ...timeouts } as never,
      },
      logger: new SdkLog(log),
      ignoreCache: true,
    })
    return { accessKeyId, secretAccessKey, sessionToken, expiresAt: expiration?.getTime() }
  } finally {
    over.abort()
    httpsAgent.destroy()
    httpAgent.destroy()
  }
}
