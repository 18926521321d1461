// Certificates, of whoever listens and of whoever connects.
import { type Changes, made, type Scene, under } from './change.ts'
import { merge } from './paths.ts'

const heldBy = ['test/net/']
const tpm = /trusted platform module are not supported/

const files = ({ tls }: Scene): object => ({ cert_file: tls.cert, key_file: tls.key })
const common: Changes = {
  ca_pem: { value: ({ pem }: Scene) => pem.ca, change: 'whom to trust' },
  ca_file: { value: ({ tls }: Scene) => tls.ca, change: 'whom to trust' },
  include_system_ca_certs_pool: {
    value: true,
    change: "the system's authorities are trusted besides",
  },
  min_version: { value: '1.3', change: 'older versions are refused' },
  max_version: { value: '1.2', change: 'newer versions are refused' },
  cipher_suites: { value: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'], change: 'others are refused' },
  include_insecure_cipher_suites: {
    value: true,
    permits: true,
    with: (scene: Scene) => ({ ...files(scene), cipher_suites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }),
    change: 'weak suites may be listed',
  },
  curve_preferences: { value: ['P256'], change: 'the curves offered' },
  reload_interval: { value: '1m', change: 'a new certificate is in use after that time' },
  'tpm.enabled': { value: true, refused: tpm },
  'tpm.path': { value: '/dev/tpm0', with: { tpm: { enabled: true } }, refused: tpm },
  'tpm.auth': { value: 'x', with: { tpm: { enabled: true } }, refused: tpm },
  'tpm.owner_auth': { value: 'x', with: { tpm: { enabled: true } }, refused: tpm },
}
const identity: Changes = {
  cert_file: {
    value: ({ tls }: Scene) => tls.cert,
    with: ({ tls }: Scene) => ({ key_file: tls.key }),
    change: 'who we are',
  },
  key_file: {
    value: ({ tls }: Scene) => tls.key,
    with: ({ tls }: Scene) => ({ cert_file: tls.cert }),
    change: 'who we are',
  },
  cert_pem: {
    value: ({ pem }: Scene) => pem.cert,
    with: ({ pem }: Scene) => ({ key_pem: pem.key }),
    change: 'who we are',
  },
  key_pem: {
    value: ({ pem }: Scene) => pem.key,
    with: ({ pem }: Scene) => ({ cert_pem: pem.cert }),
    change: 'who we are',
  },
}

const onServer: Changes = {
  ...under(
    '',
    { ...common, client_ca_file: { value: ({ tls }: Scene) => tls.ca, change: 'clients must show a certificate' } },
    { with: files },
  ),
  include_system_ca_certs_pool: {
    value: true,
    with: (scene: Scene) => ({ ...files(scene), client_ca_file: scene.tls.ca }),
    change: "clients with certificates of the system's authorities are let in besides",
  },
  client_ca_file_reload: {
    value: true,
    with: (scene: Scene) => ({ ...files(scene), client_ca_file: scene.tls.ca }),
    change: 'a new client_ca_file is in use once it has changed',
  },
  ...identity,
}
const onClient: Changes = {
  ...under('', common, { with: files }),
  ...identity,
  insecure_skip_verify: { value: true, change: 'nobody is asked who they are' },
  server_name_override: { value: 'example.com', change: 'the name that the certificate must have' },
}

export const serverTlsChanges = (prefix: string): Changes => at(prefix, onServer)
/** `insecure` is not among them: what it changes is told by whoever connects. `secure` is what makes them connect by TLS. */
export const clientTlsChanges = (prefix: string, secure: (scene: Scene) => object): Changes =>
  Object.fromEntries(
    Object.entries(at(prefix, onClient)).map(([path, change]) => [
      path,
      { ...change, with: (scene: Scene) => merge(secure(scene), made(change.with ?? {}, scene)) as object },
    ]),
  )

/** Where the section stands, for what is needed besides as well. */
function at(prefix: string, changes: Changes): Changes {
  const around = (below: object): object =>
    prefix.split('.').reduceRight<object>((tree, key) => ({ [key]: tree }), below)
  return Object.fromEntries(
    Object.entries(changes).map(([path, change]) => [
      `${prefix}.${path}`,
      {
        heldBy,
        ...change,
        with: (scene: Scene) => around(typeof change.with === 'function' ? change.with(scene) : (change.with ?? {})),
      },
    ]),
  )
}
