import * as v from 'valibot'
import {
  AwsSession,
  awsSettings,
  type Credentials,
  deliveryError,
  errorOfAnswer,
  hashPayload,
  mayBeAboutTime,
} from '../../aws/index.ts'
import { section } from '../../config/schema.ts'
import {
  type HttpAttempt,
  type HttpAuthenticator,
  type HttpRefusal,
  RetryableError,
  type Settings,
} from '../../contract/index.ts'
import type { SigV4AuthConfig } from './config.ts'
import { destinationOf } from './destination.ts'

/** Signs requests of HTTP clients as AWS wants them. */
export class SigV4Auth implements HttpAuthenticator {
  readonly renews = true
  readonly #config: Pick<SigV4AuthConfig, 'region' | 'service'>
  readonly #settings: Settings
  readonly #session: AwsSession
  /** By what they have signed. */
  readonly #used = new WeakMap<object, Credentials>()

  constructor({ region, service, assume_role: role }: SigV4AuthConfig, settings: Settings) {
    this.#config = { region, service }
    this.#settings = settings
    // The machine is not asked where it is: the destination's name, or the environment, says where to sign for.
    const config = v.parse(section(awsSettings), {
      region,
      role_arn: role.arn,
      external_id: role.external_id,
      local_mode: true,
    })
    this.#session = new AwsSession(config, settings, {
      fallbackRegion: 'us-east-1',
      role: {
        sessionName: role.session_name || undefined,
        stsRegion: role.sts_region || undefined,
        webIdentityTokenFile: role.web_identity_token_file || undefined,
      },
    })
  }

  async start(): Promise<void> {
    await this.#session.start()
  }

  async stop(): Promise<void> {
    this.#session.close()
  }

  async authenticate(attempt: HttpAttempt, abort: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const { url, method, headers, chunks } = attempt
    const { service, region } = this.#scopeOf(url)
    const credentials = await this.#session.credentials(abort).catch((error: unknown) => {
      throw abort.aborted ? abort.reason : deliveryError(error)
    })
    const payloadHash = hashPayload(chunks)
    const request = { method, path: url.pathname, query: url.search.slice(1), headers, payloadHash }
    const proof = this.#session.sign(request, credentials, service, region)
    this.#used.set(proof, credentials)
    return proof
  }

  async mend({ url, status, headers, body, proof }: HttpRefusal, abort: AbortSignal): Promise<boolean> {
    const reply = { status, headers, body, contentType: String(headers['content-type'] ?? ''), retryAfter: undefined }
    const error = errorOfAnswer(reply, url.host, this.#session.now())
    if (mayBeAboutTime(error) && this.#session.correctClock(textOf(headers.date))) return true
    const refused = this.#used.get(proof)
    if (error.refusal === 'credentials' && refused !== undefined) {
      const others = await this.#session.renew(refused, abort).catch(() => refused)
      if (others !== refused) return true
    }
    // Keys and permissions are put right; what waits is not lost by then.
    if (error.refusal === 'credentials' || error.refusal === 'denied') throw deliveryError(error)
    return false
  }

  #scopeOf({ hostname, host }: URL): { readonly service: string; readonly region: string } {
    const said = destinationOf(hostname)
    const service = this.#config.service || said.service
    const known = this.#session.isRegionKnown ? this.#session.region : undefined
    const region = this.#config.region || said.region || known
    if (service !== undefined && region !== undefined) return { service, region }
    const missing = service === undefined ? 'service' : 'region'
    throw new RetryableError(
      `${this.#settings.id}: ${host} does not say for which ${missing} to sign: set ${missing}`,
      {
        reason: 'unsigned',
      },
    )
  }
}

const textOf = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0]
