// Cookies that a destination sets, for load balancers that keep a client on one server by them. RFC 6265, 5.3 and 5.4,
// for requests that all come from one config: no public suffixes, no scripts, no sites.
import type { Clock } from '../contract/index.ts'

interface Cookie {
  readonly name: string
  readonly value: string
  /** The host that set it, or the domain it named. */
  readonly domain: string
  readonly isHostOnly: boolean
  readonly path: string
  readonly isSecure: boolean
  /** Milliseconds since the epoch; Infinity for as long as the agent runs. */
  readonly expiresAt: number
}

/** More than any balancer needs; the oldest goes. */
const MAX_COOKIES = 64
const MAX_COOKIE_LENGTH = 4096

export class CookieJar {
  readonly #clock: Clock
  readonly #cookies = new Map<string, Cookie>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The Cookie header for a request to that URL, undefined for none. */
  headerFor(url: URL): string | undefined {
    if (this.#cookies.size === 0) return undefined
    const now = this.#clock.now()
    const pairs: string[] = []
    for (const [key, cookie] of this.#cookies) {
      if (cookie.expiresAt <= now) this.#cookies.delete(key)
      else if (belongs(cookie, url)) pairs.push(`${cookie.name}=${cookie.value}`)
    }
    return pairs.length === 0 ? undefined : pairs.join('; ')
  }

  /** The Set-Cookie headers of an answer from that URL. */
  take(url: URL, setCookies: readonly string[] | undefined): void {
    for (const text of setCookies ?? []) {
      const cookie = text.length <= MAX_COOKIE_LENGTH ? parseCookie(text, url, this.#clock.now()) : undefined
      if (cookie === undefined) continue
      const key = `${cookie.name}\n${cookie.domain}\n${cookie.path}`
      this.#cookies.delete(key)
      this.#cookies.set(key, cookie)
      if (this.#cookies.size > MAX_COOKIES) this.#cookies.delete(this.#cookies.keys().next().value!)
    }
  }
}

/** set-cookie = name "=" value *( ";" attribute [ "=" value ] ) */
function parseCookie(text: string, url: URL, now: number): Cookie | undefined {
  const [pair = '', ...attributes] = text.split(';')
  const equals = pair.indexOf('=')
  const name = pair.slice(0, equals).trim()
  const value = pair.slice(equals + 1).trim()
  if (equals < 1 || !/^[\x21-\x7e]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) return undefined
  let domain = url.hostname
  let isHostOnly = true
  let path = url.pathname.slice(0, url.pathname.lastIndexOf('/')) || '/'
  let isSecure = false
  let expiresAt = Number.POSITIVE_INFINITY
  let hasMaxAge = false
  for (const attribute of attributes) {
    const [key = '', ...rest] = attribute.split('=')
    const given = rest.join('=').trim()
    switch (key.trim().toLowerCase()) {
      case 'domain': {
        const named = given.replace(/^\./, '').toLowerCase()
        if (named === '') break
        // A cookie for others is refused; one for a whole top-level domain would be, too.
        if (named !== url.hostname && !(named.includes('.') && url.hostname.endsWith(`.${named}`))) return undefined
        domain = named
        isHostOnly = false
        break
      }
      case 'path':
        if (given.startsWith('/')) path = given
        break
      case 'secure':
        isSecure = true
        break
      case 'max-age':
        if (!/^-?\d+$/.test(given)) break
        expiresAt = now + Number(given) * 1000
        hasMaxAge = true
        break
      case 'expires': {
        const at = Date.parse(given)
        if (!hasMaxAge && !Number.isNaN(at)) expiresAt = at
        break
      }
    }
  }
  return { name, value, domain, isHostOnly, path, isSecure, expiresAt }
}

function belongs(cookie: Cookie, url: URL): boolean {
  if (cookie.isSecure && url.protocol !== 'https:') return false
  const isHost = url.hostname === cookie.domain || (!cookie.isHostOnly && url.hostname.endsWith(`.${cookie.domain}`))
  const isPath =
    url.pathname === cookie.path ||
    (url.pathname.startsWith(cookie.path) &&
      (cookie.path.endsWith('/') || url.pathname.charAt(cookie.path.length) === '/'))
  return isHost && isPath
}
