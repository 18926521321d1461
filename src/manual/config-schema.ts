// The JSON Schema of a whole config: what an editor completes, explains and underlines.
import { pluginSettings, type Shape, serviceSettings, shapeOf } from '../config/index.ts'
import { formerSettings } from '../config/successors.ts'
import { SIGNALS } from '../contract/index.ts'
import { type Catalog, type Entry, type Name, SECTIONS, type SectionName } from './catalog.ts'
import { type JsonSchema, NESTED_KEYS, REFERENCE, referenceAlone, SchemaWriter } from './json-schema.ts'

export const SECTION_TEXTS: Readonly<Record<SectionName, string>> = {
  receivers: 'How telemetry comes in: by type, or type/name where there are several of a type.',
  processors: 'What is done to telemetry on its way.',
  exporters: 'Where telemetry goes.',
  connectors: 'What joins pipelines: an exporter of some, a receiver of others.',
  extensions: 'What is not part of a pipeline: health checks, authentication.',
}

export function configSchema(catalog: Catalog): JsonSchema {
  const writer = new SchemaWriter()
  const components = SECTIONS.map((section) => [section, componentsSchema(writer, section, catalog[section])] as const)
  return writer.finish({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sluice configuration',
    description: 'Written by `sluice schema` from the components’ own schemas.',
    type: 'object',
    properties: {
      ...Object.fromEntries(components),
      service: serviceSchema(writer, catalog),
      plugins: writer.setting(shapeOf(pluginSettings), 'plugins'),
    },
    patternProperties: NESTED_KEYS,
    additionalProperties: false,
  })
}

function componentsSchema(writer: SchemaWriter, section: SectionName, entries: readonly Entry[]): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  const patternProperties: Record<string, JsonSchema | true> = { ...NESTED_KEYS }
  for (const entry of entries) {
    for (const { name, isOld } of entry.names) {
      const schema = { ...componentSchema(writer, section, entry, name), ...(isOld && deprecated(entry)) }
      properties[name] = schema
      patternProperties[String.raw`^\s*${name}\s*/\s*\S`] = schema
    }
  }
  if (section === 'extensions') {
    const gone = 'Has no effect: there is no garbage to keep in check with a ballast.'
    properties.memory_ballast = { description: gone, deprecated: true, deprecationMessage: gone }
  }
  return {
    description: SECTION_TEXTS[section],
    type: ['object', 'string', 'null'],
    ...referenceAlone('a mapping'),
    properties,
    patternProperties,
    additionalProperties: false,
  }
}

/** `name:` alone means all defaults, unless a setting must be given. */
function componentSchema(writer: SchemaWriter, section: SectionName, { factory }: Entry, name: string): JsonSchema {
  const shape = shapeOf(factory.config)
  const isComplete = [...shape.entries().values()].every(({ isOptional }) => isOptional)
  const component: Shape = { ...shape, isOptional: isComplete, about: undefined, byDefault: undefined }
  const schema = writer.setting(component, `${factory.kind}.${factory.type}`, formerSettings(section, name))
  return { description: `${factory.summary} (${factory.stability})`, ...schema }
}

const deprecated = ({ factory }: Entry): JsonSchema => ({
  deprecated: true,
  deprecationMessage: `An older name of ${factory.type}.`,
})

function serviceSchema(writer: SchemaWriter, catalog: Catalog): JsonSchema {
  const entries = shapeOf(serviceSettings).entries()
  const setting = (key: string): JsonSchema => writer.setting(entries.get(key)!, key, formerSettings('service', key))
  const pipeline = pipelineSchema(entries.get('pipelines')!.of()!, catalog)
  const { additionalProperties: _, ...pipelines } = setting('pipelines')
  return {
    description: 'How the components are joined, and what the agent tells of itself.',
    type: ['object', 'string', 'null'],
    ...referenceAlone('a mapping'),
    properties: {
      extensions: { ...setting('extensions'), items: ids(catalog.extensions, ['memory_ballast']) },
      pipelines: {
        ...pipelines,
        properties: Object.fromEntries(SIGNALS.map((signal) => [signal, pipeline(`A pipeline of ${signal}.`)])),
        patternProperties: {
          ...NESTED_KEYS,
          [String.raw`^\s*(?:${SIGNALS.join('|')})\s*/\s*\S`]: pipeline('A pipeline.'),
        },
        additionalProperties: false,
      },
      telemetry: setting('telemetry'),
    },
    patternProperties: NESTED_KEYS,
    additionalProperties: false,
  }
}

function pipelineSchema(shape: Shape, catalog: Catalog): (description: string) => JsonSchema {
  const { receivers, processors, exporters, connectors } = catalog
  const parts = [
    ['receivers', [...receivers, ...connectors]],
    ['processors', processors],
    ['exporters', [...exporters, ...connectors]],
  ] as const
  const properties = parts.map(([part, entries]) => [
    part,
    {
      description: shape.entries().get(part)?.about,
      type: ['array', 'string', ...(part === 'processors' ? ['null'] : [])],
      items: ids(entries),
      ...(part !== 'processors' && { minItems: 1 }),
    },
  ])
  return (description) => ({
    description,
    type: ['object', 'string'],
    ...referenceAlone('a mapping'),
    properties: Object.fromEntries(properties),
    required: ['receivers', 'exporters'],
    patternProperties: NESTED_KEYS,
    additionalProperties: false,
  })
}

/** The names to choose from, and each of them with a name of its own behind it. */
function ids(entries: readonly Entry[], others: readonly string[] = []): JsonSchema {
  const names: Name[] = entries.flatMap((entry) => entry.names)
  const types = [...names.map(({ name }) => name), ...others].join('|')
  return {
    anyOf: [
      { enum: names.filter(({ isOld }) => !isOld).map(({ name }) => name) },
      {
        type: 'string',
        pattern: String.raw`^\s*(?:${types})\s*(?:/.*)?$|${REFERENCE}`,
        patternErrorMessage: 'Expected the name of a component such as otlp or otlp/internal.',
      },
    ],
  }
}
