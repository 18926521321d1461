import * as v from 'valibot'
import { parsedText } from './endpoint.ts'

/** `otlp/internal`: what a component is, and which of several. */
export interface ComponentId {
  readonly type: string
  readonly name?: string
}

/** As in the collector (component/identifiable.go): blanks round the parts do not count. Throws an Error that says what is wrong. */
export function parseComponentId(text: string): ComponentId {
  const cut = text.indexOf('/')
  const type = (cut < 0 ? text : text.slice(0, cut)).trim()
  if (type === '') throw new Error(cut < 0 ? 'an id must not be empty' : 'the part before / must not be empty')
  if (!/^[a-zA-Z][0-9a-zA-Z_]{0,62}$/.test(type))
    throw new Error(`${JSON.stringify(type)} is no type: a letter, then letters, digits and _`)
  if (cut < 0) return { type }
  const name = text.slice(cut + 1).trim()
  if (name === '') throw new Error('the part after / must not be empty')
  if (name.length > 1024) throw new Error(`a name has at most 1024 characters, this one ${name.length}`)
  if (!/^[^\p{Z}\p{C}\p{S}]+$/u.test(name))
    throw new Error(`${JSON.stringify(name)} is no name: no blanks, no symbols such as + or $`)
  return { type, name }
}

/** The one spelling of an id. */
export const formatComponentId = ({ type, name }: ComponentId): string =>
  name === undefined ? type : `${type}/${name}`

/** A setting that names another component. */
export const componentId = parsedText(parseComponentId, 'id', 'bad_id')

/** A setting that names an extension: `authenticator: sigv4auth`. That it runs is checked with the whole config (references.ts). */
export const extensionId = v.pipe(
  parsedText(parseComponentId, 'extension', 'bad_id'),
  v.transform((text) => formatComponentId(parseComponentId(text))),
)
