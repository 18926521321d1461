import type { BatchProcessor, Consume, Host, Settings } from '../../contract/index.ts'
import type { Signal } from '../../data/index.ts'
import type { Config } from './config.ts'
import { Limiter } from './limiter.ts'
import { type ProcessMemory, processMemory } from './process-memory.ts'

/** Pipelines that name one memory_limiter have one: the config of an id is one object. */
const limiters = new WeakMap<Config, Limiter>()

export const limiting =
  <S extends Signal>(signal: S, memory: ProcessMemory = processMemory) =>
  (config: Config, settings: Settings, next: Consume<S>): BatchProcessor<S> => {
    let limiter = limiters.get(config)
    if (limiter === undefined) limiters.set(config, (limiter = new Limiter(config, settings, memory)))
    return limited(signal, limiter, next)
  }

function limited<S extends Signal>(signal: S, limiter: Limiter, next: Consume<S>): BatchProcessor<S> {
  const counts = limiter.numbers.of(signal)
  let host: Host | undefined
  return {
    admit: (sizeBytes) => limiter.admit(sizeBytes),
    consume(batch, context) {
      try {
        limiter.pass()
      } catch (error) {
        counts.refused += batch.items
        return Promise.reject(error)
      }
      counts.accepted += batch.items
      return next(batch, context)
    },
    async start(given) {
      host = given
      limiter.start(given)
    },
    async stop() {
      if (host !== undefined) limiter.stop(host)
      host = undefined
    },
  }
}
