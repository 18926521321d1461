// Who sends: extensions that prove it for clients, and that find it out for servers. Both are pointed to by
// `auth: {authenticator: <id>}`.
import type { Context } from '../data/index.ts'
import type { Extension } from './component.ts'

/** One attempt at a request, as it will go out. */
export interface HttpAttempt {
  readonly method: string
  /** The whole URL. */
  readonly url: URL
  /** Names in lower case, with `host`; what belongs to the connection is not here. */
  readonly headers: Readonly<Record<string, string>>
  /** The body, compressed if it is: read, never kept, never changed. */
  readonly chunks: readonly Uint8Array[]
  /** Of the batch that goes out; undefined for a request that carries none. */
  readonly context?: Sender | undefined
}

/** What is known about who sent a batch. Behind a batch processor only what it keeps apart (`metadata_keys`). */
export type Sender = Pick<Context, 'metadata' | 'auth'>

/** An answer of 4xx. */
export interface HttpRefusal {
  readonly url: URL
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
  /** What `authenticate` gave for the attempt that was refused: the very object. */
  readonly proof: Proof
}

/** Headers, names in lower case; they replace others of the same name, and undefined removes those. */
export type Proof = Readonly<Record<string, string | undefined>>

/** What every authenticator of clients may say about itself, once it has started. */
interface ClientAuthenticator extends Extension {
  /**
   * What it proves with is replaced while the agent runs, in a file or by an issuer. A destination that refuses it (401,
   * UNAUTHENTICATED), mended or not, is asked again as delivery does; what is not replaced is refused for good.
   */
  readonly renews?: boolean
  /** What of the sender decides on the proof: an exporter never joins batches that differ in it. */
  readonly dependsOn?: SenderKeys
}

export interface SenderKeys {
  readonly metadata: readonly string[]
  readonly auth: readonly string[]
}

export interface HttpAuthenticator extends ClientAuthenticator {
  /**
   * The headers that say who sends. Asked for each attempt.
   * A rejection is the attempt's: a `RetryableError` when it may work later (the token's issuer is down).
   */
  authenticate(attempt: HttpAttempt, abort: AbortSignal): Proof | Promise<Proof>
  /**
   * True when the same request may pass now, authenticated once more: there is another token, the clock is right. Asked
   * about each refusal, and followed twice a request at most. Rejects with a `RetryableError` when the request may pass later.
   */
  mend?(refusal: HttpRefusal, abort: AbortSignal): boolean | Promise<boolean>
}

export const isHttpAuthenticator = (extension: Extension): extension is HttpAuthenticator =>
  'authenticate' in extension && typeof extension.authenticate === 'function'

/** One call of gRPC, as it will go out. */
export interface GrpcAttempt {
  /** `/opentelemetry.proto.collector.trace.v1.TraceService/Export` */
  readonly path: string
  /** Names in lower case. */
  readonly metadata: Readonly<Record<string, string>>
  readonly context?: Sender | undefined
}

export interface GrpcAuthenticator extends ClientAuthenticator {
  /** What it sends is secret: a client without TLS does not start with it. */
  readonly needsTls: boolean
  /** The metadata that says who sends, for each call. As `HttpAuthenticator.authenticate`. */
  authenticateCall(attempt: GrpcAttempt, abort: AbortSignal): Proof | Promise<Proof>
  /** As `HttpAuthenticator.mend`, when the answer was UNAUTHENTICATED to a call with that proof; followed once a call. */
  mendCall?(refused: Proof, abort: AbortSignal): boolean | Promise<boolean>
}

export const isGrpcAuthenticator = (extension: Extension): extension is GrpcAuthenticator =>
  'authenticateCall' in extension && typeof extension.authenticateCall === 'function'

/** A request to a server, before its body is read. */
export interface IncomingHead {
  readonly transport: 'http' | 'grpc'
  /** The first value; names in lower case. */
  header(name: string): string | undefined
  /** Without a port. */
  readonly clientAddress: string | undefined
}

/** What an authenticator found out, by attribute (`subject`, `username`): it becomes the context's `auth`. */
export type Identity = NonNullable<Context['auth']>

export interface ServerAuthenticator extends Extension {
  /**
   * Who sends. Fails with an `UnauthenticatedError` when that is not proven, with a `RetryableError` when it cannot be
   * checked now. Ends by itself, soon: nothing of the request is read until then.
   */
  identify(head: IncomingHead): Identity | Promise<Identity>
}

export const isServerAuthenticator = (extension: Extension): extension is ServerAuthenticator =>
  'identify' in extension && typeof extension.identify === 'function'

/** The sender is not who may send. The message is for the sender: what is missing or wrong, never what would be right. */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError'
  /** For WWW-Authenticate: `Basic realm="sluice"`, `Bearer`. */
  readonly challenge: string

  constructor(message: string, challenge: string) {
    super(message)
    this.challenge = challenge
  }
}
