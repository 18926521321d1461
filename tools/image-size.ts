// How large the container image is, from its parts: `node tools/image-size.ts` after `npm run build`. What the Dockerfile copies is measured here;
// the base images are what their publishers say. docs/container.md has the figures, and a test holds it to them.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Part {
  readonly name: string
  /** Undefined for base images, of which only the other is published. */
  readonly unpackedBytes: number | undefined
  /** As a registry sends it. */
  readonly compressedBytes: number
}

/**
 * node:26-slim for linux/amd64, sha256:62063bd1c3bcd5d11f75f27b4c4a46e852ccc5467f5869c6fb699f513239b310 (Node 26.5.0 of July 2026), as its manifest
 * says: the layers of Debian, and of Node with npm.
 */
const BASE: readonly Part[] = [
  { name: 'Debian 13, slim', unpackedBytes: undefined, compressedBytes: 29_785_419 },
  { name: 'Node 26 and npm', unpackedBytes: undefined, compressedBytes: 54_836_932 },
]

export function imageParts(): Part[] {
  const paths = copied().map(({ from }) => from)
  const others = paths.filter((path) => path !== 'dist')
  return [
    ...BASE,
    partOf('`dist/`: all components, all libraries, their licences', ['dist']),
    partOf('configs and manual', others),
  ]
}

/** What the Dockerfile copies, and where to in the image. */
export function copied(): { readonly from: string; readonly to: string }[] {
  const stage = readFileSync('Dockerfile', 'utf8')
    .split('\nFROM ')
    .find((one) => one.startsWith('scratch AS files\n'))
  return [...(stage ?? '').matchAll(/^COPY (--from=build )?(.*) (\S+)$/gm)].flatMap(([, isBuilt, sources, to]) =>
    sources!.split(' ').map((source) => ({
      from: isBuilt === undefined ? source : source.replace('/sluice/', ''),
      to: to!.endsWith('/') ? to! + source : to!,
    })),
  )
}

/** Types for authors of plugins are built where there is a tsconfig, which is not in the image's build. */
const isShipped = (path: string): boolean => !path.startsWith('dist/types')

function partOf(name: string, paths: readonly string[]): Part {
  const texts = paths
    .flatMap(filesIn)
    .filter(isShipped)
    .map((path) => readFileSync(path))
  const all = Buffer.concat(texts)
  return { name, unpackedBytes: all.length, compressedBytes: gzipSync(all).length }
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .sort()
}

/** A row of the table in docs/container.md. */
export const rowOf = ({ name, unpackedBytes, compressedBytes }: Part): string =>
  `| ${name} | ${unpackedBytes === undefined ? '' : megabytes(unpackedBytes)} | ${megabytes(compressedBytes)} |`

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1)} MB`

if (import.meta.main) {
  const parts = imageParts()
  const compressedBytes = parts.reduce((sum, part) => sum + part.compressedBytes, 0)
  for (const part of [...parts, { name: 'image', unpackedBytes: undefined, compressedBytes }]) console.log(rowOf(part))
}
