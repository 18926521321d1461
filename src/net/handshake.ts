// Why a TLS handshake has failed, in the few words that `sluice explain tls_handshake` has advice for.
import type { TLSSocket } from 'node:tls'

/** Undefined when nobody refused anything: the client left, or had to give way. */
export function handshakeCause(
  error: NodeJS.ErrnoException,
  socket: Pick<TLSSocket, 'authorizationError'>,
): string | undefined {
  // Node closes such a connection itself, which is all that its error says.
  if (socket.authorizationError) return 'client certificate not trusted'
  const code = error.code ?? ''
  if (code === 'ECONNRESET') return undefined
  return CAUSES.find(([pattern]) => pattern.test(code))?.[1] ?? 'other'
}

/** What OpenSSL and Node call it. Alerts are what the client has said. */
const CAUSES: readonly (readonly [code: RegExp, cause: string])[] = [
  [/NO_SHARED_CIPHER/, 'no shared cipher'],
  [/NO_SHARED_GROUP|NO_SUITABLE_KEY_SHARE|NO_SUITABLE_GROUPS/, 'no shared curve'],
  [/DID_NOT_RETURN_A_CERTIFICATE/, 'certificate required'],
  [/NO_APPLICATION_PROTOCOL/, 'no shared protocol'],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|ALERT_PROTOCOL_VERSION/, 'wrong version'],
  [/WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|RECORD_TOO_LARGE/, 'not TLS'],
  [/ALERT_(UNKNOWN_CA|(BAD_|UNSUPPORTED_)?CERTIFICATE)/, 'server certificate not trusted'],
  [/ALERT/, 'refused by the client'],
  [/^ERR_TLS_HANDSHAKE_TIMEOUT$/, 'no answer in time'],
]

/** In OpenSSL's few words; the whole of it begins with a number that is never the same. */
export const handshakeError = (error: NodeJS.ErrnoException & { readonly reason?: string }): string =>
  error.reason ?? error.message
