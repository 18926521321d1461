// The attributes of a series, from the parts of a line that name them. Once for each series, so texts are fine here.
import { keyOf } from '../../data/index.ts'
import { type Line, type Refusal, TYPES } from './line.ts'
import type { Attributes } from './series.ts'

/** More than any backend takes. */
const MAX_TAGS = 1000

export interface Identity {
  readonly attributes: Attributes
  /** Milliseconds since the epoch; 0 when the line has no time. */
  readonly timeMs: number
}

export interface TagSettings {
  /** Tags without a value. */
  readonly takesFlags: boolean
  /** The type is a tag, too. */
  readonly addsType: boolean
}

/** Of equal keys the last counts. `rest` are the parts of the line behind its type. */
export function identityOf(rest: string, line: Line, { takesFlags, addsType }: TagSettings): Identity | Refusal {
  const tags = new Map<string, string>()
  let timeMs = 0
  for (const part of rest === '' ? [] : rest.split('|'))
    if (part.startsWith('#')) {
      const problem = readTags(part, tags, takesFlags)
      if (problem !== undefined) return problem
    } else if (part.startsWith('c:')) readContainer(part.slice(2), tags)
    else if (part.startsWith('T')) timeMs = Number(part.slice(1)) * 1000
  if (addsType) tags.set('metric_type', TYPES[line.type]!)
  const sorted = [...tags].sort(([a], [b]) => (a < b ? -1 : 1))
  return { attributes: sorted.map(([key, value]) => ({ key: keyOf(key), value })), timeMs }
}

/** Into `tags`: `#key:text,key:text,flag`. */
function readTags(part: string, tags: Map<string, string>, takesFlags: boolean): Refusal | undefined {
  for (let from = 1; from <= part.length; ) {
    const comma = part.indexOf(',', from)
    const to = comma < 0 ? part.length : comma
    if (to > from) {
      const colon = part.indexOf(':', from)
      const keyEnd = colon < 0 || colon > to ? to : colon
      if (keyEnd === from) return 'bad_tag'
      const value = part.slice(Math.min(keyEnd + 1, to), to)
      if (value === '' && !takesFlags) return 'bad_tag'
      tags.set(part.slice(from, keyEnd), value)
      if (tags.size > MAX_TAGS) return 'too_many_tags'
    }
    from = to + 1
  }
  return undefined
}

/** `ci-<id>`, as newer clients write it, or the id alone. `in-<inode>` names no container to anybody but the host. */
function readContainer(text: string, tags: Map<string, string>): void {
  const id = text.startsWith('ci-') ? text.slice(3) : text
  if (id !== '' && !text.startsWith('in-')) tags.set('container.id', id)
}
