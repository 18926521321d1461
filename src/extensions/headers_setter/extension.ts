import {
  type Extension,
  type GrpcAttempt,
  type GrpcAuthenticator,
  type Host,
  type HttpAttempt,
  type HttpAuthenticator,
  type HttpRefusal,
  isGrpcAuthenticator,
  isHttpAuthenticator,
  PermanentError,
  type Proof,
  type Sender,
  type SenderKeys,
  type Settings,
} from '../../contract/index.ts'
import { WatchedFile } from '../../net/watched-file.ts'
import { type HeaderConfig, type HeadersSetterConfig, isValue, NO_VALUE } from './config.ts'

interface Header {
  readonly name: string
  readonly action: HeaderConfig['action']
  textFor(context: Sender | undefined): string
}

/** Sets headers of what goes out, by what is known about who sent it. */
export class HeadersSetter implements HttpAuthenticator, GrpcAuthenticator {
  readonly #config: HeadersSetterConfig
  readonly #headers: readonly Header[]
  readonly #files: WatchedFile[] = []
  #other: Extension | undefined
  /** What the other authenticator gave, by what was made of it. */
  readonly #inner = new WeakMap<Proof, Proof>()

  constructor(config: HeadersSetterConfig, settings: Settings) {
    this.#config = config
    this.#headers = config.headers.map((header) => this.#headerOf(header, settings))
  }

  #headerOf(header: HeaderConfig, settings: Settings): Header {
    const { key, action, value, value_file: file, from_context, from_attribute, default_value } = header
    const name = key.toLowerCase()
    const otherwise = default_value?.reveal() ?? ''
    if (file !== undefined) {
      let text = ''
      const take = (content: string): void => {
        if (!isValue(content.trim())) throw new Error(NO_VALUE)
        text = content.trim()
      }
      this.#files.push(new WatchedFile({ path: file, setting: `headers (${key})::value_file`, take }, settings))
      return { name, action, textFor: () => text }
    }
    if (from_context !== undefined) {
      const source = from_context.toLowerCase()
      return { name, action, textFor: (context) => only(context?.metadata.get(source), from_context) ?? otherwise }
    }
    if (from_attribute !== undefined)
      return { name, action, textFor: (context) => textOf(context?.auth?.get(from_attribute)) ?? otherwise }
    const text = value?.reveal() ?? ''
    return { name, action, textFor: () => text }
  }

  async start(host: Host): Promise<void> {
    const { additional_auth: id } = this.#config
    if (id !== undefined) {
      const other = host.extension<Extension>(id)
      if (!isHttpAuthenticator(other) && !isGrpcAuthenticator(other))
        throw new Error(`additional_auth: ${id} is no authenticator of clients`)
      this.#other = other
      if (this.#isAskedBy(other)) throw new Error(`additional_auth: ${id} leads back here`)
    }
    for (const file of this.#files) {
      await file.read()
      file.watch()
    }
  }

  #isAskedBy(other: Extension): boolean {
    for (let next: Extension | undefined = other; next instanceof HeadersSetter; next = next.#other)
      if (next === this) return true
    return false
  }

  async stop(): Promise<void> {
    for (const file of this.#files) file.stop()
  }

  get needsTls(): boolean {
    const other = this.#other
    return other !== undefined && isGrpcAuthenticator(other) && other.needsTls
  }

  get renews(): boolean {
    return this.#files.length > 0 || (this.#client?.renews ?? false)
  }

  get dependsOn(): SenderKeys {
    const { metadata = [], auth = [] } = this.#client?.dependsOn ?? {}
    const own = (source: 'from_context' | 'from_attribute'): string[] =>
      this.#config.headers.flatMap((header) => header[source] ?? [])
    return { metadata: [...own('from_context'), ...metadata], auth: [...own('from_attribute'), ...auth] }
  }

  get #client(): HttpAuthenticator | GrpcAuthenticator | undefined {
    const other = this.#other
    return other !== undefined && (isHttpAuthenticator(other) || isGrpcAuthenticator(other)) ? other : undefined
  }

  /** The other one comes last: it may sign what is set here. */
  authenticate(attempt: HttpAttempt, abort: AbortSignal): Proof | Promise<Proof> {
    const own = this.#apply(attempt.headers, attempt.context)
    const other = this.#other
    if (other === undefined) return own
    if (!isHttpAuthenticator(other))
      throw new PermanentError(`${this.#config.additional_auth} is no authenticator of HTTP clients`)
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries({ ...attempt.headers, ...own }))
      if (value !== undefined) headers[name] = value
    return this.#join(other.authenticate({ ...attempt, headers }, abort), (theirs) => ({ ...own, ...theirs }))
  }

  #join(inner: Proof | Promise<Proof>, join: (inner: Proof) => Proof): Proof | Promise<Proof> {
    if (inner instanceof Promise) return inner.then((proof) => this.#join(proof, join))
    const proof = join(inner)
    this.#inner.set(proof, inner)
    return proof
  }

  /** The other one comes first, as in the collector. */
  authenticateCall({ path, metadata, context }: GrpcAttempt, abort: AbortSignal): Proof | Promise<Proof> {
    const other = this.#other
    if (other === undefined) return this.#apply(metadata, context)
    if (!isGrpcAuthenticator(other))
      throw new PermanentError(`${this.#config.additional_auth} is no authenticator of gRPC clients`)
    return this.#join(other.authenticateCall({ path, metadata, context }, abort), (theirs) => ({
      ...theirs,
      ...this.#apply({ ...metadata, ...theirs }, context),
    }))
  }

  #apply(present: Proof, context: Sender | undefined): Proof {
    const set: Record<string, string | undefined> = Object.create(null)
    for (const { name, action, textFor } of this.#headers) {
      const isThere = ((Object.hasOwn(set, name) ? set[name] : present[name]) ?? '') !== ''
      if (action === 'delete') set[name] = undefined
      else if (action === 'upsert' || (action === 'update') === isThere) set[name] = checked(name, textFor(context))
    }
    return set
  }

  mend(refusal: HttpRefusal, abort: AbortSignal): boolean | Promise<boolean> {
    const proof = this.#inner.get(refusal.proof)
    const other = this.#other
    if (proof === undefined || other === undefined || !isHttpAuthenticator(other)) return false
    return other.mend?.({ ...refusal, proof }, abort) ?? false
  }

  mendCall(refused: Proof, abort: AbortSignal): boolean | Promise<boolean> {
    const proof = this.#inner.get(refused)
    const other = this.#other
    if (proof === undefined || other === undefined || !isGrpcAuthenticator(other)) return false
    return other.mendCall?.(proof, abort) ?? false
  }
}

function only(values: readonly string[] | undefined, name: string): string | undefined {
  if (values !== undefined && values.length > 1)
    throw new PermanentError(`the sender's ${name} has ${values.length} values, and only one can be set`, {
      reason: 'ambiguous_header',
    })
  return values?.[0]
}

/** As in the collector several are a list in JSON. */
const textOf = (values: readonly string[] | undefined): string | undefined =>
  values === undefined || values.length < 2 ? values?.[0] : JSON.stringify(values)

/** What senders say must not break out of its line. */
function checked(name: string, value: string): string {
  if (isValue(value)) return value
  throw new PermanentError(`the value for ${name} ${NO_VALUE}`, { reason: 'bad_header' })
}
