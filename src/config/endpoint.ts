// Where things listen and where they connect to.
import * as v from 'valibot'
import { coded } from './coded.ts'
import type { ProblemCode } from './problem-code.ts'

/** A host and a port, or the path of a Unix socket. An empty host is every interface. */
export type Endpoint =
  | { readonly host: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string; readonly host?: undefined; readonly port?: undefined }

/** `localhost:4317`, `:4317`, `[::1]:4317`, `unix:///run/x.sock`. Throws an Error that says what is wrong. */
export function parseEndpoint(text: string): Endpoint {
  if (text === '') throw new Error('must not be empty')
  if (/^\d{1,5}$/.test(text)) throw new Error(`the host is missing: localhost:${text}, or :${text} for every interface`)
  const socket = /^unix:(?:\/\/)?(.*)$/s.exec(text)
  if (socket !== null) return parseSocket(socket[1]!)
  if (text.startsWith('/') || text.startsWith('@/')) return parseSocket(text)
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text)
  if (scheme !== null) throw new Error(`must be host:port, without ${scheme[1]}://`)
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text)
  if (bracketed !== null) {
    if (!isIpv6(bracketed[1]!)) throw new Error(`[${bracketed[1]}] is no IPv6 address`)
    return { host: bracketed[1]!, port: parsePort(bracketed[2]) }
  }
  const colons = text.split(':').length - 1
  if (colons > 1 && isIpv6(text)) throw new Error(`an IPv6 address stands in brackets: [${text}]:4317`)
  if (colons > 1) throw new Error('must be host:port')
  const [host = '', port] = text.split(':')
  if (!/^[\p{L}\p{N}_.*-]*$/u.test(host)) throw new Error(`${JSON.stringify(host)} is no host`)
  return { host, port: parsePort(port) }
}

function parseSocket(path: string): Endpoint {
  if (path === '') throw new Error('the path of the socket is missing')
  if (path.includes('\0')) throw new Error('a path has no zero byte')
  return { path }
}

const isIpv6 = (text: string): boolean => URL.canParse(`http://[${text.replace(/%.*$/, '')}]`)

function parsePort(text: string | undefined): number {
  if (text === undefined || text === '') throw new Error('the port is missing')
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new Error(`${text.slice(0, 20)} is no port: ports go from 0 to 65535`)
  return port
}

/** A text that a function takes without throwing; `kind` is for shapes, `code` for what it throws. */
export const parsedText = (parse: (text: string) => unknown, kind: string, code: ProblemCode) =>
  v.pipe(
    v.string('must be a text'),
    v.rawCheck<string>(({ dataset, addIssue }) => {
      if (!dataset.typed) return
      try {
        parse(dataset.value)
      } catch (error) {
        addIssue({ message: coded(code, error instanceof Error ? error.message : String(error)) })
      }
    }),
    v.metadata({ kind }),
  )

/** Where a server listens; `parseEndpoint` takes it apart. */
export const endpoint = parsedText(parseEndpoint, 'endpoint', 'bad_endpoint')

/** Throws an Error that says what is wrong. */
export function parseHttpUrl(text: string): URL {
  if (text === '') throw new Error('must not be empty')
  if (!/^https?:\/\//i.test(text)) {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)
    throw new Error(`must begin with http:// or https://${scheme ? `, not ${scheme[1]}://` : ''}`)
  }
  if (/\s/.test(text) || !URL.canParse(text)) throw new Error('is no URL')
  return new URL(text)
}

/** Where an HTTP client connects to. */
export const url = parsedText(parseHttpUrl, 'url', 'bad_url')
