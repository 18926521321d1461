// TLS as the collector's settings have it, for servers and for clients.
import { readFile } from 'node:fs/promises'
import {
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
  type Server as TlsServer,
} from 'node:tls'
import * as v from 'valibot'
import { coded, type Message } from '../config/coded.ts'
import { optional, section, setting } from '../config/schema.ts'
import { duration, secret } from '../config/values.ts'
import { type Clock, type Logger, messageOf } from '../contract/index.ts'
import { cutOffLogger } from './cut-off-log.ts'
import { handshakeCause, handshakeError } from './handshake.ts'
import { cipherNames, curveNames, toOpenSslCiphers, toOpenSslCurves } from './tls-names.ts'

const version = v.picklist(['1.0', '1.1', '1.2', '1.3'], 'must be 1.0, 1.1, 1.2 or 1.3')
/** An unquoted 1.2 is a number in YAML. */
const versionText = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform((value) => (typeof value === 'number' ? value.toFixed(1) : value)),
  version,
)

const tpm = v.pipe(
  section({
    enabled: setting(v.boolean(), false, 'Whether the key is kept in a trusted platform module; not supported.'),
    path: optional(v.string(), 'The device.'),
    auth: optional(secret, 'The password of the key.'),
    owner_auth: optional(secret, 'The password of the owner.'),
  }),
  v.check(
    ({ enabled }) => !enabled,
    coded('unsupported_setting', 'keys in a trusted platform module are not supported: use key_file or key_pem'),
  ),
)

const common = {
  ca_file: optional(v.string(), 'Certificates of the authorities to trust, a PEM file. Default: those of the system.'),
  ca_pem: optional(secret, 'As ca_file, the PEM text itself.'),
  include_system_ca_certs_pool: setting(v.boolean(), false, 'Trusts the authorities of the system as well.'),
  cert_file: optional(v.string(), 'Own certificate with its chain, a PEM file.'),
  cert_pem: optional(secret, 'As cert_file, the PEM text itself.'),
  key_file: optional(v.string(), 'The private key of the certificate, a PEM file.'),
  key_pem: optional(secret, 'As key_file, the PEM text itself.'),
  min_version: setting(versionText, '1.2', 'The oldest TLS version to accept.'),
  max_version: optional(versionText, 'The newest TLS version to accept. Default: 1.3.'),
  cipher_suites: setting(
    v.array(
      v.picklist(
        cipherNames,
        ({ received }) => `unknown cipher suite ${received}; known are ${cipherNames.join(', ')}`,
      ),
    ),
    [],
    'Cipher suites for TLS 1.2 and older, as Go spells them. Default: a safe list.',
  ),
  include_insecure_cipher_suites: setting(v.boolean(), false, 'Allows weak ones in cipher_suites.'),
  curve_preferences: setting(
    v.array(v.picklist(curveNames, ({ received }) => `unknown curve ${received}; known are ${curveNames.join(', ')}`)),
    [],
    'Curves for the key exchange, the preferred one first.',
  ),
  reload_interval: setting(duration, '0s', 'How often certificate and key are read again; 0 is never.'),
  tpm: optional(tpm, 'Keys in a trusted platform module; not supported.'),
}
type Common = v.InferOutput<ReturnType<typeof section<typeof common>>>

/** With the setting to point at. */
type TlsProblem = [key: keyof Common, problem: Message]

/** What is wrong between settings. */
function problemsOf(tls: Common): TlsProblem[] {
  const problems: TlsProblem[] = []
  for (const name of ['ca', 'cert', 'key'] as const)
    if (has(tls[`${name}_file`]) && tls[`${name}_pem`] !== undefined)
      problems.push([`${name}_pem`, `give ${name}_file or ${name}_pem, not both`])
  if (hasCertificate(tls) !== hasKey(tls))
    problems.push(
      hasKey(tls)
        ? ['key_file', coded('missing_setting', 'a key needs its certificate (cert_file or cert_pem)')]
        : ['cert_file', coded('missing_setting', 'a certificate needs its key (key_file or key_pem)')],
    )
  if (tls.max_version !== undefined && tls.max_version < tls.min_version)
    problems.push(['max_version', `must be at least min_version (${tls.min_version}), got ${tls.max_version}`])
  const weak = toOpenSslCiphers(tls.cipher_suites).weak
  if (weak.length > 0 && !tls.include_insecure_cipher_suites)
    problems.push(['cipher_suites', `weak: ${weak.join(', ')}; allowed with include_insecure_cipher_suites: true`])
  return problems
}
const has = (text: string | undefined): boolean => text !== undefined && text !== ''
const hasCertificate = (tls: Common): boolean => has(tls.cert_file) || tls.cert_pem !== undefined
const hasKey = (tls: Common): boolean => has(tls.key_file) || tls.key_pem !== undefined

