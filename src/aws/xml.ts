// The XML that AWS answers with: elements and texts, no attributes that matter, no document types.

/** An element without elements is its text; one that is there several times is a list. */
export type XmlValue = string | XmlElement | readonly (string | XmlElement)[]
export interface XmlElement {
  readonly [name: string]: XmlValue
}

const MAX_DEPTH = 32

/** The root element's content by its name; undefined for what is no XML. Never throws. */
export function parseXml(text: string): XmlElement | undefined {
  const root = new Map<string, (string | XmlElement)[]>()
  const open: { readonly name: string; readonly inner: Map<string, (string | XmlElement)[]>; text: string }[] = []
  const tokens =
    /<\?[^>]*\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s/>]+)(?=[\s/>])[^>]*?(\/?)>|([^<]+)/gy
  let end = 0
  for (const [token, cdata, closing, name, empty, plain] of text.matchAll(tokens)) {
    end += token.length
    const current = open.at(-1)
    if (cdata !== undefined || plain !== undefined) {
      if (current !== undefined) current.text += cdata ?? decodeEntities(plain!)
    } else if (name !== undefined && closing === '') {
      if (open.length >= MAX_DEPTH || name.startsWith('!')) return undefined
      open.push({ name, inner: new Map(), text: '' })
    }
    if (name === undefined || (closing === '' && empty === '')) continue
    const done = open.pop()
    if (done === undefined || done.name !== name) return undefined
    const into = open.at(-1)?.inner ?? root
    const value = done.inner.size === 0 ? done.text : elementOf(done.inner)
    const before = into.get(name)
    if (before === undefined) into.set(name, [value])
    else before.push(value)
  }
  return end === text.length && open.length === 0 && root.size > 0 ? elementOf(root) : undefined
}

/** What stands at a path of names; undefined where there is nothing, or a list on the way. */
export function xmlAt(value: XmlValue | undefined, ...names: readonly string[]): XmlValue | undefined {
  for (const name of names) value = isElement(value) && Object.hasOwn(value, name) ? value[name] : undefined
  return value
}

const isElement = (value: XmlValue | undefined): value is XmlElement =>
  typeof value === 'object' && !Array.isArray(value)

function elementOf(inner: ReadonlyMap<string, (string | XmlElement)[]>): XmlElement {
  const element: Record<string, XmlValue> = Object.create(null)
  for (const [name, values] of inner) element[name] = values.length === 1 ? values[0]! : values
  return element
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

const decodeEntities = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
