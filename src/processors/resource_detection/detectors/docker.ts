// `docker`: what the Docker daemon says about its host and our container.
// https://docs.docker.com/reference/api/engine/
import { join } from 'node:path'
import { messageOf } from '../../../contract/index.ts'
import { ask, type Question } from '../../../net/ask.ts'
import type { ResourceDetectionConfig } from '../config.ts'
import { AbsentError, type Around, collecting, type Detect, textIn } from '../detector.ts'
import type { Machine } from '../machine.ts'

const SOCKET = '/var/run/docker.sock'
const PIPE = '//./pipe/docker_engine'

export function createDockerDetector({ docker }: ResourceDetectionConfig, { machine, clock }: Around): Detect {
  const attributes = collecting(docker.resource_attributes)
  return async (abort) => {
    const found = attributes.begin()
    try {
      const get = await daemon(machine)
      const read = async (path: string): Promise<unknown> => {
        const { status, text } = await ask(get(path), clock, abort)
        if (status !== 200) throw new Error(`Docker answers ${status} to ${path}`)
        return JSON.parse(text)
      }
      if (found.wants('os.type', 'host.name')) {
        const info = await read('/info')
        found.set('os.type', osTypeOf(textIn(info, 'OSType')))
        found.set('host.name', textIn(info, 'Name'))
      }
      if (found.wants('container.name', 'container.image.name')) {
        // Docker names a container's host after its id.
        const container = await read(`/containers/${encodeURIComponent(machine.hostname())}/json`)
        found.set('container.name', textIn(container, 'Name'))
        found.set('container.image.name', textIn(container, 'Image'))
      }
    } catch (error) {
      throw new AbsentError(messageOf(error))
    }
    return found.done()
  }
}

const osTypeOf = (name: string): string => (name === 'dragonfly' ? 'dragonflybsd' : name === 'zos' ? 'z_os' : name)

/** As Docker's own clients find it: DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_API_VERSION. */
async function daemon({ environment, platform, readText }: Machine): Promise<(path: string) => Question> {
  const host = environment.DOCKER_HOST || (platform === 'win32' ? `npipe://${PIPE}` : `unix://${SOCKET}`)
  const version = environment.DOCKER_API_VERSION ? `/v${environment.DOCKER_API_VERSION}` : ''
  const local = /^(?:unix|npipe):\/\/(.+)$/.exec(host)
  if (local !== null) {
    const socketPath = host.startsWith('npipe') ? local[1]!.replaceAll('/', '\\') : local[1]
    return (path) => ({ url: new URL(`http://docker${version}${path}`), socketPath })
  }
  const certificates = environment.DOCKER_CERT_PATH
  const tls =
    certificates === undefined || certificates === ''
      ? undefined
      : {
          ca: await readText(join(certificates, 'ca.pem')),
          cert: await readText(join(certificates, 'cert.pem')),
          key: await readText(join(certificates, 'key.pem')),
          rejectUnauthorized: Boolean(environment.DOCKER_TLS_VERIFY),
        }
  const base = host.replace(/^tcp:/, tls === undefined ? 'http:' : 'https:')
  return (path) => ({ url: new URL(`${version}${path}`, base), tls })
}
