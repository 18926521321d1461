// What a scraper is given, by its Accept header.
import { type EscapingScheme, schemes } from './escape.ts'
import type { Format } from './samples.ts'

export interface Negotiated {
  readonly format: Format
  readonly escaping: EscapingScheme
  readonly contentType: string
}

/** What cannot be given is not asked for again: the answer then is the text format, as from every Prometheus client. */
export function negotiate(accept: string | undefined, allowsOpenMetrics: boolean): Negotiated {
  let escaping: EscapingScheme = 'underscores'
  for (const { type, parameters } of clausesOf(accept ?? '')) {
    const asked = schemes.find((scheme) => scheme === parameters.get('escaping'))
    if (asked !== undefined) escaping = asked
    const version = parameters.get('version')
    if (type === OPEN_METRICS && allowsOpenMetrics && (version === '1.0.0' || version === '0.0.1' || !version))
      return answer('openmetrics', OPEN_METRICS, version ?? '0.0.1', escaping)
    if (type === TEXT && (version === TEXT_VERSION || !version)) break
  }
  return answer('text', TEXT, TEXT_VERSION, escaping)
}

const OPEN_METRICS = 'application/openmetrics-text'
const TEXT = 'text/plain'
const TEXT_VERSION = '0.0.4'

const answer = (format: Format, type: string, version: string, escaping: EscapingScheme): Negotiated => ({
  format,
  escaping,
  contentType: `${type}; version=${version}; charset=utf-8; escaping=${escaping}`,
})

interface Clause {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

/** The preferred one first (RFC 9110, 12.5.1); those with q=0 are refused and left out. */
function clausesOf(accept: string): Clause[] {
  const clauses = accept.split(',').map((clause) => {
    const [type = '', ...rest] = clause.split(';').map((part) => part.trim())
    const parameters = new Map(rest.map((part) => parameterOf(part)))
    const quality = Number(parameters.get('q') ?? 1)
    return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality }
  })
  return clauses.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality)
}

function parameterOf(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf('=')
  const value = equals < 0 ? '' : text.slice(equals + 1).trim()
  return [(equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase(), value.replace(/^"(.*)"$/, '$1')]
}

/** Whether the answer may be compressed with gzip. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  const clauses = clausesOf(acceptEncoding ?? '')
  return clauses.some(({ type }) => type === 'gzip' || type === 'x-gzip')
}