/** An issue at a setting of the section that is checked. */
const at = <T extends object>(input: T, key: string & keyof T) =>
  [{ type: 'object', origin: 'value', input: { ...input }, key, value: input[key] }] as [v.ObjectPathItem]

/** Settings of a listener. A section of its own: `tls: optional(serverTls, '…')`; absent means no TLS. */
export const serverTls = v.pipe(
  section({
    ...common,
    client_ca_file: optional(
      v.string(),
      'Clients must show a certificate signed by one of these authorities, a PEM file.',
    ),
    client_ca_file_reload: setting(v.boolean(), false, 'Reads client_ca_file again when it has changed.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    const tls = dataset.value
    for (const [key, message] of problemsOf(tls)) addIssue({ message, path: at(tls, key) })
    if (!hasCertificate(tls) && !hasKey(tls))
      addIssue({
        message: coded(
          'missing_setting',
          'a server needs a certificate and its key: cert_file and key_file, or cert_pem and key_pem',
        ),
      })
  }),
)
export type ServerTls = v.InferOutput<typeof serverTls>

/** Settings of whoever connects: `tls: setting(clientTls, {}, '…')`. */
export const clientTls = v.pipe(
  section({
    ...common,
    insecure: setting(v.boolean(), false, 'Connects without TLS (gRPC: plain text, unless a CA is given).'),
    insecure_skip_verify: setting(v.boolean(), false, 'Uses TLS without checking who answers.'),
    server_name_override: optional(v.string(), 'The name that the certificate must have, instead of the host.'),
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    for (const [key, message] of problemsOf(dataset.value)) addIssue({ message, path: at(dataset.value, key) })
  }),
)
export type ClientTls = v.InferOutput<typeof clientTls>

/** A certificate, key or authority cannot be used. */
class TlsFilesError extends Error {
  override readonly name = 'TlsFilesError'
}

/** Ready for `tls.createServer`, `http2.createSecureServer` and, later, `server.setSecureContext`. */
export interface ServerTlsOptions extends SecureContextOptions {
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
}

/** Reads the files. Throws when one is missing, is no PEM, or key and certificate do not belong together. */
export async function loadServerTls(config: ServerTls): Promise<ServerTlsOptions> {
  // As in the collector `ca_file` of a server decides nothing, but a wrong one is still an error.
  const [options, clientCa] = await Promise.all([
    secureOptions(config),
    readPem('client_ca_file', config.client_ca_file),
    authorities(config),
  ])
  if (clientCa !== undefined) {
    options.ca = config.include_system_ca_certs_pool ? [clientCa, ...getCACertificates('system')] : clientCa
  }
  const needsClient = clientCa !== undefined
  contextOf(options)
  return { ...options, requestCert: needsClient, rejectUnauthorized: needsClient }
}

/** Ready for `tls.connect` and `https.request`. */
export interface ClientTlsOptions extends SecureContextOptions {
  /** Of all that is above: made once, as a connection that had to make its own would parse every authority's certificate again. */
  readonly secureContext?: SecureContext
  readonly rejectUnauthorized: boolean
  readonly servername?: string
}

/**
 * Undefined for a connection without TLS: `insecure` and no CA. (For HTTP the endpoint's scheme decides, as in the
 * collector: an https endpoint with undefined has Node's defaults.)
 */
export async function loadClientTls(config: ClientTls): Promise<ClientTlsOptions | undefined> {
  const ca = await authorities(config)
  if (config.insecure && ca === undefined) return undefined
  const options = await secureOptions(config)
  const trusted = trustedBy(ca, config.include_system_ca_certs_pool)
  if (trusted !== undefined) options.ca = trusted
  const rejectUnauthorized = !config.insecure_skip_verify
  return {
    ...options,
    secureContext: contextOf(options),
    rejectUnauthorized,
    ...(has(config.server_name_override) && { servername: config.server_name_override! }),
  }
}

/** Undefined when Node's own list is enough: with an explicit one every context parses it again. */
function trustedBy(ca: string | undefined, includeSystem: boolean): string[] | undefined {
  if (ca !== undefined) return includeSystem ? [ca, ...getCACertificates('system')] : [ca]
  const bundled = new Set(getCACertificates('default'))
  const more = getCACertificates('system').filter((certificate) => !bundled.has(certificate))
  return more.length === 0 ? undefined : [...bundled, ...more]
}

async function secureOptions(config: Common): Promise<SecureContextOptions> {
  const [certificate, key] = await Promise.all([
    config.cert_pem === undefined ? readPem('cert_file', config.cert_file) : pem('cert_pem', config.cert_pem.reveal()),
    config.key_pem === undefined ? readPem('key_file', config.key_file) : pem('key_pem', config.key_pem.reveal()),
  ])
  const options: SecureContextOptions = { minVersion: toNodeVersion(config.min_version) }
  if (config.max_version !== undefined) options.maxVersion = toNodeVersion(config.max_version)
  if (certificate !== undefined) options.cert = certificate
  if (key !== undefined) options.key = key
  const { ciphers } = toOpenSslCiphers(config.cipher_suites)
  // OpenSSL has the old versions off unless the security level allows their hashes.
  if (config.min_version < '1.2') options.ciphers = `${ciphers ?? 'DEFAULT'}:@SECLEVEL=0`
  else if (ciphers !== undefined) options.ciphers = ciphers
  if (config.curve_preferences.length > 0) options.ecdhCurve = toOpenSslCurves(config.curve_preferences)
  return options
}

const toNodeVersion = (text: '1.0' | '1.1' | '1.2' | '1.3'): SecureVersion => (text === '1.0' ? 'TLSv1' : `TLSv${text}`)

const authorities = async (config: Common): Promise<string | undefined> =>
  config.ca_pem === undefined ? readPem('ca_file', config.ca_file) : pem('ca_pem', config.ca_pem.reveal())

async function readPem(setting: string, path: string | undefined): Promise<string | undefined> {
  if (!has(path)) return undefined
  const text = await readFile(path!, 'utf8').catch((error: unknown) => {
    throw new TlsFilesError(`tls::${setting}: ${messageOf(error)}`, { cause: error })
  })
  return pem(setting, text, path)
}

function pem(setting: string, text: string, path = 'the text'): string {
  if (!text.includes('-----BEGIN ')) throw new TlsFilesError(`tls::${setting}: ${path} has no PEM block`)
  return text
}

/** What OpenSSL does not take is better known at start than at the first handshake. */
function contextOf(options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    throw new TlsFilesError(`tls: ${messageOf(error)}`, { cause: error })
  }
}

