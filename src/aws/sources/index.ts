// Values of configs that lie in AWS: secrets of Secrets Manager, parameters of SSM, objects of S3.
import * as v from 'valibot'
import type { Remote, Retrieved, Uri } from '../../config/retrieve.ts'
import { RetrieveError } from '../../config/retrieve.ts'
import { section } from '../../config/schema.ts'
import type { Settings } from '../../contract/index.ts'
import type { Environment } from '../../net/proxy.ts'
import { type AwsApi, AwsError } from '../api.ts'
import { S3_API } from '../bucket.ts'
import { AwsClient } from '../client.ts'
import { awsSettings } from '../config.ts'
import { memberOf, noSuchMember } from './member.ts'
import { type ObjectName, parseObjectName, parseParameterName, parseSecretName, type SecretName } from './name.ts'
import { objectAsked, readObject } from './object.ts'
import { PARAMETER_API, parameterAsked, readParameter } from './parameter.ts'
import { type Asked, explain, isMissing } from './refusal.ts'
import { readSecret, SECRET_API, secretAsked } from './secret.ts'

/** One call, and all calls for one value with the waits between them. */
const CALL_LIMIT_S = 5
const LIMIT_MS = 15_000
const WAITS_MS = [300, 1500]

/** Each value is asked for once, however many references there are; several at the same time. */
export class AwsSources implements Remote {
  readonly #settings: Settings
  readonly #environment: Environment
  readonly #clients = new Map<string, Promise<AwsClient>>()
  readonly #values = new Map<string, Promise<Value>>()

  constructor(settings: Settings, environment: Environment) {
    this.#settings = settings
    this.#environment = environment
  }

  async retrieve({ scheme, rest }: Uri): Promise<Retrieved> {
    switch (scheme) {
      case 'secretsmanager': {
        const name = parseSecretName(rest)
        return this.#secret(`secretsmanager:${name.id}`, name, () => this.#value(this.#askSecret(name)))
      }
      case 'ssm': {
        const name = parseParameterName(rest)
        return this.#secret(`ssm:${name.id}`, name, () => this.#value(this.#askParameter(name)))
      }
      case 's3':
        return found(await this.#value(this.#askObject(parseObjectName(rest))))
      default:
        throw new RetrieveError('bad_reference', `${scheme}: is nothing that lies in AWS`)
    }
  }

  close(): void {
    for (const client of this.#clients.values())
      client.then(
        (open) => open.close(),
        () => {},
      )
  }

  /** A default stands in for what is not there, and for nothing else: what is refused today may be there tomorrow. */
  async #secret(shown: string, { key, byDefault }: SecretName, get: () => Promise<Value>): Promise<Retrieved> {
    const value = await get()
    if (value.text === undefined) {
      if (byDefault === undefined) throw value.error
      return { text: byDefault }
    }
    if (key === undefined) return found(value)
    const text = memberOf(value.text, key, shown) ?? byDefault
    if (text === undefined) throw noSuchMember(value.text, key, shown)
    return { text, isSecret: true }
  }

  #askSecret(name: SecretName): Question {
    return {
      key: JSON.stringify(['secret', name.id, name.stage, name.version]),
      api: SECRET_API,
      region: name.region,
      asked: (region) => secretAsked(name, region),
      read: (client, abort) => readSecret(client, name, abort),
    }
  }

  #askParameter(name: SecretName): Question {
    return {
      key: JSON.stringify(['parameter', name.id]),
      api: PARAMETER_API,
      region: name.region,
      asked: (region) => parameterAsked(name, region),
      read: (client, abort) => readParameter(client, name, abort),
    }
  }

  #askObject(name: ObjectName): Question {
    return {
      key: JSON.stringify(['object', name.bucket, name.key, name.region]),
      api: S3_API,
      region: name.region,
      asked: (region) => objectAsked(name, region),
      read: (client, abort) => readObject(client, name, abort),
    }
  }

  #value(question: Question): Promise<Value> {
    let value = this.#values.get(question.key)
    if (value === undefined) this.#values.set(question.key, (value = this.#ask(question)))
    return value
  }

  /** Rejects with a `RetrieveError`, but for what is not there. */
  async #ask({ api, region, asked, read }: Question): Promise<Value> {
    const limit = new AbortController()
    const cancel = this.#settings.clock.after(LIMIT_MS, () =>
      limit.abort(new AwsError('transient', 'RequestTimeout', `no answer within ${LIMIT_MS / 1000} s`)),
    )
    let at = region ?? 'unknown'
    try {
      const client = await orAborted(this.#clientFor(api, region), limit.signal)
      at = client.region
      return await this.#patiently(() => read(client, limit.signal), limit.signal)
    } catch (error) {
      const reason = error instanceof RetrieveError ? error : explain(error, asked(at))
      if (isMissing(error)) return { text: undefined, error: reason }
      throw reason
    } finally {
      cancel()
    }
  }

  async #patiently<T>(read: () => Promise<T>, abort: AbortSignal): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await read()
      } catch (error) {
        const mayPass = error instanceof AwsError && (error.refusal === 'transient' || error.refusal === 'throttled')
        const waitMs = WAITS_MS[attempt]
        if (!mayPass || waitMs === undefined || abort.aborted) throw error
        await this.#settings.clock.sleep(waitMs, abort)
      }
    }
  }

  #clientFor(api: AwsApi, region = ''): Promise<AwsClient> {
    const key = `${api.signingName} ${region}`
    let client = this.#clients.get(key)
    if (client === undefined) this.#clients.set(key, (client = this.#open(api, region)))
    return client
  }

  async #open(api: AwsApi, region: string): Promise<AwsClient> {
    const config = v.parse(section(awsSettings), { region, request_timeout_seconds: CALL_LIMIT_S })
    const client = new AwsClient(api, config, this.#settings, { environment: this.#environment })
    await client.start()
    return client
  }
}

/** How one value is got, whoever refers to it. */
interface Question {
  readonly key: string
  readonly api: AwsApi
  readonly region: string | undefined
  asked(region: string): Asked
  read(client: AwsClient, abort: AbortSignal): Promise<Found>
}

interface Found {
  readonly text: string
  /** When it stands for a whole config: whether no line of that may be shown. */
  readonly isSecret: boolean
}
type Value = Found | { readonly text: undefined; readonly error: RetrieveError }

function found(value: Value): Retrieved {
  if (value.text === undefined) throw value.error
  return value
}

function orAborted<T>(promise: Promise<T>, abort: AbortSignal): Promise<T> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => abort.addEventListener('abort', () => reject(abort.reason), { once: true })),
  ])
}
