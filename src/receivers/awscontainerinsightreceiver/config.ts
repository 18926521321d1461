import * as v from 'valibot'
import { coded } from '../../config/coded.ts'
import { optional, section, setting } from '../../config/schema.ts'
import { flag } from '../../config/values.ts'
import { scrapeEntries } from '../../scrape/schedule.ts'

const WITHOUT_EFFECT = ['add_service_as_attribute', 'prefer_full_pod_name', 'add_full_pod_name_metric_label'] as const
type WithoutEffect = (typeof WITHOUT_EFFECT)[number]
const ofPods = Object.fromEntries(
  WITHOUT_EFFECT.map((key) => [key, optional(flag, 'Is about pods, which an ECS cluster has none of: has no effect.')]),
) as Record<WithoutEffect, v.OptionalSchema<typeof flag, undefined>>

const orchestrator = v.pipe(
  v.picklist(['ecs', 'eks'], 'must be ecs'),
  v.check(
    (value) => value === 'ecs',
    coded(
      'unsupported_setting',
      'eks (also when nothing is said) needs the kubelet, cAdvisor and the Kubernetes API, which this receiver does not read: say ecs, or use the OpenTelemetry Collector for nodes of EKS',
    ),
  ),
  v.metadata({ kind: 'choice', allowed: ['ecs', 'eks'] }),
)

export const config = section({
  collection_interval: setting(scrapeEntries('60s').collection_interval, '60s', 'How often to collect.'),
  container_orchestrator: setting(
    orchestrator,
    'eks',
    'What runs the containers of this instance. Only `ecs` is supported, and has to be said.',
  ),
  ...ofPods,
})
export type ContainerInsightConfig = v.InferOutput<typeof config>

/** The settings that were given and change nothing. */
export const givenWithoutEffect = (given: ContainerInsightConfig): readonly string[] =>
  WITHOUT_EFFECT.filter((key) => given[key] !== undefined)
