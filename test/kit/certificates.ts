// Certificates for tests, made on the spot: an authority, and pairs that it has signed.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface Pair {
  readonly cert: string
  readonly key: string
}

export async function authority(
  name = 'test authority',
): Promise<Pair & { issue(commonName: string, validUntil?: Date): Promise<Pair> }> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const ca = { cert: made.cert, key: made.private }
  return {
    ...ca,
    /** For servers on this machine, and for clients. */
    async issue(commonName, validUntil) {
      const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }], {
        keyType: 'ec',
        algorithm: 'sha256',
        ca,
        ...(validUntil && { notBeforeDate: new Date(validUntil.getTime() - 86_400_000), notAfterDate: validUntil }),
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          {
            name: 'subjectAltName',
            altNames: [
              { type: 2, value: 'localhost' },
              { type: 2, value: commonName },
              { type: 7, ip: '127.0.0.1' },
            ],
          },
        ],
      })
      return { cert, key }
    },
  }
}

/** Writes `<name>.crt` and `<name>.key`. */
export function writePair(folder: string, name: string, { cert, key }: Pair): { cert_file: string; key_file: string } {
  const paths = { cert_file: join(folder, `${name}.crt`), key_file: join(folder, `${name}.key`) }
  writeFileSync(paths.cert_file, cert)
  writeFileSync(paths.key_file, key)
  return paths
}
