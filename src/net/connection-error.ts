// A failed connection in words that say what to do.
import { messageOf, RetryableError } from '../contract/index.ts'

/** No answer, or half of one: it may work later. `where` is host and port, `proxy` who was connected to instead. */
export function connectionError(error: unknown, where: string, proxy?: URL): RetryableError {
  const way = proxy === undefined ? where : `${where}: proxy ${proxy.host}`
  return new RetryableError(`${way}: ${explain(error)}`, { reason: 'connection_error', cause: error })
}

/** The other side closed the connection. */
export const isClosed = (error: unknown): boolean => codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE'

function explain(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error
  const code = codeOf(first) ?? (first instanceof Error ? codeOf(first.cause) : undefined)
  const hint = HINTS[code ?? ''] ?? (code?.startsWith('HPE_') ? HINTS.HPE : undefined)
  // One line an address, when a name has several and none answers.
  const text = error instanceof AggregateError ? error.errors.map(textOf).join('; ') : textOf(error)
  const known = text === '' ? (code ?? 'unknown error') : text
  return hint === undefined ? known : `${known} (${hint})`
}

/** OpenSSL has a few words for people among much else, as a member of the error or in the midst of its message. */
export function textOf(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string' && 'library' in error)
    return error.reason
  const message = messageOf(error)
  return OPENSSL.exec(message)?.[1] ?? message
}
const OPENSSL = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/

const UNTRUSTED = 'the certificate is not signed by an authority that is trusted: give it in tls::ca_file'
const OWN_CERTIFICATE = 'the server wants a certificate: give tls::cert_file and tls::key_file'
const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server does not answer',
  ECONNRESET: 'the server closed the connection',
  EPIPE: 'the server closed the connection',
  HPE: 'the answer is no HTTP/1.1: is it a port for gRPC, or one for TLS?',
  EPROTO: 'the server does not speak TLS, or not in a version and with ciphers that fit: is it a port without TLS?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS: is it a port without?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not speak TLS: is it a port without?',
  ERR_HTTP2_ERROR: 'the server does not speak HTTP/2: is it a port for OTLP/HTTP, or one for TLS?',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: OWN_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'no ciphers in common, or the server wants a certificate',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name: see tls::server_name_override',
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
