// Go's names of cipher suites and curves, and what OpenSSL calls them.

interface Suite {
  readonly openSsl: string
  /** No forward secrecy, or a hash that is not what it was. */
  readonly isWeak?: true
}

/** TLS 1.3 suites are always on, as in Go, where a list does not change them either. */
const suites: Readonly<Record<string, Suite>> = {
  TLS_AES_128_GCM_SHA256: { openSsl: 'TLS_AES_128_GCM_SHA256' },
  TLS_AES_256_GCM_SHA384: { openSsl: 'TLS_AES_256_GCM_SHA384' },
  TLS_CHACHA20_POLY1305_SHA256: { openSsl: 'TLS_CHACHA20_POLY1305_SHA256' },
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: { openSsl: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: { openSsl: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: { openSsl: 'ECDHE-RSA-AES128-GCM-SHA256' },
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: { openSsl: 'ECDHE-RSA-AES256-GCM-SHA384' },
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: { openSsl: 'ECDHE-RSA-CHACHA20-POLY1305' },
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: { openSsl: 'ECDHE-ECDSA-CHACHA20-POLY1305' },
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: { openSsl: 'ECDHE-ECDSA-AES128-SHA' },
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: { openSsl: 'ECDHE-ECDSA-AES256-SHA' },
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: { openSsl: 'ECDHE-RSA-AES128-SHA' },
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: { openSsl: 'ECDHE-RSA-AES256-SHA' },
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: { openSsl: 'ECDHE-ECDSA-AES128-SHA256', isWeak: true },
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: { openSsl: 'ECDHE-RSA-AES128-SHA256', isWeak: true },
  TLS_RSA_WITH_AES_128_CBC_SHA: { openSsl: 'AES128-SHA', isWeak: true },
  TLS_RSA_WITH_AES_256_CBC_SHA: { openSsl: 'AES256-SHA', isWeak: true },
  TLS_RSA_WITH_AES_128_CBC_SHA256: { openSsl: 'AES128-SHA256', isWeak: true },
  TLS_RSA_WITH_AES_128_GCM_SHA256: { openSsl: 'AES128-GCM-SHA256', isWeak: true },
  TLS_RSA_WITH_AES_256_GCM_SHA384: { openSsl: 'AES256-GCM-SHA384', isWeak: true },
}
export const cipherNames = Object.keys(suites)

/** `ciphers` is undefined for the default list. */
export function toOpenSslCiphers(names: readonly string[]): { ciphers: string | undefined; weak: string[] } {
  if (names.length === 0) return { ciphers: undefined, weak: [] }
  const always = cipherNames.filter((name) => isTls13(name))
  const chosen = [...always, ...names.filter((name) => !isTls13(name))]
  return {
    ciphers: chosen.map((name) => suites[name]!.openSsl).join(':'),
    weak: names.filter((name) => suites[name]?.isWeak),
  }
}
const isTls13 = (name: string): boolean => !name.includes('_WITH_')

const curves: Readonly<Record<string, string>> = {
  X25519MLKEM768: 'X25519MLKEM768',
  X25519: 'X25519',
  P256: 'prime256v1',
  P384: 'secp384r1',
  P521: 'secp521r1',
}
export const curveNames = Object.keys(curves)

export const toOpenSslCurves = (names: readonly string[]): string => names.map((name) => curves[name]).join(':')
