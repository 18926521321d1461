// Which pages of other origins may send, https://fetch.spec.whatwg.org/#http-cors-protocol
import type { IncomingHttpHeaders } from 'node:http'
import type * as v from 'valibot'
import { section, setting, texts } from '../config/schema.ts'
import { integer } from '../config/values.ts'

export const corsSettings = section({
  allowed_origins: setting(
    texts,
    [],
    'Origins whose pages may send, such as https://app.example.com; * stands for any characters.',
  ),
  allowed_headers: setting(
    texts,
    [],
    'Headers that such a page may add; * is any. Default: Accept, Content-Type and X-Requested-With.',
  ),
  exposed_headers: setting(texts, [], 'Headers of the answer that such a page may read.'),
  max_age: setting(
    integer(-1),
    0,
    'Seconds that a browser may keep the permission; -1 is not at all, 0 its own default.',
  ),
})
export type CorsSettings = v.InferOutput<typeof corsSettings>

export interface Cors {
  /** The answer to `OPTIONS`: headers, name and value in turn. Without permission there is no Allow-Origin among them. */
  preflight(headers: IncomingHttpHeaders): string[]
  /** What is added to any other answer. */
  actual(headers: IncomingHttpHeaders): readonly string[]
}

/** Undefined when no origin is allowed: then nothing about other origins is said at all. */
export function createCors(settings: CorsSettings): Cors | undefined {
  if (settings.allowed_origins.length === 0) return undefined
  const isOriginAllowed = matcherOf(settings.allowed_origins)
  const isAnyOrigin = settings.allowed_origins.includes('*')
  const isHeaderAllowed = headersOf(settings.allowed_headers)
  const allowed = (origin: string): string[] => [
    'Access-Control-Allow-Origin',
    isAnyOrigin ? '*' : origin,
    'Access-Control-Allow-Credentials',
    'true',
  ]
  const exposed =
    settings.exposed_headers.length === 0 ? [] : ['Access-Control-Expose-Headers', settings.exposed_headers.join(', ')]
  const maxAge = settings.max_age === 0 ? [] : ['Access-Control-Max-Age', String(Math.max(0, settings.max_age))]
  return {
    preflight(headers) {
      const answer = ['Vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers']
      const { origin } = headers
      const method = headers['access-control-request-method']
      const wanted = headers['access-control-request-headers'] ?? ''
      if (!origin || !isOriginAllowed(origin) || !METHODS.includes(method ?? '') || !isHeaderAllowed(wanted))
        return answer
      answer.push(...allowed(origin), 'Access-Control-Allow-Methods', method!)
      if (wanted !== '') answer.push('Access-Control-Allow-Headers', wanted)
      return [...answer, ...maxAge]
    },
    actual({ origin }) {
      if (!origin || !isOriginAllowed(origin)) return VARY
      return [...VARY, ...allowed(origin), ...exposed]
    },
  }
}
const METHODS = ['GET', 'POST', 'HEAD']
const VARY = ['Vary', 'Origin']

function matcherOf(patterns: readonly string[]): (origin: string) => boolean {
  const split = patterns.map((pattern) => pattern.toLowerCase().split('*'))
  return (origin) => {
    const text = origin.toLowerCase()
    return split.some(([start, ...rest]) => {
      if (rest.length === 0) return text === start
      const end = rest.join('*')
      return text.length >= start!.length + end.length && text.startsWith(start!) && text.endsWith(end)
    })
  }
}

function headersOf(names: readonly string[]): (wanted: string) => boolean {
  if (names.includes('*')) return () => true
  const allowed = new Set(names.length === 0 ? ['accept', 'content-type', 'x-requested-with'] : names.map(lower))
  return (wanted) => wanted === '' || wanted.split(',').every((name) => allowed.has(name.trim().toLowerCase()))
}
const lower = (text: string): string => text.toLowerCase()
