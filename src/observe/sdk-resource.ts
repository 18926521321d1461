import { type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import type { OwnResource } from './resource.ts'

export const sdkResource = ({ attributes, schemaUrl }: OwnResource): Resource =>
  resourceFromAttributes(attributes, schemaUrl === undefined ? {} : { schemaUrl })
