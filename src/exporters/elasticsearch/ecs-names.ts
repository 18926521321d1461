// What OpenTelemetry's attributes are called in the Elastic Common Schema. https://www.elastic.co/docs/reference/ecs
// Those that are not named here keep their names.

type Names = Readonly<Record<string, readonly string[]>>

const as = (...names: readonly string[]): readonly string[] => names
const NOWHERE = as()

export const RESOURCE_NAMES: Names = {
  'service.instance.id': as('service.node.name'),
  'deployment.environment': as('service.environment'),
  'deployment.environment.name': as('service.environment'),
  // They make agent.name and agent.version.
  'telemetry.sdk.name': NOWHERE,
  'telemetry.sdk.language': NOWHERE,
  'telemetry.sdk.version': NOWHERE,
  'telemetry.distro.name': NOWHERE,
  'telemetry.distro.version': NOWHERE,
  'cloud.platform': as('cloud.service.name'),
  'container.image.tags': as('container.image.tag'),
  'host.name': as('host.hostname', 'host.name'),
  'host.arch': as('host.architecture'),
  'process.parent_pid': as('process.parent.pid'),
  'process.executable.name': as('process.title'),
  'process.executable.path': as('process.executable'),
  'process.command_line': as('process.args'),
  'process.runtime.name': as('service.runtime.name'),
  'process.runtime.version': as('service.runtime.version'),
  'os.name': as('host.os.name'),
  'os.type': as('host.os.platform'),
  'os.description': as('host.os.full'),
  'os.version': as('host.os.version'),
  'client.address': as('client.ip'),
  'source.address': as('source.ip'),
  'k8s.deployment.name': as('kubernetes.deployment.name'),
  'k8s.namespace.name': as('kubernetes.namespace'),
  'k8s.node.name': as('kubernetes.node.name'),
  'k8s.pod.name': as('kubernetes.pod.name'),
  'k8s.pod.uid': as('kubernetes.pod.uid'),
  'k8s.job.name': as('kubernetes.job.name'),
  'k8s.cronjob.name': as('kubernetes.cronjob.name'),
  'k8s.statefulset.name': as('kubernetes.statefulset.name'),
  'k8s.replicaset.name': as('kubernetes.replicaset.name'),
  'k8s.daemonset.name': as('kubernetes.daemonset.name'),
  'k8s.container.name': as('kubernetes.container.name'),
  'k8s.cluster.name': as('orchestrator.cluster.name'),
  'faas.instance': as('faas.id'),
  'faas.trigger': as('faas.trigger.type'),
}

export const RECORD_NAMES: Names = {
  'event.name': as('event.action'),
  'exception.message': as('error.message'),
  'exception.stacktrace': as('error.stacktrace'),
  'exception.type': as('error.type'),
  'exception.escaped': as('event.error.exception.handled'),
  'http.response.body.size': as('http.response.encoded_body_size'),
}

/** `of` is what the span is to Elastic's application monitoring: where a request came in, or a step of it. */
export const spanNames = (of: 'span' | 'transaction'): Names => ({
  ...(of === 'span' && {
    'messaging.operation.name': as('span.action'),
    'db.system': as('span.db.type'),
    'db.namespace': as('span.db.instance'),
    'db.query.text': as('span.db.statement'),
  }),
  'messaging.destination.name': as(`${of}.message.queue.name`),
  'http.response.body.size': as('http.response.encoded_body_size'),
})

/** `host.os.type`, which has a few values only. */
export function osTypeOf(type: string, name: string): string {
  switch (type) {
    case 'windows':
    case 'linux':
      return name === 'Android' ? 'android' : type
    case 'darwin':
      return name === 'iOS' ? 'ios' : 'macos'
    case 'aix':
    case 'hpux':
    case 'solaris':
      return 'unix'
    default:
      return name === 'Android' ? 'android' : name === 'iOS' ? 'ios' : ''
  }
}

/** Who has sent it, as `agent.name` has it: SDK, language and distribution. */
export function agentNameOf(sdk: string, language: string, distro: string): string {
  const name = sdk || 'otlp'
  if (distro !== '') return `${name}/${language || 'unknown'}/${distro}`
  return language === '' ? name : `${name}/${language}`
}
