// `eks`: the instance under the node that we run on, and the name of the cluster.

import { type Asking, describeInstance } from '../../../aws/instance/ec2-api.ts'
import { Imds } from '../../../aws/instance/imds.ts'
import { messageOf } from '../../../contract/index.ts'
import type { ResourceDetectionConfig } from '../config.ts'
import { AbsentError, type Around, collecting, type Detect, type Found, textIn } from '../detector.ts'
import { type KubernetesApi, kubernetesApi, noteLimits } from '../kubernetes.ts'

type Name = keyof ResourceDetectionConfig['eks']['resource_attributes']
/** As the AWS SDKs have it. */
const ATTEMPTS = { most: 3, maxBackoffMs: 20_000 }

export function createEksDetector({ eks }: ResourceDetectionConfig, around: Around): Detect {
  const attributes = collecting(eks.resource_attributes)
  const { node_from_env_var, auth_type, context } = eks
  const { machine, clock, log, isStrict } = around
  noteLimits(eks, log)
  return async (abort) => {
    const api = kubernetesApi(auth_type, context, around)
    if (!(await isEks(api, around, abort))) throw new AbsentError('not on EKS')
    const found = attributes.begin()
    found.set('cloud.provider', 'aws')
    found.set('cloud.platform', 'aws_eks')
    const imds = new Imds(machine.environment, clock, ATTEMPTS)
    const hasImds = await new Imds(machine.environment, clock, { ...ATTEMPTS, most: 1 }).instanceId(abort).then(
      () => true,
      () => false,
    )
    try {
      if (hasImds) await fromImds(found, imds, around, abort)
      else await fromApi(found, api, machine.environment[node_from_env_var] ?? '', around, abort)
    } catch (error) {
      if (isStrict) throw error
      log.debug('EKS does not say everything', { error: messageOf(error) })
    }
    return found.done()
  }
}

/** What only EKS does: names of token files, of the issuer of tokens, of versions. */
async function isEks(api: KubernetesApi, { machine: { environment } }: Around, abort: AbortSignal): Promise<boolean> {
  if (!environment.KUBERNETES_SERVICE_HOST) return false
  if (environment.AWS_WEB_IDENTITY_TOKEN_FILE?.includes('eks.amazonaws.com')) return true
  if (environment.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE?.includes('eks-pod-identity')) return true
  const issuer = await api.get('/.well-known/openid-configuration', abort).then(
    (answer) => textIn(answer, 'issuer'),
    () => '',
  )
  if (issuer.includes('oidc.eks.')) return true
  const version = await api.get('/version', abort).catch((error: unknown) => {
    throw new AbsentError(`the version of the cluster is not known: ${messageOf(error)}`)
  })
  return textIn(version, 'gitVersion').includes('-eks-')
}

async function fromImds(found: Found<Name>, imds: Imds, around: Around, abort: AbortSignal): Promise<void> {
  const instance = await imds.instance(abort)
  found.set('host.id', instance.id)
  found.set('cloud.availability_zone', instance.availabilityZone)
  found.set('cloud.region', instance.region)
  found.set('cloud.account.id', instance.accountId)
  found.set('host.image.id', instance.imageId)
  found.set('host.type', instance.type)
  found.set('host.name', await imds.hostname(abort))
  if (!found.wants('k8s.cluster.name')) return
  const described = await describeInstance(instance, askingOf(around), abort)
  found.set('k8s.cluster.name', clusterIn(described?.tags))
}

/** Where the metadata service is out of reach, as it is for most pods. */
async function fromApi(
  found: Found<Name>,
  api: KubernetesApi,
  node: string,
  around: Around,
  abort: AbortSignal,
): Promise<void> {
  if (node === '') throw new Error('node_from_env_var names no variable that has the name of the node')
  const answer = await api.get(`/api/v1/nodes/${encodeURIComponent(node)}`, abort)
  const provider = textIn(answer, 'spec', 'providerID')
  const [, zone, id] = /^aws:\/\/[^/]*\/([^/]+)\/([^/]+)/.exec(provider) ?? []
  if (zone === undefined || id === undefined) throw new Error(`the node's providerID is not of AWS: ${provider}`)
  const region = zone.slice(0, -1)
  found.set('host.id', id)
  found.set('cloud.availability_zone', zone)
  found.set('cloud.region', region)
  const described = await describeInstance({ id, region }, askingOf(around), abort)
  found.set('cloud.account.id', described?.accountId ?? '')
  found.set('host.image.id', described?.imageId ?? '')
  found.set('host.type', described?.type ?? '')
  found.set('host.name', described?.hostname ?? '')
  found.set('k8s.cluster.name', clusterIn(described?.tags))
}

const CLUSTER_PREFIX = 'kubernetes.io/cluster/'

/** EKS tags the instances of its clusters; who makes their own does it by the older rule. */
function clusterIn(tags: ReadonlyMap<string, string> = new Map()): string {
  for (const [key, value] of tags) {
    if (key === 'aws:eks:cluster-name' || key === 'eks:cluster-name') return value
    if (key.startsWith(CLUSTER_PREFIX)) return key.slice(CLUSTER_PREFIX.length)
  }
  return ''
}

const askingOf = ({ settings, machine: { environment } }: Around): Asking => ({ settings, environment })
