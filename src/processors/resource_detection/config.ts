import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { anything, list, oneOf, optional, section, setting, texts } from '../../config/schema.ts'
import { duration, flag, integer, nonEmptyText, number, text } from '../../config/values.ts'
import { patternText } from '../../match/config.ts'
import {
  dockerAttributes,
  ec2Attributes,
  ecsAttributes,
  eksAttributes,
  elasticBeanstalkAttributes,
  k8sAttributes,
  lambdaAttributes,
  systemAttributes,
} from './attributes.ts'

const DETECTORS = [
  'env',
  'system',
  'docker',
  'ec2',
  'ecs',
  'eks',
  'elastic_beanstalk',
  'lambda',
  'k8s_api',
  'k8snode',
] as const
export type DetectorName = (typeof DETECTORS)[number]

const detectors = v.pipe(
  texts,
  v.transform((names) => names.map((name) => name.trim())),
  v.array(oneOf(DETECTORS)),
  v.metadata({ kind: 'texts' }),
)

const retry = section({
  enabled: setting(flag, true, 'Whether a detector that fails is asked again.'),
  initial_interval: setting(duration, '1s', 'The wait after the first failure.'),
  randomization_factor: setting(number(0, 1), 0.5, 'Waits are longer or shorter by up to this part of them.'),
  multiplier: setting(number(0), 2, 'By how much each wait is longer than the one before.'),
  max_interval: setting(duration, '30s', 'The longest wait.'),
  max_elapsed_time: setting(
    duration,
    '0s',
    'How long all attempts together may take; `timeout` is then for each of them. With 0 `timeout` is for all.',
  ),
})

const patterns = v.pipe(list(nonEmptyText), v.minLength(1, 'must have at least one entry when it is given'))

const env = section({
  attributes: setting(
    section({
      included: optional(patterns, 'The only attributes that are taken; `*` and `?` stand for any characters, or one.'),
      excluded: optional(patterns, 'Attributes that are not taken, looked at after `included`.'),
    }),
    {},
    'Which attributes of OTEL_RESOURCE_ATTRIBUTES are taken.',
  ),
})

const system = section({
  hostname_sources: setting(
    list(oneOf(['dns', 'os', 'cname', 'lookup'])),
    [],
    'Where host.name comes from, the first that knows: `dns`, `os`, `cname`, `lookup`. Default: dns, os.',
  ),
  resource_attributes: systemAttributes,
})

const ec2 = section({
  tags: setting(list(patternText), [], 'Patterns: tags of the instance whose keys match become ec2.tag.<key>.'),
  tags_from_imds: setting(
    flag,
    false,
    'Read tags from the metadata service, which the instance must allow (InstanceMetadataTags), not from the EC2 API (ec2:DescribeTags).',
  ),
  max_attempts: setting(
    integer(),
    3,
    'How often the metadata service is asked, the first time included; 0 is for ever.',
  ),
  max_backoff: setting(duration, '20s', 'The longest wait in between.'),
  fail_on_missing_metadata: setting(flag, false, 'As the setting of that name of the processor, for this detector.'),
  resource_attributes: ec2Attributes,
})

/** internal/k8sconfig */
const kubernetes = {
  auth_type: setting(
    oneOf(['serviceAccount', 'none', 'kubeConfig']),
    'serviceAccount',
    'How to show who we are: `serviceAccount` of the pod, `kubeConfig` of the user, `none`.',
  ),
  context: setting(text, '', 'The context of the kubeconfig. Default: its current one.'),
  kube_api_qps: setting(number(0), 0, 'Has no effect here: at most three questions are asked.'),
  kube_api_burst: setting(integer(), 0, 'Has no effect here: at most three questions are asked.'),
}

const eks = section({
  node_from_env_var: setting(
    text,
    '',
    'The variable that has the name of the node, for pods that cannot reach the metadata service.',
  ),
  ...kubernetes,
  resource_attributes: eksAttributes,
})

const k8sApi = section({
  node_from_env_var: setting(text, '', 'The variable that has the name of the node. Default: K8S_NODE_NAME.'),
  ...kubernetes,
  resource_attributes: k8sAttributes,
})

const WITHOUT_EFFECT = [
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
] as const
type WithoutEffect = (typeof WITHOUT_EFFECT)[number]
const withoutEffect = Object.fromEntries(
  WITHOUT_EFFECT.map((key) => [
    key,
    optional(anything, 'Has no effect here: metadata services are on this machine and are asked directly.'),
  ]),
) as Record<WithoutEffect, v.OptionalSchema<typeof anything, undefined>>

export const config = v.pipe(
  section({
    detectors: setting(
      detectors,
      ['env'],
      `Who looks, in this order: of two that find the same the first counts. ${DETECTORS.join(', ')}.`,
    ),
    override: setting(flag, true, 'Whether what is found replaces what a resource already says.'),
    attributes: setting(
      texts,
      [],
      'The only attributes that are set, of all that are found; all of them when empty. Given up by the collector.',
    ),
    timeout: setting(duration, '5s', 'How long looking may take; 0 is no limit.'),
    refresh_interval: setting(duration, '0s', 'How often to look again; 0 is never.'),
    fail_on_missing_metadata: setting(
      flag,
      false,
      'Whether the agent refuses to start when a detector finds itself on another platform, or fails.',
    ),
    retry: setting(retry, {}, 'How a detector that fails is asked again.'),
    env: setting(env, {}, 'For the detector `env`.'),
    system: setting(system, {}, 'For the detector `system`.'),
    docker: setting(section({ resource_attributes: dockerAttributes }), {}, 'For the detector `docker`.'),
    ec2: setting(ec2, {}, 'For the detector `ec2`.'),
    ecs: setting(section({ resource_attributes: ecsAttributes }), {}, 'For the detector `ecs`.'),
    eks: setting(eks, {}, 'For the detector `eks`.'),
    elasticbeanstalk: setting(
      section({ resource_attributes: elasticBeanstalkAttributes }),
      {},
      'For the detector `elastic_beanstalk`.',
    ),
    lambda: setting(section({ resource_attributes: lambdaAttributes }), {}, 'For the detector `lambda`.'),
    k8s_api: setting(k8sApi, {}, 'For the detector `k8s_api`.'),
    k8snode: setting(k8sApi, {}, 'For the detector `k8snode`, the older name of `k8s_api`.'),
    ...withoutEffect,
  }),
  v.check(
    ({ retry: { enabled, max_elapsed_time }, timeout }) => !enabled || timeout > 0 || max_elapsed_time > 0,
    coded('missing_setting', 'retry needs a limit: a timeout, or retry::max_elapsed_time'),
  ),
)

export type ResourceDetectionConfig = v.InferOutput<typeof config>
export type K8sApiConfig = ResourceDetectionConfig['k8s_api']

/** The settings that were given and change nothing. */
export const givenWithoutEffect = (given: ResourceDetectionConfig): readonly string[] =>
  WITHOUT_EFFECT.filter((key) => given[key] !== undefined)
