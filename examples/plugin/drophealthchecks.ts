// A processor: drops the spans and log records of health checks. It gives a visitor, so the agent runs it in one pass with its
// neighbours in the pipeline; returning false drops the item.
import { type Attributes, defineProcessor, keyOf, list, section, setting, text } from 'sluice/plugin'

export default defineProcessor({
  type: 'drophealthchecks',
  summary: 'Drops spans and log records of health checks.',
  stability: 'alpha',
  config: section({
    attribute: setting(text, 'http.route', 'The attribute to look at.'),
    paths: setting(list(text), ['/healthz', '/health'], 'Its values that mean a health check.'),
  }),
  create: {
    traces: (config) => {
      const isHealthCheck = matcher(config)
      return { visitor: { onSpan: ({ attributes }) => !isHealthCheck(attributes) }, dropReason: 'health_check' }
    },
    logs: (config) => {
      const isHealthCheck = matcher(config)
      return { visitor: { onLog: ({ attributes }) => !isHealthCheck(attributes) }, dropReason: 'health_check' }
    },
  },
})

function matcher({ attribute, paths }: { attribute: string; paths: readonly string[] }): (of: Attributes) => boolean {
  const key = keyOf(attribute)
  return (attributes) => paths.some((path) => attributes.equals(key, path))
}
