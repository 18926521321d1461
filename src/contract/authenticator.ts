// How a sender proves who it is: an extension that HTTP clients are pointed to by `auth: {authenticator: <id>}`.
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
}

/** An answer of 4xx. */
export interface HttpRefusal {
  readonly url: URL
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
  /** What `authenticate` gave for the attempt that was refused: the very object. */
  readonly proof: Readonly<Record<string, string>>
}

export interface HttpAuthenticator extends Extension {
  /**
   * The headers that say who sends, names in lower case; they replace others of the same name. Asked for each attempt.
   * A rejection is the attempt's: a `RetryableError` when it may work later (the token's issuer is down).
   */
  authenticate(
    attempt: HttpAttempt,
    abort: AbortSignal,
  ): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /**
   * True when the same request may pass now, authenticated once more: there is another token, the clock is right. Asked
   * about each refusal, and followed twice a request at most. Rejects with a `RetryableError` when the request may pass later.
   */
  mend?(refusal: HttpRefusal, abort: AbortSignal): boolean | Promise<boolean>
}

export const isHttpAuthenticator = (extension: Extension): extension is HttpAuthenticator =>
  'authenticate' in extension && typeof extension.authenticate === 'function'
