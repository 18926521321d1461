// Settings that the exporters for Prometheus share, and what follows from them.
import { oneOf, optional, section, setting } from '../config/schema.ts'
import { flag } from '../config/values.ts'
import {
  filterByPatterns,
  type ResourceAttributePatterns,
  type ResourceConversion,
  resourceAttributeFilter,
  resourceAttributePatterns,
  resourceConversion,
} from '../match/resource-attributes.ts'
import { strategies, type TranslationStrategy } from './names.ts'

/** How names are made, and what becomes a label. */
export const translationSettings = {
  add_metric_suffixes: setting(
    flag,
    true,
    'Adds unit and type to names of metrics. The older form of translation_strategy, which overrides it.',
  ),
  translation_strategy: optional(
    oneOf(strategies),
    'How names of metrics and attributes become names in Prometheus. Default: UnderscoreEscapingWithSuffixes.',
  ),
  resource_to_telemetry_conversion: setting(
    resourceConversion,
    {},
    'Which resource attributes become labels of every series. The older form of resource_constant_labels.',
  ),
  resource_constant_labels: setting(
    section(resourceAttributePatterns),
    {},
    'Which resource attributes become labels of every series; they are in target_info in any case.',
  ),
}

interface TranslationConfig {
  readonly add_metric_suffixes: boolean
  readonly translation_strategy?: TranslationStrategy | undefined
  readonly resource_to_telemetry_conversion: ResourceConversion
  readonly resource_constant_labels: ResourceAttributePatterns
}

const isEmpty = (value: object): boolean =>
  Object.values(value).every((part) => part === false || (Array.isArray(part) && part.length === 0))

/** Not both the older and the newer form of resource labels. To stand behind the section. */
export const namesResourceLabelsOnce = ({
  resource_to_telemetry_conversion,
  resource_constant_labels,
}: Pick<TranslationConfig, 'resource_to_telemetry_conversion' | 'resource_constant_labels'>): boolean =>
  isEmpty(resource_to_telemetry_conversion) || isEmpty(resource_constant_labels)
export const NAMED_TWICE = 'says the same as resource_constant_labels: use one of the two'

export const strategyOf = ({ translation_strategy, add_metric_suffixes }: TranslationConfig): TranslationStrategy =>
  translation_strategy ?? (add_metric_suffixes ? 'UnderscoreEscapingWithSuffixes' : 'UnderscoreEscapingWithoutSuffixes')

/** Which resource attributes become labels of every series. */
export function resourceLabelsOf(config: TranslationConfig): (key: string) => boolean {
  const { resource_constant_labels: newer, resource_to_telemetry_conversion: older } = config
  return newer.included.length + newer.excluded.length > 0 ? filterByPatterns(newer) : resourceAttributeFilter(older)
}
