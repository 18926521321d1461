// Which proxy a request goes through, by the rules of Go's net/http.
import { BlockList, isIP } from 'node:net'
import { isLoopbackHost } from './loopback.ts'

/** Names are looked for in lower case first. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for a destination, undefined for none. A configured one is always used; one from the environment never for
 * this machine, nor for what NO_PROXY lists. Throws when the environment's proxy is no URL that can be used.
 */
export function proxyFor(destination: URL, configured: string, environment: Environment): URL | undefined {
  if (configured !== '') return parseProxy(configured, 'proxy_url')
  const name = destination.protocol === 'https:' ? 'https_proxy' : 'http_proxy'
  const text = fromEnvironment(environment, name)
  if (text === undefined || isBypassed(destination, fromEnvironment(environment, 'no_proxy') ?? '')) return undefined
  return parseProxy(/^[a-z0-9+.-]+:\/\//i.test(text) ? text : `http://${text}`, name.toUpperCase())
}

const fromEnvironment = (environment: Environment, name: string): string | undefined =>
  environment[name] || environment[name.toUpperCase()] || undefined

function parseProxy(text: string, source: string): URL {
  const problem = proxyProblem(text)
  if (problem !== undefined) throw new Error(`${source}: ${problem}`)
  return new URL(text)
}

/** Undefined when it can be used. Never shows the text: proxies have passwords. */
export function proxyProblem(text: string): string | undefined {
  if (/^socks[45]?[a-z]?:\/\//i.test(text)) return 'SOCKS proxies are not supported, http:// and https:// ones are'
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return 'must be like http://proxy.example.com:3128'
  return undefined
}

/** `*`, a name (itself and everything below), `.name` (only below), an address, a network; each with or without a port. */
function isBypassed(destination: URL, noProxy: string): boolean {
  const host = destination.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = destination.port || (destination.protocol === 'https:' ? '443' : '80')
  if (isLoopbackHost(host)) return true
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, host, port))
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isInNetwork(entry, host)
  const withPort = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry)
  if (withPort !== null && withPort[2] !== port) return false
  const name = (withPort?.[1] ?? entry).replace(/^\[|\]$/g, '').replace(/^\*\./, '.')
  if (name.startsWith('.')) return host.endsWith(name)
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`))
}

function isInNetwork(network: string, host: string): boolean {
  const family = isIP(host)
  const [address = '', bits = ''] = network.split('/')
  if (family === 0 || isIP(address) !== family || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
