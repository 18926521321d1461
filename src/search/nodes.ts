// What a server says about the nodes of its cluster, reduced to what the official clients can read: they throw on anything else,
// where nobody catches it.
import type { HttpReply } from '../net/http-reply.ts'

/** `hostname/ip:port` or `ip:port`. */
const ADDRESS = /^(?:[^\s/]+\/)?[^\s/]+:\d{1,5}$/

/** As a failure of the server when there is no node with an address in it. */
export function tidyNodes(reply: HttpReply): HttpReply {
  const nodes: Record<string, object> = {}
  for (const [id, node] of Object.entries(objectAt(parse(reply.body), 'nodes') ?? {})) {
    const address = objectAt(node, 'http')?.publish_address
    if (typeof address !== 'string' || !ADDRESS.test(address) || !URL.canParse(`http://${address}`)) continue
    const roles: unknown = isObject(node) ? node.roles : undefined
    const texts = Array.isArray(roles) ? roles.filter((role): role is string => typeof role === 'string') : []
    nodes[id] = { http: { publish_address: address }, roles: texts }
  }
  const status = Object.keys(nodes).length > 0 ? 200 : 500
  return {
    ...reply,
    status,
    body: Buffer.from(JSON.stringify({ nodes })),
    headers: { 'content-type': 'application/json' },
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

const objectAt = (value: unknown, key: string): Record<string, unknown> | undefined => {
  const found = isObject(value) ? value[key] : undefined
  return isObject(found) ? found : undefined
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
