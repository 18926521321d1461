// Reads from the API of the Kubernetes cluster that we run in.
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Logger } from '../../contract/index.ts'
import { ask, type Tls } from '../../net/ask.ts'
import { type Around, memberOf, textIn } from './detector.ts'

export type AuthType = 'none' | 'serviceAccount' | 'kubeConfig'

/** An answer that is no success. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError'
  readonly status: number
  constructor(path: string, status: number, said: string) {
    super(`the Kubernetes API answers ${status} to ${path}${said === '' ? '' : `: ${said}`}`)
    this.status = status
  }
}

/** Not run in a cluster, or without the files of a service account. */
class NoClusterError extends Error {
  override readonly name = 'NoClusterError'
}

/** Says that limits on questions change nothing. */
export function noteLimits(
  config: { readonly kube_api_qps: number; readonly kube_api_burst: number },
  log: Logger,
): void {
  for (const setting of ['kube_api_qps', 'kube_api_burst'] as const)
    if (config[setting] > 0)
      log.info('setting has no effect', { setting, why: 'a detector asks at most three questions' })
}

export interface KubernetesApi {
  get(path: string, abort: AbortSignal): Promise<unknown>
}

export function kubernetesApi(authType: AuthType, context: string, around: Around): KubernetesApi {
  let access: Promise<Access> | undefined
  return {
    async get(path, abort) {
      access ??= accessOf(authType, context, around)
      const { base, headers, tls } = await access
      const url = new URL(base.pathname.replace(/\/$/, '') + path, base)
      const { status, text } = await ask({ url, headers, tls }, around.clock, abort)
      const answer = parse(text)
      if (status !== 200) throw new KubernetesError(path, status, textIn(answer, 'message'))
      return answer
    },
  }
}

interface Access {
  readonly base: URL
  readonly headers: Readonly<Record<string, string>>
  readonly tls: Tls
}

function accessOf(authType: AuthType, context: string, around: Around): Promise<Access> {
  switch (authType) {
    case 'none':
      return withoutAuth(around)
    case 'serviceAccount':
      return asServiceAccount(around)
    case 'kubeConfig':
      return fromKubeConfig(context, around)
  }
}

async function withoutAuth(around: Around): Promise<Access> {
  return { base: inCluster(around), headers: {}, tls: { rejectUnauthorized: false } }
}

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

async function asServiceAccount(around: Around): Promise<Access> {
  const base = inCluster(around)
  const { readText } = around.machine
  const token = await readText(`${SERVICE_ACCOUNT}/token`).catch((cause: unknown) => {
    throw new NoClusterError(`no token of a service account in ${SERVICE_ACCOUNT}`, { cause })
  })
  const ca = await readText(`${SERVICE_ACCOUNT}/ca.crt`).catch(() => undefined)
  return { base, headers: { authorization: `Bearer ${token.trim()}` }, tls: { ca } }
}

function inCluster({ machine: { environment } }: Around): URL {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment
  if (!host || !port) throw new NoClusterError('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set')
  return new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`)
}

/** https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
async function fromKubeConfig(wanted: string, { machine }: Around): Promise<Access> {
  const path = machine.environment.KUBECONFIG?.split(':')[0] || join(homedir(), '.kube', 'config')
  const { parse: parseYaml } = await import('yaml')
  const file: unknown = parseYaml(await machine.readText(path))
  const named = (list: string, name: string): unknown => {
    const entries = memberOf(file, list)
    return Array.isArray(entries) ? entries.find((entry: unknown) => textIn(entry, 'name') === name) : undefined
  }
  const contextName = wanted || textIn(file, 'current-context')
  const context = memberOf(named('contexts', contextName), 'context')
  const cluster = memberOf(named('clusters', textIn(context, 'cluster')), 'cluster')
  const user = memberOf(named('users', textIn(context, 'user')), 'user')
  const server = textIn(cluster, 'server')
  if (server === '') throw new Error(`${path}: context ${JSON.stringify(contextName)} names no server`)
  if (memberOf(user, 'exec') !== undefined || memberOf(user, 'auth-provider') !== undefined)
    throw new Error(`${path}: user ${textIn(context, 'user')} logs in by a program; use a token or a certificate`)
  /** A file relative to the config, or the content itself in base64. */
  const material = async (of: unknown, name: string): Promise<string | undefined> => {
    const inline = textIn(of, `${name}-data`)
    if (inline !== '') return Buffer.from(inline, 'base64').toString('utf8')
    const file = textIn(of, name)
    return file === '' ? undefined : machine.readText(resolve(dirname(path), file))
  }
  const tokenFile = textIn(user, 'tokenFile')
  const token = textIn(user, 'token') || (tokenFile === '' ? '' : (await machine.readText(tokenFile)).trim())
  return {
    base: new URL(server),
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    tls: {
      ca: await material(cluster, 'certificate-authority'),
      cert: await material(user, 'client-certificate'),
      key: await material(user, 'client-key'),
      rejectUnauthorized: memberOf(cluster, 'insecure-skip-tls-verify') !== true,
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
