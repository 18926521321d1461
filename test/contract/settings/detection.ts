// `resource_detection`: its detectors look at a machine that has nothing of what they look for.
import { createResourceDetection } from '../../../src/processors/resource_detection/processor.ts'
import { testContext, testHost, testSettings } from '../../../src/testing/index.ts'
import { items } from '../../kit/otlp.ts'
import { machine } from '../../processors/resource_detection/detecting.ts'
import { type Change, type Changes, under } from './change.ts'

const nowhere = machine({
  environment: {
    OTEL_RESOURCE_ATTRIBUTES: 'a=1',
    AWS_EC2_METADATA_DISABLED: 'true',
    DOCKER_HOST: 'unix:///nowhere',
    MY_NODE: 'node',
    K8S_NODE_NAME: 'node',
  },
})
const broken = machine({ environment: { OTEL_RESOURCE_ATTRIBUTES: 'broken' } })

const onMachine = (on: typeof nowhere): Pick<Change, 'use' | 'heldBy'> => ({
  heldBy: ['test/processors/resource_detection/'],
  async use(_one, _scene, config) {
    const settings = testSettings()
    const processor = createResourceDetection(on)(config() as never, settings)
    const started = processor.start!(testHost()).catch(() => {})
    await settings.clock.advance(10_000)
    items.logs(1).rewrite([processor.visitor], testContext())
    await processor.stop!(AbortSignal.abort())
    await started
  },
})

/** Attributes are named with a dot that is no path's. */
const toggles = (isOn: boolean, ...names: string[]): Changes =>
  Object.fromEntries(
    names.map((name) => [
      `resource_attributes.${name.replaceAll('.', '·')}.enabled`,
      { value: !isOn, change: `${name} is ${isOn ? 'left out' : 'set'}` },
    ]),
  )

const platform = ['cloud.provider', 'cloud.platform']
const cloud = ['cloud.account.id', 'cloud.availability_zone', 'cloud.region']
const host = ['host.id', 'host.image.id', 'host.name', 'host.type']

const of = (section: string, detector: string, changes: Changes): Changes =>
  under(section, changes, { with: { detectors: [detector] } })

const kubernetes: Changes = {
  node_from_env_var: { value: 'MY_NODE', change: 'where the name of the node stands' },
  auth_type: { value: 'none', change: 'the cluster is asked without a token' },
  context: { value: 'here', change: 'which cluster of a kubeconfig it is' },
}
const limits: Changes = {
  kube_api_qps: { value: 20, change: 'a line in the log says that it has no effect' },
  kube_api_burst: { value: 5, change: 'a line in the log says that it has no effect' },
}
const k8s: Changes = {
  ...kubernetes,
  ...limits,
  ...toggles(true, 'k8s.node.name', 'k8s.node.uid', 'k8s.cluster.uid'),
}

const client = [
  'endpoint',
  'tls',
  'headers',
  'compression',
  'compression_params',
  'proxy_url',
  'read_buffer_size',
  'write_buffer_size',
  'max_idle_conns',
  'max_idle_conns_per_host',
  'max_conns_per_host',
  'idle_conn_timeout',
  'disable_keep_alives',
  'keepalive',
  'force_attempt_http2',
  'http2_read_idle_timeout',
  'http2_ping_timeout',
  'cookies',
  'auth',
  'middlewares',
]

export const resourceDetection: Changes = {
  ...under(
    '',
    {
      detectors: { value: ['system'], change: 'who looks' },
      override: { value: false, change: 'what a resource says stays' },
      attributes: { value: ['a'], change: 'nothing else is set' },
      timeout: { value: '1s', change: 'how long looking may take' },
      refresh_interval: { value: '1m', change: 'it looks again' },
      fail_on_missing_metadata: { value: true, change: 'the agent does not start elsewhere' },
      'env.attributes.included': { value: ['a*'], change: 'only these are taken' },
      'env.attributes.excluded': { value: ['b'], change: 'these are not taken' },
      ...of('system', 'system', {
        hostname_sources: { value: ['os'], change: 'where the host name comes from' },
        ...toggles(true, 'host.name', 'os.type'),
        ...toggles(
          false,
          ...['arch', 'id', 'ip', 'mac', 'interface', 'cpu.vendor.id', 'cpu.family', 'cpu.model.id'].map(
            (one) => `host.${one}`,
          ),
          ...['host.cpu.model.name', 'host.cpu.stepping', 'host.cpu.cache.l2.size'],
          ...['os.build.id', 'os.description', 'os.name', 'os.version'],
        ),
      }),
      ...of('docker', 'docker', {
        ...toggles(true, 'host.name', 'os.type'),
        ...toggles(false, 'container.name', 'container.image.name'),
      }),
      ...of('ec2', 'ec2', {
        tags: { value: ['^team$'], change: 'these tags are set' },
        tags_from_imds: { value: true, change: 'tags come from the metadata service' },
        max_attempts: { value: 5, change: 'how often the metadata service is asked' },
        max_backoff: { value: '1s', change: 'the longest wait in between' },
        fail_on_missing_metadata: { value: true, change: 'the agent does not start elsewhere' },
        ...toggles(true, ...platform, ...cloud, ...host),
      }),
      ...of('ecs', 'ecs', {
        ...toggles(true, ...platform, ...cloud),
        ...toggles(
          true,
          ...['cluster.arn', 'launchtype', 'task.arn', 'task.family', 'task.id', 'task.revision'].map(
            (one) => `aws.ecs.${one}`,
          ),
        ),
        ...toggles(
          true,
          ...['group.arns', 'group.names', 'stream.arns', 'stream.names'].map((one) => `aws.log.${one}`),
        ),
      }),
      ...of('eks', 'eks', {
        ...kubernetes,
        ...limits,
        ...toggles(true, ...platform),
        ...toggles(false, ...cloud, ...host, 'k8s.cluster.name'),
      }),
      ...of(
        'elasticbeanstalk',
        'elastic_beanstalk',
        toggles(true, ...platform, 'deployment.environment', 'service.instance.id', 'service.version'),
      ),
      ...of('lambda', 'lambda', {
        ...toggles(true, ...platform, 'cloud.region', 'aws.log.group.names', 'aws.log.stream.names'),
        ...toggles(true, ...['instance', 'max_memory', 'name', 'version'].map((one) => `faas.${one}`)),
      }),
      ...of('k8s_api', 'k8s_api', k8s),
      ...of('k8snode', 'k8snode', k8s),
    },
    onMachine(nowhere),
  ),
  ...under(
    'retry',
    {
      enabled: { value: false, change: 'a failure is final' },
      initial_interval: { value: '3s', change: 'the first wait' },
      randomization_factor: { value: 0.1, change: 'how far waits differ' },
      multiplier: { value: 3, change: 'how fast waits grow' },
      max_interval: { value: '10s', change: 'the longest wait' },
      max_elapsed_time: { value: '1m', change: 'the timeout is for each attempt' },
    },
    onMachine(broken),
  ),
  ...Object.fromEntries(
    client.map((name) => [
      name,
      { value: 'x', change: 'a line in the log says that it has no effect', ...onMachine(nowhere) },
    ]),
  ),
}