/** How often a client CA file is looked at, unless `reload_interval` says otherwise. */
const CLIENT_CA_POLL_MS = 10_000

/** The interval at which `keepFresh` is wanted; undefined is never. */
export const reloadIntervalOf = (config: ServerTls | ClientTls): number | undefined =>
  config.reload_interval > 0
    ? config.reload_interval
    : 'client_ca_file_reload' in config && config.client_ca_file_reload
      ? CLIENT_CA_POLL_MS
      : undefined

/** A TLS server of that kind, with certificates that stay fresh. `stop` ends the looking after files. */
export async function createSecureServer<S extends TlsServer>(
  tls: ServerTls,
  settings: { readonly clock: Clock; readonly log: Logger },
  of: { create(loaded: SecureContextOptions): S; onRefused(reason: string): void },
): Promise<{ server: S; stop: (() => void) | undefined }> {
  const load = () => loadServerTls(tls)
  const loaded = await load()
  const server = of.create(loaded)
  const tell = cutOffLogger('a TLS handshake has failed', settings)
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const cause = handshakeCause(error, socket)
    if (cause !== undefined) {
      of.onRefused('tls_handshake')
      tell({ reason: 'tls_handshake', cause, peer: socket.remoteAddress, error: handshakeError(error) })
    }
    socket.destroy()
  })
  const intervalMs = reloadIntervalOf(tls)
  if (intervalMs === undefined) return { server, stop: undefined }
  const apply = (options: SecureContextOptions): void => server.setSecureContext(options)
  return { server, stop: keepFresh({ loaded, load, apply, intervalMs }, settings) }
}

/**
 * Loads again every `intervalMs` and hands over what has changed, off the path of any handshake. A file that cannot be read
 * keeps what was there, and says so. Returns what stops it.
 */
export function keepFresh<O>(
  of: {
    readonly loaded: O
    readonly load: () => Promise<O>
    readonly apply: (options: O) => void
    readonly intervalMs: number
  },
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): () => void {
  let isStopped = false
  let last = JSON.stringify(of.loaded)
  let cancel: () => void
  const wait = (): void => {
    cancel = clock.after(of.intervalMs, () => void reload())
  }
  const reload = async (): Promise<void> => {
    try {
      const options = await of.load()
      const now = JSON.stringify(options)
      if (!isStopped && last !== now) of.apply(options)
      last = now
    } catch (error) {
      log.warn('tls files cannot be read, what was read before stays', { error: messageOf(error) })
    }
    if (!isStopped) wait()
  }
  wait()
  return () => {
    isStopped = true
    cancel()
  }
}
