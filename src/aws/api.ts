// What the AWS components ask of the client that they share, and what it answers.

/** One AWS API: how its requests are addressed, signed and written. */
export interface AwsApi {
  /** The name in the signature: `logs`, `monitoring`, `xray`, `firehose`, `s3`, `ecs`. */
  readonly signingName: string
  /** The first part of its host name, `logs` in `logs.eu-west-1.amazonaws.com`. */
  readonly endpointPrefix: string
  /** The environment variable and profile key of a custom endpoint: `CLOUDWATCH_LOGS` in `AWS_ENDPOINT_URL_CLOUDWATCH_LOGS`. */
  readonly endpointVariable: string
  readonly protocol: AwsProtocol
}

/**
 * `json`: `POST /` with `X-Amz-Target: <targetPrefix>.<operation>`. `rest-json`: JSON posted to a path of the operation.
 * `query`: form fields, answered in XML. `rest-xml`: S3.
 */
export type AwsProtocol =
  | { readonly type: 'json'; readonly version: '1.0' | '1.1'; readonly targetPrefix: string }
  | { readonly type: 'rest-json' }
  | { readonly type: 'query'; readonly version: string }
  | { readonly type: 'rest-xml' }

export interface AwsCall {
  /** `PutLogEvents`; with `rest-json` and `rest-xml` its path, percent-encoded: `/TraceSegments`. */
  readonly operation: string
  /** `POST` unless it says otherwise. */
  readonly method?: 'POST' | 'PUT' | 'GET'
  /** The body, written by the caller in the API's protocol; never joined, never changed until the promise settles. */
  readonly chunks: readonly Uint8Array[]
  readonly sizeBytes: number
  readonly headers?: Readonly<Record<string, string>>
  /** Another place than the client's own: S3 has a host for each bucket. Its path stands before that of the operation. */
  readonly endpoint?: URL
  /** Of the body, where the caller has it: SHA-256 in hexadecimal. */
  readonly payloadHash?: string
}

/**
 * Why AWS refused, as far as the caller must tell refusals apart.
 * `throttled` and `transient`: the same request may pass later. `credentials`: so may it once there are fresh ones (the
 * client has already tried). `denied`: a person must change a policy. `missing`: a named resource does not exist.
 * `exists`: it does already. `too_large`: a smaller request may pass. `invalid`: this request never will.
 */
export type AwsRefusal =
  | 'throttled'
  | 'transient'
  | 'credentials'
  | 'denied'
  | 'missing'
  | 'exists'
  | 'too_large'
  | 'invalid'

/** An answer of AWS that is not a success, or no answer at all (`transient`, status 0). */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  readonly refusal: AwsRefusal
  /** The name that AWS gave it: `ThrottlingException`, `ResourceNotFoundException`. */
  readonly code: string
  /** Of HTTP; 0 without an answer. */
  readonly status: number
  /** As the server asked, in milliseconds. */
  readonly waitMs: number | undefined

  constructor(
    refusal: AwsRefusal,
    code: string,
    message: string,
    { status = 0, waitMs }: { readonly status?: number; readonly waitMs?: number | undefined } = {},
  ) {
    super(message)
    this.refusal = refusal
    this.code = code
    this.status = status
    this.waitMs = waitMs
  }
}
