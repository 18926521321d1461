import { defineExtension } from '../../contract/index.ts'
import { config } from './config.ts'
import { Pprof } from './extension.ts'

export default defineExtension({
  type: 'pprof',
  summary:
    'Profiles of the agent itself: what takes its CPU, what is on its heap, for `go tool pprof` and for browsers.',
  stability: 'beta',
  config,
  create: (config, settings) => new Pprof(config, settings),
})
