import type { Component, Settings } from '../../contract/index.ts'
import type { AnyValue, Attributes, Key, Resource } from '../../data/index.ts'
import type { ResourceDetectionConfig } from './config.ts'
import { Detection } from './detection.ts'
import { type Machine, thisMachine } from './machine.ts'

interface ResourceDetectionProcessor extends Component {
  readonly visitor: { onResource(resource: Resource): void }
}

/** By the config that they have: the instances of one processor in several pipelines have the same. */
const detections = new WeakMap<ResourceDetectionConfig, Detection>()

/** The same for every signal: resources are what they share. */
export const createResourceDetection =
  (machine: Machine = thisMachine) =>
  (config: ResourceDetectionConfig, settings: Settings): ResourceDetectionProcessor => {
    let known = detections.get(config)
    if (known === undefined) detections.set(config, (known = new Detection(config, settings, machine)))
    const detection = known
    const { override } = config
    let leave = (): void => {}
    return {
      visitor: {
        onResource(resource) {
          const { attributes: found, schemaUrl } = detection.detected
          if (schemaUrl !== '' && resource.schemaUrl === '') resource.schemaUrl = schemaUrl
          const { attributes } = resource
          for (let i = 0; i < found.length; i++) {
            const [key, value] = found[i]!
            if (override ? !isSame(attributes, key, value) : !attributes.has(key)) attributes.set(key, value)
          }
        },
      },
      start(host) {
        const joined = detection.join(host)
        leave = joined.leave
        return joined.ready
      },
      async stop() {
        leave()
      },
    }
  }

/** A resource that says so already stays as it is, and its chunk is shared. */
function isSame(attributes: Attributes, key: Key, value: AnyValue): boolean {
  if (typeof value === 'string' || typeof value === 'number') return attributes.equals(key, value)
  const there = attributes.get(key)
  return (
    Array.isArray(value) &&
    Array.isArray(there) &&
    value.length === there.length &&
    value.every((one, i) => one === there[i])
  )
}
