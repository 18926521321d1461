// Which resource attributes become attributes of every point: `resource_to_telemetry_conversion`, as exporters of metrics have it.
import * as v from 'valibot'
import { list, section, setting } from '../config/schema.ts'
import { flag, text } from '../config/values.ts'
import { matchesGlob } from './glob.ts'

export interface ResourceAttributePatterns {
  readonly included: readonly string[]
  readonly excluded: readonly string[]
}
export interface ResourceConversion extends ResourceAttributePatterns {
  readonly enabled: boolean
  readonly exclude_service_attributes: boolean
}

/** The newer pair of settings, which say it with patterns. */
export const resourceAttributePatterns = {
  included: setting(
    list(text),
    [],
    'Patterns of resource attributes that become labels, such as k8s.*; * is any characters, ? one.',
  ),
  excluded: setting(
    list(text),
    [],
    'Patterns of those that do not, whatever is included; alone, all others become labels.',
  ),
}

/** Both pairs; one of them can be used. */
export const resourceConversion = v.pipe(
  section({
    enabled: setting(flag, false, 'Whether every resource attribute becomes a label.'),
    exclude_service_attributes: setting(
      flag,
      false,
      'With enabled: all but service.name, service.namespace and service.instance.id.',
    ),
    ...resourceAttributePatterns,
  }),
  v.check(
    ({ enabled, exclude_service_attributes, included, excluded }) =>
      !(enabled || exclude_service_attributes) || (included.length === 0 && excluded.length === 0),
    'has both ways at once: either enabled and exclude_service_attributes, or included and excluded',
  ),
)

const SERVICE = ['service.name', 'service.namespace', 'service.instance.id']

/** Whether the resource attribute with that key becomes one of every point. */
export function resourceAttributeFilter(conversion: ResourceConversion): (key: string) => boolean {
  if (conversion.enabled) return conversion.exclude_service_attributes ? (key) => !SERVICE.includes(key) : () => true
  return filterByPatterns(conversion)
}

/** Nothing without patterns. */
export function filterByPatterns({ included, excluded }: ResourceAttributePatterns): (key: string) => boolean {
  const isOneOf = (patterns: readonly string[], key: string): boolean =>
    patterns.some((pattern) => matchesGlob(pattern, key))
  return (key) => !isOneOf(excluded, key) && (included.length === 0 ? excluded.length > 0 : isOneOf(included, key))
}
