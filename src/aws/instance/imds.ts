// The metadata service of EC2, version 2, and version 1 where there is no other.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
import type { Clock } from '../../contract/index.ts'
import { type Answer, ask, SilenceError } from '../../net/ask.ts'
import type { Environment } from '../../net/proxy.ts'
import { type Attempts, attempt } from './attempts.ts'
import { memberOf, textIn } from './member.ts'

/** It is on the same machine: one that has it answers in a millisecond. */
const TIMEOUT_MS = 1000
const TOKEN_TTL_SECONDS = '300'

/** An answer that is no success. */
export class ImdsError extends Error {
  override readonly name = 'ImdsError'
  readonly status: number
  constructor(path: string, status: number) {
    super(`the EC2 metadata service answers ${status} to ${path}`)
    this.status = status
  }
}

export interface Instance {
  readonly id: string
  readonly region: string
  readonly accountId: string
  readonly availabilityZone: string
  readonly imageId: string
  readonly type: string
  readonly privateIp: string
}

/** One conversation: the token is asked for once. */
export class Imds {
  readonly #base: string
  readonly #isOff: boolean
  readonly #mayUseV1: boolean
  readonly #clock: Clock
  readonly #attempts: Attempts
  #token: Promise<string> | undefined

  constructor(environment: Environment, clock: Clock, attempts: Attempts) {
    const byMode = environment.AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE?.toLowerCase() === 'ipv6'
    this.#base =
      environment.AWS_EC2_METADATA_SERVICE_ENDPOINT || (byMode ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254')
    this.#isOff = environment.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true'
    this.#mayUseV1 = environment.AWS_EC2_METADATA_V1_DISABLED?.toLowerCase() !== 'true'
    this.#clock = clock
    this.#attempts = attempts
  }

  instanceId(abort: AbortSignal): Promise<string> {
    return this.#get('meta-data/instance-id', abort)
  }
  hostname(abort: AbortSignal): Promise<string> {
    return this.#get('meta-data/hostname', abort)
  }
  async instance(abort: AbortSignal): Promise<Instance> {
    const document: unknown = JSON.parse(await this.#get('dynamic/instance-identity/document', abort))
    if (typeof memberOf(document, 'instanceId') !== 'string') throw new Error('the instance identity has no instanceId')
    return {
      id: textIn(document, 'instanceId'),
      region: textIn(document, 'region'),
      accountId: textIn(document, 'accountId'),
      availabilityZone: textIn(document, 'availabilityZone'),
      imageId: textIn(document, 'imageId'),
      type: textIn(document, 'instanceType'),
      privateIp: textIn(document, 'privateIp'),
    }
  }
  async tagKeys(abort: AbortSignal): Promise<string[]> {
    const lines = (await this.#get('meta-data/tags/instance', abort)).split('\n')
    return lines.map((line) => line.trim()).filter((line) => line !== '')
  }
  tag(key: string, abort: AbortSignal): Promise<string> {
    return this.#get(`meta-data/tags/instance/${encodeURIComponent(key)}`, abort)
  }

  #get(path: string, abort: AbortSignal): Promise<string> {
    if (this.#isOff) return Promise.reject(new Error('AWS_EC2_METADATA_DISABLED is set'))
    return attempt(this.#attempts, { clock: this.#clock, abort }, () => this.#once(path, abort), isPassing)
  }

  async #once(path: string, abort: AbortSignal): Promise<string> {
    this.#token ??= this.#askToken(abort)
    const asked = this.#token
    let answer: Answer
    try {
      const token = await asked
      const headers = token === '' ? {} : { 'x-aws-ec2-metadata-token': token }
      answer = await this.#ask(`/latest/${path}`, { headers }, abort)
    } catch (error) {
      this.#token = undefined
      throw error
    }
    if (answer.status === 200) return answer.text
    if (answer.status === 401) this.#token = undefined
    throw new ImdsError(path, answer.status)
  }

  /** Empty for version 1: in a container the answer with the token may be one hop too far away. */
  async #askToken(abort: AbortSignal): Promise<string> {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_TTL_SECONDS }
    const path = '/latest/api/token'
    try {
      const { status, text } = await this.#ask(path, { method: 'PUT', headers }, abort)
      if (status === 200) return text.trim()
      if (status === 400 || !this.#mayUseV1) throw new ImdsError(path, status)
    } catch (error) {
      if (error instanceof ImdsError || !this.#mayUseV1 || !(error instanceof SilenceError)) throw error
    }
    return ''
  }

  #ask(
    path: string,
    of: { readonly method?: 'PUT'; readonly headers: Readonly<Record<string, string>> },
    abort: AbortSignal,
  ): Promise<Answer> {
    return ask({ url: new URL(path, this.#base), timeoutMs: TIMEOUT_MS, ...of }, this.#clock, abort)
  }
}

/** A service that is there and has trouble; a machine without one is not asked again. */
const isPassing = (error: unknown): boolean =>
  error instanceof ImdsError && (error.status === 401 || error.status === 429 || error.status >= 500)
