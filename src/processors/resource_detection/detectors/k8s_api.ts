// `k8s_api` (once `k8snode`): the node that we run on, and the cluster.
import { messageOf } from '../../../contract/index.ts'
import type { K8sApiConfig, ResourceDetectionConfig } from '../config.ts'
import { AbsentError, type Around, collecting, type Detect, textIn } from '../detector.ts'
import { type KubernetesApi, KubernetesError, kubernetesApi, noteLimits } from '../kubernetes.ts'

const DEFAULT_VARIABLE = 'K8S_NODE_NAME'

export const createK8sApiDetector = ({ k8s_api }: ResourceDetectionConfig, around: Around): Detect =>
  detecting(k8s_api, around)
export const createK8sNodeDetector = ({ k8snode }: ResourceDetectionConfig, around: Around): Detect =>
  detecting(k8snode, around)

function detecting(config: K8sApiConfig, around: Around): Detect {
  const attributes = collecting(config.resource_attributes)
  const variable = config.node_from_env_var || DEFAULT_VARIABLE
  const { auth_type, context } = config
  noteLimits(config, around.log)
  return async (abort) => {
    const node = around.machine.environment[variable]
    if (!node)
      throw new Error(
        `${variable} must have the name of the node: set it in the pod with valueFrom.fieldRef.fieldPath spec.nodeName`,
      )
    const api = kubernetesApi(auth_type, context, around)
    const found = attributes.begin()
    if (found.wants('k8s.node.uid', 'k8s.node.name')) {
      const answer = await api.get(`/api/v1/nodes/${encodeURIComponent(node)}`, abort).catch((error: unknown) => {
        throw new AbsentError(messageOf(error))
      })
      found.set('k8s.node.uid', textIn(answer, 'metadata', 'uid'))
      found.set('k8s.node.name', textIn(answer, 'metadata', 'name'))
    }
    if (found.wants('k8s.cluster.uid')) {
      const uid = await clusterUid(api, around, abort)
      if (uid !== undefined) found.set('k8s.cluster.uid', uid)
    }
    return found.done()
  }
}

/** A cluster has no id of its own; by convention it is that of a namespace which every cluster has. */
async function clusterUid(api: KubernetesApi, { log }: Around, abort: AbortSignal): Promise<string | undefined> {
  try {
    const uid = textIn(await api.get('/api/v1/namespaces/kube-system', abort), 'metadata', 'uid')
    if (uid === '') throw new Error('the namespace kube-system has no uid')
    return uid
  } catch (error) {
    if (!(error instanceof KubernetesError) || (error.status !== 401 && error.status !== 403)) throw error
    log.warn('the id of the cluster is not known: allow "get" of the namespace kube-system', {
      error: messageOf(error),
    })
    return undefined
  }
}
