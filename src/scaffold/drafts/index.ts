import type { ComponentKind } from '../../contract/index.ts'
import type { Drafts, Name } from '../draft.ts'
import { connector } from './connector.ts'
import { exporter } from './exporter.ts'
import { extension } from './extension.ts'
import { processor } from './processor.ts'
import { receiver } from './receiver.ts'

const OF_KIND: Readonly<Record<ComponentKind, (name: Name) => Drafts>> = {
  receiver,
  processor,
  exporter,
  connector,
  extension,
}

export const draftsOf = (name: Name): Drafts => OF_KIND[name.kind](name)
