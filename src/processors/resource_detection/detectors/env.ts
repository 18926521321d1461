// `env`: what the environment says in OTEL_RESOURCE_ATTRIBUTES.
import type { AnyValue } from '../../../data/index.ts'
import { compilePattern, type Pattern } from '../../../match/regexp.ts'
import type { ResourceDetectionConfig } from '../config.ts'
import { type Around, type Detect, nothing } from '../detector.ts'

/** Key, "=", value up to a comma or the end; spaces around them do not count. */
const ENTRY = /\s*([\0-\x7f]{1,256}?)\s*=\s*([\0-\x7f]{0,256}?)\s*(?:,|$)/y

export function createEnvDetector(
  { env: { attributes: wanted } }: ResourceDetectionConfig,
  { machine: { environment } }: Around,
): Detect {
  const included = wanted.included?.map(wildcards)
  const excluded = wanted.excluded?.map(wildcards) ?? []
  return async () => {
    const text = environment.OTEL_RESOURCE_ATTRIBUTES?.trim() || environment.OTEL_RESOURCE?.trim()
    if (!text) return nothing
    const attributes = new Map<string, AnyValue>()
    for (const [key, value] of parse(text)) {
      const isMeant = included?.some((pattern) => pattern.test(key)) ?? true
      if (isMeant && !excluded.some((pattern) => pattern.test(key))) attributes.set(key, value)
    }
    return { attributes, schemaUrl: '' }
  }
}

function parse(text: string): [key: string, value: string][] {
  const entries: [string, string][] = []
  ENTRY.lastIndex = 0
  while (ENTRY.lastIndex < text.length) {
    const at = ENTRY.lastIndex
    const match = ENTRY.exec(text)
    if (match === null)
      throw new Error(
        `OTEL_RESOURCE_ATTRIBUTES: must be like key=value,key=value, got ${JSON.stringify(text.slice(at))}`,
      )
    entries.push([match[1]!, unescaped(match[2]!)])
  }
  return entries
}

/** As in a URL's query. */
function unescaped(value: string): string {
  if (!/[%+]/.test(value)) return value
  if (/%(?![\da-f]{2})/i.test(value))
    throw new Error(`OTEL_RESOURCE_ATTRIBUTES: ${JSON.stringify(value)} has a % without two hexadecimal digits`)
  const bytes = value
    .replaceAll('+', ' ')
    .replaceAll(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** `*` is any characters, `?` any one. */
function wildcards(text: string): Pattern {
  const quoted = text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&')
  return compilePattern(`(?s)^${quoted.replaceAll('\\*', '.*').replaceAll('\\?', '.')}$`)
}
