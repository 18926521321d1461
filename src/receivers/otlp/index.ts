import { defineReceiver } from '../../contract/index.ts'
import { config } from './config.ts'
import { OtlpReceiver } from './receiver.ts'

export default defineReceiver({
  type: 'otlp',
  summary: 'Receives traces, metrics and logs over OTLP: gRPC, and HTTP with protobuf or JSON.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs'],
  config,
  create: (config, settings, next) => new OtlpReceiver(config, settings, next),
})
