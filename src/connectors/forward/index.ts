import { section } from '../../config/schema.ts'
import { defineConnector } from '../../contract/index.ts'

export default defineConnector({
  type: 'forward',
  summary: 'Joins pipelines of the same signal: what one exports, others receive.',
  stability: 'stable',
  routes: [
    ['traces', 'traces'],
    ['metrics', 'metrics'],
    ['logs', 'logs'],
  ],
  config: section({}),
  create: (_config, _settings, next) => ({ consumers: next }),
})
