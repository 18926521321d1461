// Where the nodes are: endpoint, endpoints or cloudid, else the environment.
import { parseHttpUrl } from '../../config/endpoint.ts'
import type { ProblemCode } from '../../config/problem-code.ts'
import { messageOf } from '../../contract/index.ts'

interface Places {
  readonly endpoint: string
  readonly endpoints: readonly string[]
  readonly cloudid: string
}
interface NodesProblem {
  readonly code: ProblemCode
  readonly message: string
}
export type Environment = Readonly<Record<string, string | undefined>>

const VARIABLE = 'ELASTICSEARCH_URL'

/** What is wrong with what the config says about them. */
export function nodesProblem(places: Places, environment: Environment): NodesProblem | undefined {
  const { endpoint, endpoints, cloudid } = places
  const given = [endpoint !== '', endpoints.length > 0, cloudid !== ''].filter(Boolean).length
  if (given > 1) return { code: 'conflicting_settings', message: 'give one of endpoint, endpoints and cloudid' }
  if (endpoints.includes('')) return { code: 'missing_setting', message: 'endpoints: an entry is empty' }
  if (given === 0 && !environment[VARIABLE])
    return {
      code: 'missing_setting',
      message: `needs to know where to send to: endpoint: https://localhost:9200 (or endpoints, cloudid, or ${VARIABLE} in the environment)`,
    }
  try {
    for (const url of nodesOf(places, environment)) parseHttpUrl(url)
  } catch (error) {
    const place = given === 0 ? VARIABLE : cloudid === '' ? 'endpoints' : 'cloudid'
    return { code: 'bad_url', message: `${place}: ${messageOf(error)}` }
  }
  return undefined
}

export function nodesOf({ endpoint, endpoints, cloudid }: Places, environment: Environment): string[] {
  if (endpoint !== '') return [endpoint]
  if (endpoints.length > 0) return [...endpoints]
  if (cloudid !== '') return [cloudUrl(cloudid)]
  return (environment[VARIABLE] ?? '').split(',').map((url) => url.trim())
}

/** `name:base64`, and in it `host$id$…`: the deployment is `https://id.host`. */
function cloudUrl(cloudid: string): string {
  const encoded = cloudid.slice(cloudid.indexOf(':') + 1)
  const [host = '', id = ''] = Buffer.from(encoded, 'base64').toString('utf8').split('$')
  if (!cloudid.includes(':') || !/^[\w.-]+(:\d+)?$/.test(host) || !/^[\w.-]+(:\d+)?$/.test(id))
    throw new Error('must be the Cloud ID that the console shows: a name, a colon, and letters that encode two names')
  const [name, port] = id.split(':')
  return `https://${name}.${host}${port === undefined || host.includes(':') ? '' : `:${port}`}`
}
