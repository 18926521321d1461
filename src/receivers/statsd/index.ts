import { defineReceiver } from '../../contract/index.ts'
import { config } from './config.ts'
import { StatsdReceiver } from './receiver.ts'

export default defineReceiver({
  type: 'statsd',
  summary: 'Receives StatsD and DogStatsD metrics over UDP, TCP and unix sockets, and gathers them for an interval.',
  stability: 'beta',
  signals: ['metrics'],
  config,
  create: (config, settings, next) => new StatsdReceiver(config, settings, next),
})
