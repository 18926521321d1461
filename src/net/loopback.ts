// Whether something is only for this machine.
import { isIP } from 'node:net'
import { parseEndpoint } from '../config/endpoint.ts'
import type { Address } from './listen.ts'

/** `localhost`, or an address of the loopback interface; brackets and a port are not part of it. */
export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** A socket in the file system is for this machine, too. */
export function isLoopback({ endpoint, transport }: Address): boolean {
  if (transport === 'unix') return true
  const { host } = parseEndpoint(endpoint)
  return host === undefined || isLoopbackHost(host)
}

/**
 * Whether a request to the loopback names another host: then it comes from a page in a browser, whose site had its name
 * lead here to read what is not for it. An address is nobody's site.
 */
export function namesOtherHost(host: string | undefined): boolean {
  const name = (host ?? '')
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
  return name !== '' && isIP(name) === 0 && name !== 'localhost' && !name.endsWith('.localhost')
}
