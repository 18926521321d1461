// Headers of requests and answers: their values are secrets, and neither names nor values may break out of their line.
import * as v from 'valibot'
import { messageOf } from '../contract/index.ts'
import { coded } from './coded.ts'
import { parsePairs } from './pairs.ts'
import { list, record, required, section, setting } from './schema.ts'
import { Secret, secret, text } from './values.ts'

/** RFC 9110 section 5.6.2, token. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Section 5.5: no control characters but the tab. */
const CONTROL = /(?!\t)\p{Cc}/u

type Written = Record<string, Secret> | { name: string; value: Secret }[]

/** As the items of a list. */
const header = section({
  name: required(text, 'The name of the header.'),
  value: setting(secret, '', 'Its value.'),
})

/** In YAML a mapping, or a list of {name, value}; in the config a mapping to secrets, without a prototype. */
export const headers = v.pipe(
  v.union([record(v.nullish(secret, '')), list(header)], 'must be a mapping from names to values'),
  v.rawTransform<Written, Record<string, Secret>>(({ dataset, addIssue, NEVER }) => {
    const written = dataset.value
    const pairs = Array.isArray(written)
      ? written.map(({ name, value }, index) => ({ name, value, key: index }))
      : Object.entries(written).map(([name, value]) => ({ name, value, key: name }))
    const result: Record<string, Secret> = Object.create(null)
    const seen = new Set<string>()
    let isValid = true
    for (const { name, value, key } of pairs) {
      const message =
        problemOf(name, value.reveal()) ?? (seen.has(name.toLowerCase()) ? `${name} is here twice` : undefined)
      if (message !== undefined) {
        isValid = false
        const at: v.UnknownPathItem = { type: 'unknown', origin: 'value', input: written, key, value }
        addIssue({ message: coded('unfit_header', message), path: [at] as never })
      }
      seen.add(name.toLowerCase())
      result[name] = value
    }
    return isValid ? result : NEVER
  }),
  v.metadata({ kind: 'headers' }),
)

/** As one text: `k1=v1,k2=v2`, values percent-encoded. */
export const headersList = v.pipe(
  secret,
  v.rawTransform<Secret, Record<string, Secret>>(({ dataset, addIssue, NEVER }) => {
    const result: Record<string, Secret> = Object.create(null)
    try {
      for (const [name, value] of parsePairs(dataset.value.reveal())) {
        const problem = problemOf(name, value)
        if (problem !== undefined) throw new Error(problem)
        result[name] = new Secret(value)
      }
      return result
    } catch (error) {
      addIssue({ message: coded('unfit_header', messageOf(error)) })
      return NEVER
    }
  }),
)

function problemOf(name: string, value: string): string | undefined {
  if (!NAME.test(name)) return `${JSON.stringify(name.slice(0, 60))} is no name of a header`
  if (/[\r\n]$/.test(value) && !CONTROL.test(value.trimEnd()))
    return 'the value ends with a line break; what ${file:…} reads keeps the one at the end of the file'
  return CONTROL.test(value) ? 'the value has a line break or another control character in it' : undefined
}
