import type { Context, Resource } from '../../data/index.ts'
import { compileActions } from '../../match/actions.ts'
import type { ResourceConfig } from './config.ts'

/** The same for every signal: resources are what they share. */
export function createResourceProcessor(config: ResourceConfig): {
  readonly keepsNothing: true
  readonly visitor: { onResource(resource: Resource, context: Context): void }
} {
  const edit = compileActions(config.attributes)
  return {
    keepsNothing: true,
    visitor: {
      onResource(resource, context) {
        edit(resource.attributes, context)
      },
    },
  }
}
